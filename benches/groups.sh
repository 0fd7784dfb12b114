#!/usr/bin/env bash
# Times rules over groups of records against as many rules on records: the same pathway events, page cache warm.
# Usage: benches/groups.sh [CASES]      (default 1700000, some ten million events; needs only the release build)
#
# "records": the rules on events as they are, and as many more on events as there are rules on groups.
# "groups":  the rules on events as they are, and those on cases; rules on moves want several regions and are left out.
# "one record", "one group": the rules on events as they are, and one more on events, or one on cases.
# Events are written once in the order of dates, a case's far apart, and once case by case.
set -euo pipefail
cd "$(dirname "$0")/.."
cases=${1:-1700000}
cargo build --release --quiet
bin=target/release/vantkoll
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
$bin generate svf --records "$cases" --period 2024 --seed 1 --quiet --output "$work/apart.csv"
$bin generate svf --records "$cases" --period 2024 --seed 1 --quiet --together --output "$work/together.csv"
python3 - "$bin" "$work" <<'PY'
import os, pathlib, statistics, subprocess, sys, time
binary, work = sys.argv[1], pathlib.Path(sys.argv[2])
source = "source: { document: x, place: y }\n"
checks = pathlib.Path("rules/svf_forlopp.yaml").read_text().count("  - id: ")

def rule(number, assertion):
    # Tests are not run by `check`, but have to be there.
    return (f"  - id: XXX-{number:04}\n    severity: error\n    assert: \"{assertion}\"\n"
            "    title: { sv: x, en: x }\n    fix: { sv: x, en: x }\n"
            "    tests: [{ satisfied: { region: '01' } }, { violated: { region: '01' } }]\n")

def overlay(name, on_records, on_groups):
    folder = work / name
    folder.mkdir()
    (folder / "svf_overflyttning.yaml").write_text("collections: [svf_overflyttning]\n" + source)
    body = "checks:\n" + rule(9, on_groups) if on_groups else ""
    (folder / "svf_forlopp.yaml").write_text("collections: [svf_forlopp]\n" + source + body)
    if on_records:
        body = "".join(rule(100 + number, text) for number, text in enumerate(on_records))
        (folder / "extra.yaml").write_text("collections: [svf]\n" + source + "checks:\n" + body)
    return ["--rules", str(folder)]

# Of the kinds that the rules on cases are of: counts, dates against dates, codes.
kinds = ["alder <= {0}", "handelsedatum >= DATE '20{0:02}-01-01'", "substring(kva_kod, 4, 2) <> '{0:02}' OR alder >= 0",
         "days_between(handelsedatum, delivery_date()) >= -{0}"]
many = [kinds[number % 4].format(number % 4 * 3 + number // 4 + (121 if number % 4 == 0 else 0)) for number in range(checks)]
runs = {"records": overlay("r", many, None), "groups": [],
        "one record": overlay("r1", many[:1], None), "one group": overlay("g1", None, "antal_start = 1 OR antal_fran > 0")}
inputs = ["apart", "together"]
times = {}
for turn in range(4):
    for data in inputs:
        for name, rules in runs.items():
            start = time.perf_counter()
            process = subprocess.Popen([binary, "check", f"{work}/{data}.csv", "--delivery-date", "2025-06-30", "--quiet", *rules],
                                       stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            assert os.waitstatus_to_exitcode(status) == 0, (data, name)
            if turn:
                spent = (time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
                times.setdefault((data, name), []).append(spent)
events = sum(1 for _ in open(work / "apart.csv", "rb")) - 1
print(f"{events:,} events, {checks} rules on groups")
print(f"{'events':10} {'rules':12} {'wall s':>7} {'cpu s':>6} {'peak MiB':>9} {'x records: wall':>16} {'cpu':>5}")
for data in inputs:
    for name in runs:
        of = lambda which: [statistics.median(values) for values in zip(*times[data, which])]
        wall, cpu, peak = of(name)
        other = of("one record" if name.startswith("one") else "records")
        print(f"{data:10} {name:12} {wall:7.2f} {cpu:6.2f} {peak:9.0f} {wall / other[0]:16.2f} {cpu / other[1]:5.2f}")
PY
