"""The forty checks in Great Expectations, on a pandas table of Arrow strings: `gx_checks.py FILE`.

Its own expectations where there is one; what no expectation can say is worked out as a column first (times read, days
between them) and then expected of that column, as its documentation advises. A condition on other columns is a
`row_condition`. Results are asked for as counts (`BASIC` without partial lists), the least that has them.
"""

import sys

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
import pyarrow.csv
from great_expectations.expectations.row_conditions import Column

import checks

WORKED_OUT = ["beslut_att_utfora_aktivitet", "start_av_aktivitet", "remissdatum", "ankomstdatum"]


def read(path):
    """The file as text, with the columns that expectations need beside."""
    if path.endswith(".csv"):
        # Faster than any engine of pandas itself.
        table = pyarrow.csv.read_csv(
            path,
            parse_options=pyarrow.csv.ParseOptions(delimiter=";"),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(checks.COLUMNS, pyarrow.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
        frame = table.to_pandas()
    else:
        frame = pd.read_parquet(path)
    worked_out = {}
    for name in checks.TIMES:
        worked_out[f"{name}_t"] = pd.to_datetime(frame[name], format="%Y-%m-%dT%H:%M", errors="coerce")
    worked_out["medicinskt_maldatum_t"] = pd.to_datetime(
        frame["medicinskt_maldatum"], format="%Y-%m-%d", errors="coerce"
    )
    for name in WORKED_OUT:
        worked_out[f"{name}_d"] = worked_out[f"{name}_t"].dt.normalize()
    start, decision = worked_out["start_av_aktivitet_d"], worked_out["beslut_att_utfora_aktivitet_d"]
    worked_out["wait"] = (start - decision).dt.days
    worked_out["start_year"] = start.dt.year
    year = frame["patientens_fodelsear"]
    worked_out["fodelsear"] = pd.to_numeric(year.where(year.str.len() == 4), errors="coerce")
    return pd.concat([frame, pd.DataFrame(worked_out)], axis=1)


def expectations():
    """Pairs of a check and an expectation; a check that takes several has the sum of what they find."""
    fas = Column("fas")
    for name in checks.MANDATORY:
        yield f"SVG-K-{name}", gxe.ExpectColumnValuesToNotBeNull(column=name)
    for name, when in {
        "medicinskt_maldatum": fas == "4",
        "aktivitet": fas.is_in(["2", "3"]),
        "tidpunkt_for_oppenvardskontakt_pa_akutmottagning": Column("akutverksamhet") == "1",
    }.items():
        yield f"SVG-K-{name}", gxe.ExpectColumnValuesToNotBeNull(column=name, row_condition=when)
    yield (
        "SVG-I-aktivitet",
        gxe.ExpectColumnValuesToBeNull(column="aktivitet", row_condition=fas.is_not_null() & fas.is_not_in(["2", "3"])),
    )
    yield "SVG-I-agarform", gxe.ExpectColumnValuesToBeNull(column="agarform")
    for name in [*checks.TIMES, "medicinskt_maldatum"]:
        yield (
            f"SVG-V-{name}",
            gxe.ExpectColumnValuesToNotBeNull(column=f"{name}_t", row_condition=Column(name).is_not_null()),
        )
    yield (
        "SVG-V-patientens_fodelsear",
        gxe.ExpectColumnValuesToNotBeNull(
            column="fodelsear", row_condition=Column("patientens_fodelsear").is_not_null()
        ),
    )
    yield (
        "SVG-V-patientens_fodelsear",
        gxe.ExpectColumnValuesToBeBetween(column="fodelsear", min_value=1901, max_value=2100),
    )
    for name, codes in checks.CODES.items():
        yield f"SVG-V-{name}", gxe.ExpectColumnValuesToBeInSet(column=name, value_set=codes)
    for name, (pattern, longest) in checks.PATTERNS.items():
        limit = f"(?=.{{1,{longest}}}$)" if longest else ""
        yield f"SVG-V-{name}", gxe.ExpectColumnValuesToMatchRegex(column=name, regex=f"^{limit}(?:{pattern})$")

    def not_before(later, earlier, **more):
        return gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=later, column_B=earlier, or_equal=True, ignore_row_if="either_value_is_missing", **more
        )

    yield "SV-0101", not_before("ankomstdatum_d", "remissdatum_d")
    yield (
        "SVG-0101",
        not_before(
            "start_av_aktivitet_t", "beslut_att_utfora_aktivitet_t", row_condition=fas.is_not_null() & (fas != "5")
        ),
    )
    yield "SVG-0104", not_before("start_av_aktivitet_d", "ankomstdatum_d")
    yield (
        "SVG-0105",
        gxe.ExpectColumnValuesToBeBetween(column="wait", max_value=730, row_condition=fas.is_in(["1", "2", "3"])),
    )
    yield (
        "SVG-0111",
        gxe.ExpectColumnValuesToBeBetween(column="start_av_aktivitet_d", max_value=pd.Timestamp(checks.DELIVERY_DATE)),
    )
    yield "SVG-0401", not_before("start_year", "fodelsear")
    specialty = Column("medicinskt_verksamhetsomrade")
    yield (
        "JMF-0001",
        gxe.ExpectColumnValuesToBeInSet(
            column="vardgaranti_ja_nej",
            value_set=["JA"],
            row_condition=fas.is_in(["1", "2"]) & specialty.is_not_null() & specialty.is_not_in(checks.PSYCHIATRY),
        ),
    )
    yield "JMF-0002", gxe.ExpectColumnValuesToMatchRegex(column="huvudman", regex="^SE(?:16)?2321|^SE2120")
    yield "JMF-0003", gxe.ExpectColumnValueLengthsToBeBetween(column="vardenhet1_namn", max_value=40)
    yield (
        "SV-0001",
        gxe.ExpectCompoundColumnsToBeUnique(
            column_list=["huvudman", "vardkontakts_id"], ignore_row_if="any_value_is_missing"
        ),
    )


def main(path):
    frame = read(path)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("peers")
    batch = source.add_dataframe_asset("contacts").add_batch_definition_whole_dataframe("all")
    suite = gx.ExpectationSuite("forty")
    for check, expectation in expectations():
        expectation.meta = {"check": check}
        suite.add_expectation(expectation)
    found = batch.get_batch({"dataframe": frame}).validate(
        suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0}
    )
    counts = dict.fromkeys(checks.CHECKS, 0)
    for result in found.results:
        # An expectation that could not be asked has no count, and ends the script here.
        counts[result.expectation_config.meta["check"]] += result.result["unexpected_count"]
    filled = {name: int(n) for name, n in frame[checks.COLUMNS].count().items()}
    checks.report(len(frame), counts, filled)


main(sys.argv[1])
