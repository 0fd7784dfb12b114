"""Those of the forty checks that JSON Schema can express, in `qsv validate`: `qsv_checks.py FILE`, with QSV=PROGRAM.

qsv writes an error for each rule of the schema that a field breaks, to a table beside its input, and divides the input
into a valid and an invalid file, which cannot be turned off. Errors are counted here by field and by what they say.
It reads CSV only, and has no count of filled values.
"""

import collections
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import checks

CANNOT = dict.fromkeys(
    ["SV-0101", "SVG-0101", "SVG-0104", "SVG-0105", "SVG-0111", "SVG-0401"], "JSON Schema compares no dates"
)
# The extension leaves the first record of a key valid, and takes blanks for values.
CANNOT["SV-0001"] = "uniqueCombinedWith counts repetitions only, and blanks among them"

# A day that exists, leap years included: a pattern is the only way to say this of a time without a zone.
DAY = (
    "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
)
TIME = f"^{DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]$"


def schema():
    """The schema, and the check of each rule of it by the field and the rule's value as it stands in messages."""
    properties = {
        name: {"type": ["string"] if name in checks.MANDATORY else ["string", "null"]} for name in checks.COLUMNS
    }
    several, of = [], {}

    def rule(check, name, keyword, value, when=None):
        """A rule on one field; those with a condition, or with a keyword that the field has already, stand apart."""
        of.setdefault(name, []).append((check, keyword, value))
        if when:
            several.append(
                {"if": {"properties": when, "required": list(when)}, "then": {"properties": {name: {keyword: value}}}}
            )
        elif keyword in properties[name] and keyword != "type":
            several.append({"properties": {name: {keyword: value}}})
        else:
            properties[name][keyword] = value

    for name in checks.MANDATORY:
        rule(f"SVG-K-{name}", name, "type", ["string"])
    rule("SVG-K-medicinskt_maldatum", "medicinskt_maldatum", "type", "string", {"fas": {"const": "4"}})
    rule("SVG-K-aktivitet", "aktivitet", "type", "string", {"fas": {"enum": ["2", "3"]}})
    emergency = "tidpunkt_for_oppenvardskontakt_pa_akutmottagning"
    rule(f"SVG-K-{emergency}", emergency, "type", "string", {"akutverksamhet": {"const": "1"}})
    rule("SVG-I-aktivitet", "aktivitet", "type", "null", {"fas": {"not": {"enum": ["2", "3", None]}}})
    rule("SVG-I-agarform", "agarform", "type", ["null"])
    for name in checks.TIMES:
        rule(f"SVG-V-{name}", name, "pattern", TIME)
    rule("SVG-V-medicinskt_maldatum", "medicinskt_maldatum", "pattern", f"^{DAY}$")
    rule(
        "SVG-V-patientens_fodelsear", "patientens_fodelsear", "pattern", "^(?:19(?:0[1-9]|[1-9][0-9])|20[0-9]{2}|2100)$"
    )
    for name, codes in checks.CODES.items():
        # A blank is not of the type, where it may not be; it is no unknown code.
        rule(f"SVG-V-{name}", name, "enum", [*codes, None])
    for name, (pattern, longest) in checks.PATTERNS.items():
        rule(f"SVG-V-{name}", name, "pattern", f"^(?:{pattern})$")
        if longest:
            rule(f"SVG-V-{name}", name, "maxLength", longest)
    rule(
        "JMF-0001",
        "vardgaranti_ja_nej",
        "enum",
        ["JA", None],
        {"fas": {"enum": ["1", "2"]}, "medicinskt_verksamhetsomrade": {"not": {"enum": [*checks.PSYCHIATRY, None]}}},
    )
    rule("JMF-0002", "huvudman", "pattern", "^SE(?:16)?2321|^SE2120")
    rule("JMF-0003", "vardenhet1_namn", "maxLength", 40)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "allOf": several,
    }, of


def check_of(message, rules):
    """The check whose rule a message is about."""
    for check, keyword, value in rules:
        if keyword == "type" and "is not of type" in message:
            wanted = value if isinstance(value, str) else value[0]
            # `types "string", "null"` can be the message of no rule here: blanks are among what those allow.
            if f'"{wanted}"' in message.rsplit("is not of type", 1)[1]:
                return check
        elif keyword == "pattern" and f'does not match "{value}"' in message:
            return check
        elif keyword == "enum" and "is not one of" in message:
            return check
        elif keyword == "maxLength" and "is longer than" in message:
            return check
    raise SystemExit(f"qsv: a message that belongs to no check: {message}")


def main(path):
    rules, of = schema()
    counts = {check: 0 for check in checks.CHECKS if check not in CANNOT}
    # Results stand beside the input, so qsv is shown a link to it in a folder of its own.
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        link = pathlib.Path(folder, "in.csv")
        link.symlink_to(os.path.abspath(path))
        pathlib.Path(folder, "schema.json").write_text(json.dumps(rules), encoding="utf-8")
        command = [
            os.environ.get("QSV", "qsv"),
            "validate",
            "--quiet",
            "--delimiter",
            ";",
            "--jobs",
            str(checks.threads()),
            str(link),
            f"{folder}/schema.json",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        errors = pathlib.Path(folder, "in.csv.validation-errors.tsv")
        if not errors.exists():
            raise SystemExit(f"qsv has written no errors: {done.stdout}{done.stderr}")
        known = {}
        wrong = collections.defaultdict(list)
        with errors.open(encoding="utf-8", newline="") as file:
            for row, name, message in list(csv.reader(file, delimiter="\t"))[1:]:
                # What follows the value is the same for all that break one rule.
                end = (
                    name,
                    message.rsplit(" is ", 1)[-1]
                    if " does not match " not in message
                    else message.rsplit(" does not match ", 1)[1],
                )
                if end not in known:
                    known[end] = check_of(message, of[name])
                wrong[known[end]].append(int(row))
        for check, rows in wrong.items():
            counts[check] = len(set(rows))
        with open(path, "rb") as file:
            records = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1
    first = {check: sorted(set(rows))[:10] for check, rows in wrong.items()}
    checks.report(records, counts, {}, first, CANNOT)


main(sys.argv[1])
