"""Makes the pages that the browser looks at, with the built program: reports of shipped samples, and of hostile ones.

Each page is made in Swedish and in English. What is hostile stands in every field of a submission in turn, in its header and
in its file's name.
"""

import csv
import io
import os
import subprocess
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SAMPLE = f"{ROOT}/testdata/samples/specvard_genomforda_2022-03.csv"
NATIONAL = f"{ROOT}/testdata/samples/national"
DELIVERED = ["--delivery-date", "2022-04-05"]
LANGUAGES = ["sv", "en"]

# The override of the writing direction is one character, which no page may hold.
OVERRIDE = "\u202e"
HOSTILE = [
    "<script>window.hacked=1</script>",
    '"><img src=x onerror=window.hacked=1>',
    "</script><script>window.hacked=1</script>",
    "javascript:window.hacked=1",
    '=HYPERLINK("http://x")',
    "' onmouseover='window.hacked=1",
    "{{7*7}}",
    f"a{OVERRIDE}b",
    "<svg onload=window.hacked=1>",
    "</style><style>*{display:none}",
]


@dataclass(frozen=True)
class Page:
    """A page to look at."""

    name: str
    language: str
    path: str

    @property
    def address(self):
        return "file://" + self.path

    def __str__(self):
        return f"{self.name}_{self.language}"


class Program:
    """The program under test, and the folder for what it makes."""

    def __init__(self, path, folder):
        self.path, self.folder = os.path.realpath(path), os.path.realpath(folder)
        os.makedirs(self.folder, exist_ok=True)

    def run(self, *arguments, codes=(0,)):
        done = subprocess.run([self.path, *arguments], capture_output=True, text=True, env={"LANG": "en", "PATH": ""})
        if done.returncode not in codes:
            raise SystemExit(f"vantkoll {' '.join(arguments)} ended with {done.returncode}, not {codes}:\n{done.stderr}")

    def file(self, name):
        return os.path.join(self.folder, name)

    def page(self, name, language, arguments, codes, option="--format"):
        path = self.file(f"{name}_{language}.html")
        self.run(*arguments, "--lang", language, "--quiet", option, f"html={path}", codes=codes)
        return Page(name, language, path)


def made(program):
    """Every page, in both languages."""
    return [page for language in LANGUAGES for page in of_language(program, language)]


def shipped(program, language):
    """The page of the sample submission, and that of the sample country."""
    return [
        program.page("leverans", language, ["check", SAMPLE, *DELIVERED], (1,)),
        program.page("riket", language, ["qa", NATIONAL + "/leveranser", *national()], (0, 1)),
    ]


def of_language(program, language):
    svf = f"{ROOT}/testdata/samples/svf_2025-q1.csv"
    clean = generated(program, "ren.csv", "specvard_genomforda", 500)
    large = generated(program, "stor.csv", "specvard_genomforda", 20_000,
                      "--defects", f"{ROOT}/testdata/defects/specvard_genomforda.yaml")
    fields, headers = hostile_fields(program), hostile_headers(program)
    public = ["--edition", "public"]
    return [
        *shipped(program, language),
        program.page("siffror", language, ["qa", NATIONAL + "/leveranser", *national()], (0, 1), "--figures"),
        program.page("forlopp", language, ["check", svf, "--delivery-date", "2025-04-10"], (1,)),
        program.page("ren", language, ["check", clean, *DELIVERED], (0,)),
        program.page("stor", language, ["check", large, *DELIVERED], (1,)),
        program.page("publik", language, ["check", large, *DELIVERED, *public], (1,)),
        program.page("fientlig", language, ["check", fields, *DELIVERED], (1,)),
        # Where so many columns have lost their names, the collection has to be stated.
        program.page("rubriker", language, ["check", headers, "--collection", "specvard_genomforda", *DELIVERED], (1,)),
    ]


def national():
    return ["--deliveries", f"{NATIONAL}/leveranslista.csv", "--population", f"{NATIONAL}/befolkning.csv",
            "--register", f"{NATIONAL}/patientregistret.csv"]


def generated(program, name, collection, records, *more):
    path = program.file(name)
    if not os.path.exists(path):
        program.run("generate", collection, "--records", str(records), "--seed", "1", *more, "--output", path)
    return path


def sample_rows():
    with open(SAMPLE, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file, delimiter=";")
    return header, rows


def write(path, rows):
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerows(rows)
    with open(path, "w", newline="", encoding="utf-8") as file:
        file.write(text.getvalue())
    return path


def hostile_fields(program):
    """Each field in turn has each of the values, one in a record; the file's name has one, too."""
    header, rows = sample_rows()
    made_rows = []
    for column in range(len(header)):
        for value in HOSTILE:
            row = list(rows[len(made_rows) % len(rows)])
            row[column] = value
            made_rows.append(row)
    # A slash would make a folder of it.
    name = f'"><img src=x onerror=window.hacked=1>{OVERRIDE}.csv'
    return write(program.file(name), [header, *made_rows])


def hostile_headers(program):
    """Columns of hostile names instead of some of the sample's, and beside them all."""
    header, rows = sample_rows()
    named = list(header)
    # The first columns are those that a collection may not lack.
    for column, value in zip(range(len(header) - len(HOSTILE), len(header)), HOSTILE):
        named[column] = value
    more = [f"{value} {n}" for n, value in enumerate(HOSTILE)]
    return write(program.file("rubriker.csv"), [named + more, *[row + HOSTILE for row in rows]])
