"""The forty checks in DuckDB: `duckdb_checks.py FILE`.

What each check says of a record is worked out once and set as one bit of a number. Of the ways that were tried these
were the fastest:

- CSV: one scan, into a temporary table of that number, one of the columns that are filled, and the keys; all the rest
  is asked of it. The CSV reader does not number records; the rows of the table are in the order of the file.
  `row_number()` over the scan would end its parallelism (4.1 s against 1.5 s for a million records), and
  `file_row_number` is for Parquet only.
- Parquet: one aggregation for counts, which also collects the numbers of the few records that violate something, and
  another scan of the two key columns only.
- Long code lists as ENUM types, a cast to which fails where the code is in no list: `IN` with 291 codes costs 0.6 s a
  million records, the cast 0.01 s, as long as few fail. In places `IN` or `list_contains` with many codes also becomes
  a join, after which the rows of the table are in no order.
- Everything is read as text. Columns with types would refuse the file at the first unreadable value, or lose the record
  (`ignore_errors`), where it is to be counted.
"""

import sys

import duckdb

import checks

CODES, PATTERNS = checks.CODES, checks.PATTERNS
EMERGENCY = "tidpunkt_for_oppenvardskontakt_pa_akutmottagning"


def quoted(texts):
    return ", ".join(f"'{text}'" for text in texts)


def violations():
    """For each check an expression that is true where a record violates it; null and false are no violations."""
    wanted = {f"SVG-K-{name}": f"{name} IS NULL" for name in checks.MANDATORY}
    wanted |= {
        "SVG-K-medicinskt_maldatum": "fas = '4' AND medicinskt_maldatum IS NULL",
        "SVG-K-aktivitet": "fas IN ('2', '3') AND aktivitet IS NULL",
        f"SVG-K-{EMERGENCY}": f"akutverksamhet = '1' AND {EMERGENCY} IS NULL",
        "SVG-I-aktivitet": "aktivitet IS NOT NULL AND fas NOT IN ('2', '3')",
        "SVG-I-agarform": "agarform IS NOT NULL",
    }
    wanted |= {
        f"SVG-V-{name}": f"{name} IS NOT NULL AND {name}_t IS NULL" for name in [*checks.TIMES, "medicinskt_maldatum"]
    }
    wanted["SVG-V-patientens_fodelsear"] = (
        "patientens_fodelsear IS NOT NULL AND (fodelsear IS NULL OR fodelsear NOT BETWEEN 1901 AND 2100)"
    )
    wanted |= {f"SVG-V-{name}": f"{name} IS NOT NULL AND TRY_CAST({name} AS {name}_code) IS NULL" for name in CODES}
    for name, (pattern, longest) in PATTERNS.items():
        wanted[f"SVG-V-{name}"] = f"NOT regexp_full_match({name}, '{pattern}')"
        if longest:
            wanted[f"SVG-V-{name}"] += f" OR length({name}) > {longest}"
    wanted |= {
        "SV-0101": "ankomstdatum_t::DATE < remissdatum_t::DATE",
        "SVG-0101": "fas <> '5' AND start_av_aktivitet_t < beslut_att_utfora_aktivitet_t",
        "SVG-0104": "start_av_aktivitet_t::DATE < ankomstdatum_t::DATE",
        "SVG-0105": "fas IN ('1', '2', '3') AND start_av_aktivitet_t::DATE - beslut_att_utfora_aktivitet_t::DATE > 730",
        "SVG-0111": f"start_av_aktivitet_t::DATE > DATE '{checks.DELIVERY_DATE}'",
        "SVG-0401": "fodelsear > year(start_av_aktivitet_t)",
        # Nearly every record would fail the cast; only the few of the first conditions get to it.
        "JMF-0001": "CASE WHEN fas IN ('1', '2') AND vardgaranti_ja_nej <> 'JA' THEN medicinskt_verksamhetsomrade"
        " IS NOT NULL AND TRY_CAST(medicinskt_verksamhetsomrade AS psychiatry) IS NULL END",
        "JMF-0002": "NOT (starts_with(huvudman, 'SE2321') OR starts_with(huvudman, 'SE162321')"
        " OR starts_with(huvudman, 'SE2120'))",
        "JMF-0003": "length(vardenhet1_namn) > 40",
    }
    return wanted


def bits(expressions):
    """A number that has a bit for each expression that is true. `CASE` is much faster than casts of truth values."""
    return " | ".join(
        f"CASE WHEN {text} THEN {1 << place}::BIGINT ELSE 0 END" for place, text in enumerate(expressions)
    )


def main(path):
    wanted = violations()
    database = duckdb.connect(config={"threads": checks.threads()})
    for name, codes in CODES.items():
        database.execute(f"CREATE TYPE {name}_code AS ENUM ({quoted(codes)})")
    database.execute(f"CREATE TYPE psychiatry AS ENUM ({quoted(checks.PSYCHIATRY)})")
    if path.endswith(".csv"):
        columns = {name: "VARCHAR" for name in checks.COLUMNS}
        source = (
            f"read_csv('{path}', auto_detect = false, header = true, delim = ';', quote = '\"', escape = '\"',"
            f" columns = {columns})"
        )
    else:
        source = f"read_parquet('{path}', file_row_number = true)"
    times = ", ".join(f"TRY_CAST({name} AS TIMESTAMP) AS {name}_t" for name in [*checks.TIMES, "medicinskt_maldatum"])
    violated = f"""
        SELECT *, {bits(wanted.values())} AS violated FROM (
            SELECT *, {times},
                CASE WHEN length(patientens_fodelsear) = 4
                    THEN TRY_CAST(patientens_fodelsear AS INTEGER) END AS fodelsear
            FROM {source})"""
    if path.endswith(".csv"):
        filled = bits(f"{name} IS NOT NULL" for name in checks.COLUMNS)
        database.execute(f"""CREATE TEMP TABLE kept AS
            SELECT violated, {filled} AS filled, huvudman, vardkontakts_id FROM ({violated})""")
        filled = [0] * len(checks.COLUMNS)
        records = 0
        # Few combinations of filled columns are different.
        for which, n in database.execute("SELECT filled, count(*) FROM kept GROUP BY filled").fetchall():
            records += n
            for place in range(len(filled)):
                filled[place] += n * (which >> place & 1)
        wrong, keys, row = "SELECT rowid AS row, violated FROM kept WHERE violated <> 0", "kept", "rowid"
    else:
        counts = ", ".join(f"count({name})" for name in checks.COLUMNS)
        database.execute(f"""CREATE TEMP TABLE kept AS
            SELECT list((file_row_number, violated)) FILTER (violated <> 0) AS wrong, count(*), {counts}
            FROM ({violated})""")
        records, *filled = database.execute("SELECT * EXCLUDE (wrong) FROM kept").fetchone()
        wrong = "SELECT pair[1] AS row, pair[2] AS violated FROM (SELECT unnest(wrong) AS pair FROM kept)"
        keys, row = source, "file_row_number"
    counts, first = dict.fromkeys(wanted, 0), {}
    names = list(wanted)
    for place, n, rows in database.execute(f"""
            SELECT place, count(*), min(row, 10) FROM ({wrong}), range({len(names)}) AS places(place)
            WHERE (violated >> place) & 1 = 1 GROUP BY place""").fetchall():
        counts[names[place]], first[names[place]] = n, [row + 1 for row in rows]
    # Every record of a key that is there more than once is a violation.
    n, rows = database.execute(f"""
        SELECT sum(n), list_sort(flatten(list(rows)))[1:10] FROM (
            SELECT count(*) AS n, list({row}) AS rows FROM {keys}
            WHERE huvudman IS NOT NULL AND vardkontakts_id IS NOT NULL
            GROUP BY huvudman, vardkontakts_id HAVING n > 1)""").fetchone()
    counts["SV-0001"], first["SV-0001"] = int(n or 0), [row + 1 for row in rows or []]
    checks.report(records, counts, dict(zip(checks.COLUMNS, filled)), first)


if __name__ == "__main__":
    main(sys.argv[1])
