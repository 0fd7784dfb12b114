"""The forty checks in Pointblank, on a Polars table: `pointblank_checks.py FILE`.

Its own steps where there is one (`col_vals_not_null`, `col_vals_null`, `col_vals_in_set`, `col_vals_regex`,
`col_vals_str_len`); the rest are `col_vals_expr` with Polars expressions. Each step gives how many records fail. The
records themselves, which it can collect, are not asked for: without them it is faster. It has no count of filled
values, which Polars gives beside.
"""

import sys

import pointblank as pb
import polars as pl

import checks
import polars_checks


def plan(frame):
    """The validation, and the ids of the checks in the order of its steps."""
    left = polars_checks.violations()
    keyed = pl.col("huvudman").is_not_null() & pl.col("vardkontakts_id").is_not_null()
    left["SV-0001"] = pl.struct("huvudman", "vardkontakts_id").is_duplicated() & keyed
    validation, ids = pb.Validate(frame), []
    for name in checks.MANDATORY:
        validation = validation.col_vals_not_null(columns=name)
        ids.append(f"SVG-K-{name}")
    validation = validation.col_vals_null(columns="agarform")
    ids.append("SVG-I-agarform")
    for name, (pattern, longest) in checks.PATTERNS.items():
        if not longest:
            validation = validation.col_vals_regex(columns=name, pattern=f"^(?:{pattern})$", na_pass=True)
            ids.append(f"SVG-V-{name}")
    for name, codes in checks.CODES.items():
        # Null is one of the set, or it would fail.
        validation = validation.col_vals_in_set(columns=name, set=[*codes, None])
        ids.append(f"SVG-V-{name}")
    for name in [name for name in left if name not in ids]:
        validation = validation.col_vals_expr(expr=(~left[name]).fill_null(True))
        ids.append(name)
    return validation, ids


def main(path):
    frame = polars_checks.prepared(path).collect()
    validation, ids = plan(frame)
    failed = validation.interrogate(collect_extracts=False, collect_tbl_checked=False).n_failed()
    counts = {check: failed[place] for place, check in enumerate(ids, 1)}
    filled = frame.select(pl.col(name).count() for name in checks.COLUMNS).row(0, named=True)
    checks.report(len(frame), counts, filled)


main(sys.argv[1])
