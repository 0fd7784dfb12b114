"""What the engines beside vantkoll share: the columns, the forty checks by id, code lists and patterns, and how an
engine tells what it found. The checks themselves are written in each engine's own way, in a file of its own.

A blank is null. A condition that is null does not apply, and an assertion that is null is not violated.
"""

import csv
import json
import os
import pathlib
import sys

DELIVERY_DATE = "2022-04-15"
SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "schemas"

COLUMNS = """
beslut_att_utfora_aktivitet start_av_aktivitet medicinskt_maldatum
tidpunkt_for_oppenvardskontakt_pa_akutmottagning tidpunkt_for_bedomning_pa_akutmottagning
tidpunkt_for_avslut_av_oppenvardskontakt_pa_akutmottagning patientens_fodelsear patientens_kon kommunkod
patientens_listning diagnos typ_av_diagnos yttre_orsak atgard huvudman vardgivare vardenhet1_sjukhus vardenhet1_namn
vardenhet2_klinik vardenhet3_vardande_enhet agarform vardkontakts_id vardgaranti_ja_nej fas
medicinskt_verksamhetsomrade aktivitet bokningssatt vardkontakt yrkesgrupp avvikelse remittenttyp akutverksamhet
avbruten_vard_pa_akutmottagning remiss_id remittent remissdatum ankomstdatum regionkod aktivitet_kva aktivitet_icd
""".split()

# Always required.
MANDATORY = """
beslut_att_utfora_aktivitet start_av_aktivitet patientens_fodelsear kommunkod huvudman vardkontakts_id fas
""".split()

# Times, in the one form that the data has (`2022-03-01T08:15`); the target date is a date.
TIMES = """
beslut_att_utfora_aktivitet start_av_aktivitet tidpunkt_for_oppenvardskontakt_pa_akutmottagning remissdatum ankomstdatum
""".split()


def codelist(name):
    """The codes of a list of vantkoll's, but for those that were out of use before the period of the data."""
    with open(SCHEMAS / "codelists" / f"{name}.csv", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return [row["code"] for row in rows if not row["valid_to"]]


# Variables whose values stand in a list; that of municipalities has 292 codes, that of specialties 178.
CODES = {
    "patientens_kon": codelist("kon"),
    "kommunkod": codelist("kommunkod"),
    "fas": codelist("fas"),
    "medicinskt_verksamhetsomrade": codelist("mvo"),
    "vardkontakt": codelist("vardkontakt"),
    "yrkesgrupp": codelist("yrkesgrupp"),
}

HSA_ID = "SE(?:16)?[0-9]{10}-[0-9A-Za-z]+"
ICD = r"[A-Z][0-9]{2}(?:\.?[0-9A-Z]{1,3})?"
KVA = "[A-Z]{2}[A-Z0-9][0-9]{2}"

# Variables whose values have a pattern, to be anchored at both ends, and the most characters where the pattern sets no
# limit. Diagnoses and procedures are several in a field.
PATTERNS = {
    "huvudman": (HSA_ID, 31),
    "vardenhet2_klinik": (HSA_ID, 31),
    "diagnos": (f"{ICD}(?:[,|]{ICD})*", None),
    "atgard": (f"{KVA}(?:[,|]{KVA})*", None),
    "aktivitet": (f"{KVA}|[A-Z][0-9]{{2}}[0-9A-Z]{{1,3}}", None),
}

# Specialties of psychiatry, for JMF-0001.
PSYCHIATRY = """
901 903 906 907 908 911 914 921 922 924 925 927 928 931 934 941 942 944 945 946 948 950 951 952 953 954 957 991 993
""".split()

CHECKS = (
    [f"SVG-K-{name}" for name in MANDATORY]
    + ["SVG-K-medicinskt_maldatum", "SVG-K-aktivitet", "SVG-K-tidpunkt_for_oppenvardskontakt_pa_akutmottagning"]
    + ["SVG-I-aktivitet", "SVG-I-agarform"]
    + [f"SVG-V-{name}" for name in [*TIMES, "medicinskt_maldatum", "patientens_fodelsear", *CODES, *PATTERNS]]
    + ["SV-0101", "SVG-0101", "SVG-0104", "SVG-0105", "SVG-0111", "SVG-0401"]
    + ["JMF-0001", "JMF-0002", "JMF-0003", "SV-0001"]
)
assert len(CHECKS) == 40, len(CHECKS)


def threads():
    """How many threads the engine is to use."""
    return int(os.environ.get("PEERS_THREADS") or os.cpu_count())


def report(records, counts, filled, first=None, cannot=None):
    """Writes what an engine found as JSON: how many records there are and violate each check, how many have a value in
    each column, the numbers (from 1) of the first ten violating records where the engine tells them, and why it lacks
    a check."""
    json.dump(
        {"records": records, "counts": counts, "filled": filled, "first": first or {}, "cannot": cannot or {}},
        sys.stdout,
    )
