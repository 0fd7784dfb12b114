"""Makes a submission with hostile values in every field, has it checked, and reads the workbooks back.

What must hold: no cell is a formula and nothing leads out of the workbook; every finding of `--findings` is a row of its rule's
sheet, with the same place, key and value; points in time are dates, codes text; tables have filters and heads that stay in
view; links of the summary lead to sheets that exist; no text cell of a CSV file begins as a formula does.
"""

import csv
import datetime
import glob
import os
import re
import shutil
import subprocess
import sys
import zipfile

import openpyxl

csv.field_size_limit(1 << 24)

SAMPLE = "testdata/samples/specvard_genomforda_2022-03.csv"
LONG = "å" * 40_000
HOSTILE = [
    "=1+1",
    "+46",
    "-5",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("http://x","y")',
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a\x01b\x1b[31mc\x07d\x9be\u202ef",
    "http://x.example/",
    LONG,
]
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# The most characters of a cell.
MOST = 32_767

failures = []


def expect(holds, *what):
    if not holds:
        failures.append(" ".join(str(part)[:300] for part in what))


def escaped(text):
    """As the program shows text: control characters and those that change the direction of writing as escapes."""

    def escape(match):
        character = match.group()
        return {"\t": "\\t", "\r": "\\r", "\n": "\\n"}.get(character, "\\u{%x}" % ord(character))

    unsafe = "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
    return re.sub(unsafe, escape, text)


def hostile_submission(path):
    with open(SAMPLE, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    header, records = rows[0], rows[1:]
    made, number = [], 0
    # The long one once; the others so often that sheets grow beyond what is put together in memory.
    for value in HOSTILE + 5 * HOSTILE[:-1]:
        for column in range(len(header)):
            record = list(records[number % len(records)])
            record[header.index("vardkontakts_id")] = f"VK{number:06}"
            record[column] = value
            made.append(record + [value])
            number += 1
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL)
        writer.writerow(header + ["=1+1"])
        writer.writerows(made)


def run(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    if done.returncode != 1:
        sys.exit(f"{arguments} ended with {done.returncode}, expected 1: {done.stderr[:2000]}")


def plain(cell):
    """A cell of CSV without the apostrophe that disarms it."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] and cell[1] in FORMULA else cell


def findings_of(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    for row in rows:
        for name, cell in row.items():
            is_number = name == "detail" and re.fullmatch(r"-?\d+", cell)
            expect(is_number or not cell.startswith(FORMULA), "a CSV cell begins as a formula:", name, repr(cell))
    return [{name: plain(cell) for name, cell in row.items()} for row in rows]


def same_value(cell, written, what):
    """Whether a cell of the workbook holds what the CSV has."""
    if isinstance(cell, datetime.datetime):
        digits = re.sub(r"\D", "", written)
        expect(cell.strftime("%Y%m%d%H%M%S").startswith(digits), what, cell, "is not", written)
    elif isinstance(cell, (int, float)):
        expect(str(cell) == written, what, cell, "is not", written)
    else:
        shown = escaped(written)
        if len(shown) > MOST:
            shown = shown[: MOST - 1] + "…"
        expect((cell or "") == shown, what, repr(cell), "is not", repr(shown))


def inspect_archive(path):
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode("utf-8", "strict")
            expect('TargetMode="External"' not in text, path, name, "leads out of the workbook")
            expect(not re.search(r"<f[ >/]", text), path, name, "has a formula")
            for defined in re.findall(r"<definedName [^>]*>([^<]*)<", text):
                expect(re.fullmatch(r"'?[^'!]+'?!\$[A-Z0-9:$]+", defined), path, name, "names", defined)
            expect("vbaProject" not in text and "ddeLink" not in text, path, name, "has more than cells")


def table_of(sheet, first):
    for row in sheet.iter_rows():
        if row[0].value == first:
            return row[0].row, [cell.value for cell in row]
    return None, []


def inspect(path, expected):
    """Reads a workbook; the findings that it holds, by rule."""
    inspect_archive(path)
    book = openpyxl.load_workbook(path)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                expect(cell.data_type != "f", path, sheet.title, cell.coordinate, "is a formula")
                if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")):
                    expect(cell.quotePrefix, path, sheet.title, cell.coordinate, "would become a formula when edited")
                    expect(cell.data_type == "s", path, sheet.title, cell.coordinate, "is no text")
    summary = book["Sammanfattning"]
    sheet_of = {}
    for row in summary.iter_rows():
        link = row[0].hyperlink
        if link is None:
            continue
        expect(not link.target, "a link leads out:", link.target)
        name = re.fullmatch(r"'(.*)'!A1", link.location).group(1).replace("''", "'")
        expect(name in book.sheetnames, "a link leads to no sheet:", name)
        sheet_of.setdefault(row[0].value, []).append(name)
    n_dates, found = 0, {}
    for rule, names in sheet_of.items():
        rows = []
        for name in names:
            sheet = book[name]
            header, heads = table_of(sheet, "fil")
            expect(header is not None, name, "has no table")
            expect(sheet.freeze_panes == f"A{header + 1}", name, "freezes", sheet.freeze_panes)
            expect(sheet.auto_filter.ref is not None, name, "has no filter")
            expect(sheet.page_setup.orientation == "landscape", name, "is not in landscape")
            expect(sheet.print_title_rows == f"${header}:${header}", name, "prints", sheet.print_title_rows)
            back = [row[0].hyperlink for row in sheet.iter_rows(max_row=header) if row[0].hyperlink]
            expect(len(back) == 1 and back[0].location == "'Sammanfattning'!A1", name, "has no link back")
            heads = [str(head).split("\n")[0] for head in heads]
            for row in sheet.iter_rows(min_row=header + 1):
                rows.append(dict(zip(heads, (cell.value for cell in row))))
                n_dates += sum(cell.is_date for cell in row)
        found[rule] = rows
    wanted = {}
    for finding in expected:
        wanted.setdefault(finding["rule_id"], []).append(finding)
    return found, wanted, n_dates


def compare(found, wanted, what):
    expect(found.keys() == wanted.keys(), what, "has other rules:", found.keys() ^ wanted.keys())
    for rule, findings in wanted.items():
        rows = found.get(rule, [])
        expect(len(rows) == len(findings), what, rule, len(rows), "rows of", len(findings))
        for row, finding in zip(rows, findings):
            place = f"{what} {rule} post {finding['row']}"
            same_value(row["fil"], finding["file"], place + " file")
            for name, column in [("post", "row"), ("rad", "sheet_row"), ("cell", "cell"), ("nyckel", "key")]:
                same_value(row[name], finding[column], f"{place} {column}")
            if finding["variable"] in row:
                same_value(row[finding["variable"]], finding["value"], place)


def main():
    program, work = sys.argv[1:3]
    submission = os.path.join(work, "=hostile.csv")
    hostile_submission(submission)
    book, listed, table = (os.path.join(work, name) for name in ("report.xlsx", "findings.csv", "rules.csv"))
    common = ["check", submission, "--lang", "sv", "--delivery-date", "2022-04-05", "--quiet"]
    run(program, *common, "--format", f"xlsx={book}", "--format", f"csv={table}", "--findings", listed)
    expected = findings_of(listed)
    expect(len(expected) > 2_000, "only", len(expected), "findings")
    with open(table, encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file, delimiter=";"):
            expect(not any(cell.startswith(FORMULA) for cell in row), "a formula in the table of rules", row)
    found, wanted, n_dates = inspect(book, expected)
    compare(found, wanted, "hostile")
    expect(n_dates > 100, "only", n_dates, "dates")

    again = os.path.join(work, "again.xlsx")
    run(program, *common, "--threads", "1", "--format", f"xlsx={again}")
    with open(book, "rb") as one, open(again, "rb") as other:
        expect(one.read() == other.read(), "another number of threads gives other bytes")

    for by in ("region", "unit"):
        folder = os.path.join(work, by)
        os.mkdir(folder)
        run(program, *common, "--format", f"xlsx={folder}/del.xlsx", "--split-by", by)
        together, n_books = {}, 0
        for path in sorted(glob.glob(f"{folder}/*")):
            expect(re.fullmatch(r"del_[a-z0-9_-]+\.xlsx", os.path.basename(path)), "a file is named", path)
            for rule, rows in inspect(path, [])[0].items():
                together.setdefault(rule, []).extend(rows)
            n_books += 1
        # In the order of the file, as in the whole workbook.
        for rows in together.values():
            rows.sort(key=lambda row: row["post"] or 0)
        for findings in wanted.values():
            findings.sort(key=lambda finding: int(finding["row"] or 0))
        expect(n_books > 0, "no workbooks by", by)
        compare(together, wanted, by)

    sample = os.path.join(work, "sample.xlsx")
    run(program, "check", SAMPLE, "--lang", "en", "--delivery-date", "2022-04-05", "--quiet", "--format", f"xlsx={sample}")
    inspect_archive(sample)

    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office:
        for path in (book, sample):
            done = subprocess.run(
                [office, "--headless", "--convert-to", "pdf", "--outdir", work, path], capture_output=True, text=True
            )
            pdf = os.path.splitext(path)[0] + ".pdf"
            expect(done.returncode == 0 and os.path.exists(pdf), "LibreOffice cannot open", path, done.stderr)
    else:
        print("note: LibreOffice is not here; the workbooks are read by openpyxl alone")

    for failure in failures[:40]:
        print("FAIL", failure)
    if failures:
        sys.exit(f"{len(failures)} failures")
    print(f"{len(expected)} findings in {len(found)} sheets, {n_dates} dates, nothing that runs")


main()
