"""The forty checks in Polars: `polars_checks.py FILE in-memory|streaming`.

One lazy query: the file is scanned with its schema stated, times are read once in each record, and one selection gives
all counts, fillings and first record numbers. The mode is the engine that collects it.
"""

import sys
from datetime import date

import polars as pl

import checks

col = pl.col


def prepared(path):
    """The file as a lazy frame with a row number, the times read (`_t`), their days (`_d`) and the year of birth."""
    if path.endswith(".csv"):
        schema = dict.fromkeys(checks.COLUMNS, pl.String)
        frame = pl.scan_csv(path, separator=";", schema=schema, row_index_name="row", row_index_offset=1)
    else:
        frame = pl.scan_parquet(path, row_index_name="row", row_index_offset=1)
    # `exact` and a format make it the fast reader of that one form; what it cannot read is null.
    times = [
        col(name).str.to_datetime("%Y-%m-%dT%H:%M", time_unit="us", strict=False).alias(f"{name}_t")
        for name in checks.TIMES
    ]
    target = col("medicinskt_maldatum").str.to_date("%Y-%m-%d", strict=False).alias("medicinskt_maldatum_t")
    year = col("patientens_fodelsear").str.to_integer(strict=False, dtype=pl.Int32)
    days = [
        col(f"{name}_t").dt.date().alias(f"{name}_d")
        for name in ["beslut_att_utfora_aktivitet", "start_av_aktivitet", "remissdatum", "ankomstdatum"]
    ]
    return frame.with_columns(
        *times,
        target,
        pl.when(col("patientens_fodelsear").str.len_bytes() == 4).then(year).alias("fodelsear"),
    ).with_columns(*days)


def violations():
    """For each check of a record an expression that is true where it is violated; null and false are no violations."""
    fas, start = col("fas"), col("start_av_aktivitet_t")
    wanted = {f"SVG-K-{name}": col(name).is_null() for name in checks.MANDATORY}
    wanted |= {
        "SVG-K-medicinskt_maldatum": (fas == "4") & col("medicinskt_maldatum").is_null(),
        "SVG-K-aktivitet": fas.is_in(["2", "3"]) & col("aktivitet").is_null(),
        "SVG-K-tidpunkt_for_oppenvardskontakt_pa_akutmottagning": (col("akutverksamhet") == "1")
        & col("tidpunkt_for_oppenvardskontakt_pa_akutmottagning").is_null(),
        "SVG-I-aktivitet": col("aktivitet").is_not_null() & ~fas.is_in(["2", "3"]),
        "SVG-I-agarform": col("agarform").is_not_null(),
    }
    wanted |= {
        f"SVG-V-{name}": col(name).is_not_null() & col(f"{name}_t").is_null()
        for name in [*checks.TIMES, "medicinskt_maldatum"]
    }
    wanted["SVG-V-patientens_fodelsear"] = col("patientens_fodelsear").is_not_null() & (
        col("fodelsear").is_null() | ~col("fodelsear").is_between(1901, 2100)
    )
    wanted |= {f"SVG-V-{name}": ~col(name).is_in(codes) for name, codes in checks.CODES.items()}
    for name, (pattern, longest) in checks.PATTERNS.items():
        wanted[f"SVG-V-{name}"] = ~col(name).str.contains(f"^(?:{pattern})$")
        if longest:
            # A text that fits the pattern is of ASCII, so that bytes are characters.
            wanted[f"SVG-V-{name}"] |= col(name).str.len_bytes() > longest
    wait = (col("start_av_aktivitet_d") - col("beslut_att_utfora_aktivitet_d")).dt.total_days()
    region = pl.any_horizontal(col("huvudman").str.starts_with(prefix) for prefix in ["SE2321", "SE162321", "SE2120"])
    wanted |= {
        "SV-0101": col("ankomstdatum_d") < col("remissdatum_d"),
        "SVG-0101": (fas != "5") & (start < col("beslut_att_utfora_aktivitet_t")),
        "SVG-0104": col("start_av_aktivitet_d") < col("ankomstdatum_d"),
        "SVG-0105": fas.is_in(["1", "2", "3"]) & (wait > 730),
        "SVG-0111": col("start_av_aktivitet_d") > date.fromisoformat(checks.DELIVERY_DATE),
        "SVG-0401": col("fodelsear") > col("start_av_aktivitet_d").dt.year(),
        "JMF-0001": fas.is_in(["1", "2"])
        & ~col("medicinskt_verksamhetsomrade").is_in(checks.PSYCHIATRY)
        & (col("vardgaranti_ja_nej") != "JA"),
        "JMF-0002": ~region,
        "JMF-0003": col("vardenhet1_namn").str.len_chars() > 40,
    }
    return wanted


def in_memory(frame, wanted, filled):
    """One selection for everything; a duplicate is a record of which the struct of its keys is there twice."""
    keyed = col("huvudman").is_not_null() & col("vardkontakts_id").is_not_null()
    wanted = wanted | {"SV-0001": pl.struct("huvudman", "vardkontakts_id").is_duplicated() & keyed}
    row = (
        frame.select(
            pl.len().alias("records"),
            *filled,
            *[violated.sum().alias(f"count {check}") for check, violated in wanted.items()],
            *[
                col("row").filter(violated).head(10).implode().alias(f"first {check}")
                for check, violated in wanted.items()
            ],
        )
        .collect(engine="in-memory")
        .row(0, named=True)
    )
    return row, {check: row[f"count {check}"] for check in wanted}, {check: row[f"first {check}"] for check in wanted}


def streaming(frame, wanted, filled):
    """Three results of one scan: fillings; the few records that violate something, with what they violate; and the keys
    that are there more than once. One selection as above, which the streaming engine cannot stream to its end, took a
    sixth longer."""
    flagged = frame.with_columns(violated.fill_null(False).alias(check) for check, violated in wanted.items())
    wrong = flagged.filter(pl.any_horizontal(list(wanted))).select("row", *wanted)
    twice = (
        frame.filter(col("huvudman").is_not_null() & col("vardkontakts_id").is_not_null())
        .group_by("huvudman", "vardkontakts_id")
        .agg(col("row"))
        .filter(col("row").list.len() > 1)
        .select(col("row").explode())
    )
    fillings, wrong, twice = pl.collect_all(
        [frame.select(pl.len().alias("records"), *filled), wrong, twice], engine="streaming"
    )
    # In whichever order its threads were done with them.
    wrong = wrong.sort("row")
    counts = wrong.select(col(check).sum() for check in wanted).row(0, named=True)
    first = {check: wrong.filter(col(check))["row"].head(10).to_list() for check in wanted}
    counts["SV-0001"], first["SV-0001"] = len(twice), twice["row"].sort().head(10).to_list()
    return fillings.row(0, named=True), counts, first


def main(path, mode):
    filled = [col(name).count() for name in checks.COLUMNS]
    row, counts, first = {"in-memory": in_memory, "streaming": streaming}[mode](prepared(path), violations(), filled)
    checks.report(row["records"], counts, {name: row[name] for name in checks.COLUMNS}, first)


if __name__ == "__main__":
    main(*sys.argv[1:])
