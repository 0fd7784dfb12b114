"""The forty checks in Pandera, on its Polars backend (several times as fast as the pandas one): `pandera_checks.py
FILE`.

Its own checks where there is one (`nullable`, `isin`, `str_matches`, `str_length`); what asks several columns is a
check of the whole frame, written as a Polars expression. All is validated lazily, and violations are counted in the
table of failure cases. It has no count of filled values, which Polars gives beside.
"""

import collections
import sys

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

import checks
import polars_checks

CHECKS = polars_checks.violations()


def of_frame(name):
    """A check of records; null is no violation."""
    holds = (~CHECKS[name]).fill_null(True)
    return pa.Check(lambda data: data.lazyframe.select(holds.alias(name)), error=name)


def schema():
    columns = {}
    of_column = collections.defaultdict(list)
    for name, codes in checks.CODES.items():
        of_column[name].append(pa.Check.isin(codes, error=f"SVG-V-{name}"))
    for name, (pattern, longest) in checks.PATTERNS.items():
        if not longest:
            of_column[name].append(pa.Check.str_matches(f"^(?:{pattern})$", error=f"SVG-V-{name}"))
    of_column["vardenhet1_namn"].append(pa.Check.str_length(max_value=40, error="JMF-0003"))
    for name in checks.COLUMNS:
        columns[name] = pa.Column(pl.String, of_column[name], nullable=name not in checks.MANDATORY)
    own = {check.error for several in of_column.values() for check in several} | {
        f"SVG-K-{name}" for name in checks.MANDATORY
    }
    duplicated = (
        pl.struct("huvudman", "vardkontakts_id").is_duplicated()
        & pl.col("huvudman").is_not_null()
        & pl.col("vardkontakts_id").is_not_null()
    )
    CHECKS["SV-0001"] = duplicated
    return pa.DataFrameSchema(columns, [of_frame(name) for name in CHECKS if name not in own])


def main(path):
    frame = polars_checks.prepared(path).collect()
    counts = dict.fromkeys(checks.CHECKS, 0)
    try:
        schema().validate(frame, lazy=True)
    except SchemaErrors as errors:
        found = errors.failure_cases.group_by("schema_context", "column", "check").len().rows()
        for context, column, check, n in found:
            counts[f"SVG-K-{column}" if check == "not_nullable" else check] += n
    filled = frame.select(pl.col(name).count() for name in checks.COLUMNS).row(0, named=True)
    checks.report(len(frame), counts, filled)


main(sys.argv[1])
