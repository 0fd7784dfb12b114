#!/usr/bin/env bash
# How time and memory grow: threads, violations, streamed findings, records, rules that never apply, coverage, and the
# start on a small file. Usage: benches/scale.sh [RECORDS [MANY]]      (default 1000000 20000000; MANY 0 leaves that out)
#
# Runs of what is compared take turns, so that a noisy machine hits all alike; medians of five, and the median of the ratios
# of each turn. The files of MANY records take 5 GB of the temporary folder.
set -euo pipefail
cd "$(dirname "$0")/.."
records=${1:-1000000}
many=${2:-20000000}
if [[ -z ${VANTKOLL:-} ]]; then
  cargo build --release --quiet
  VANTKOLL=target/release/vantkoll
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "$(realpath "$VANTKOLL")" "$work" "$records" "$many" <<'PY'
import os, pathlib, statistics, subprocess, sys, time
binary, work, records, many = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
day = ["--delivery-date", "2024-03-01"]

def generate(name, n, *more):
    command = [binary, "generate", "specvard_genomforda", "--records", str(n), "--seed", "1", "--period", "2024-01"]
    subprocess.run([*command, "--quiet", "--output", str(work / name), *more], check=True, stdout=subprocess.DEVNULL)
    return str(work / name)

def defects(rate):
    file = work / f"{rate}.yaml"
    file.write_text("collection: specvard_genomforda\ndelivery_date: 2024-03-01\ndefects:\n"
                    f"  - {{ name: b, rate: {rate}, plant: {{ blank: kommunkod }}, expect: SVG-K-kommunkod }}\n")
    return ["--defects", str(file)]

def run(command):
    start = time.perf_counter()
    process = subprocess.Popen([binary, *command, *day, "--quiet", "--format", "json"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    assert os.waitstatus_to_exitcode(status) in (0, 1), command
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024

def compare(title, goal, base, other, turns=5):
    """Times commands in turns; each is a name and a list of arguments, or several such lists run one after another."""
    spent = {}
    for turn in range(turns + 1):
        for name, commands in (base, other):
            parts = [run(command) for command in (commands if isinstance(commands[0], list) else [commands])]
            if turn:
                walls, cpus, peaks = zip(*parts)
                spent.setdefault(name, []).append((sum(walls), sum(cpus), max(peaks)))
    medians = {name: [statistics.median(column) for column in zip(*values)] for name, values in spent.items()}
    ratio = [statistics.median(o[i] / b[i] for b, o in zip(spent[base[0]], spent[other[0]])) for i in (0, 1)]
    for name, _ in (base, other):
        wall, cpu, peak = medians[name]
        of = f"{ratio[0]:6.2f} {ratio[1]:6.2f}  {goal}" if name == other[0] else ""
        print(f"{title:34} {name:24} {wall:8.3f} {cpu:8.3f} {peak:9.0f} {of}", flush=True)

print(f"{'':34} {'':24} {'wall s':>8} {'cpu s':>8} {'peak MiB':>9} {'x wall':>6} {'x cpu':>6}")
for ext in ("csv", "parquet"):
    clean = generate(f"clean.{ext}", records)
    one, all_ = generate(f"one.{ext}", records, *defects(0.01)), generate(f"all.{ext}", records, *defects(1.0))
    two = ("two threads", ["check", clean, "--threads", "2"])
    compare(f"{ext}: one thread", "goal 1.7", two, ("one thread", ["check", clean, "--threads", "1"]))
    compare(f"{ext}: 1 % violating", "goal 1.3", ("clean", ["check", clean]), ("1 %", ["check", one]))
    compare(f"{ext}: 100 % violating", "goal 1.3", ("clean", ["check", clean]), ("100 %", ["check", all_]))
    findings = ["--findings", str(work / "findings.parquet")]
    compare(f"{ext}: findings streamed", "goal 2", ("100 %", ["check", all_]), ("100 %, to Parquet", ["check", all_, *findings]))
    compare(f"{ext}: coverage", "goal 1.15", ("check", ["check", clean]), ("qa", ["qa", clean]))

# Rules with bounds of their own; those that never apply are of patients older than any.
def rules(folder, first, n, condition):
    (work / folder).mkdir()
    times = ["remissdatum", "ankomstdatum", "beslut_att_utfora_aktivitet", "start_av_aktivitet", "medicinskt_maldatum"]
    text = "collections: [specvard_genomforda]\nsource: { document: d, place: p }\nchecks:\n"
    for number in range(first, first + n):
        a, b = times[number % 5], times[(number + 1 + number // 5 % 4) % 5]
        text += (f"  - id: XXX-{number:04}\n    severity: note\n"
                 f"    when: \"{condition(number)} AND bokningssatt = '{number // 5 % 5 + 1}'\"\n"
                 f"    assert: \"days_between({a}, {b}) <= {10000 + number}\"\n"
                 "    title: { sv: t, en: t }\n    fix: { sv: f, en: f }\n"
                 "    tests: [{ satisfied: {} }, { violated: {} }]\n")
    (work / folder / f"{folder}.yaml").write_text(text)
    return str(work / folder)

clean = str(work / "clean.csv")
hundred = rules("hundred", 0, 100, lambda number: f"fas = '{number % 5 + 1}'")
thousand = rules("thousand", 100, 900, lambda number: f"patientens_fodelsear < {1850 + number % 30}")
(work / "thousand" / "hundred.yaml").write_text((work / "hundred" / "hundred.yaml").read_text())
compare("csv: 900 rules that never apply", "goal 1.5", ("100 rules more", ["check", clean, "--rules", hundred]),
        ("1,000 rules more", ["check", clean, "--rules", thousand]))
small = generate("small.csv", 10)
compare("start: ten records", "goal 0.030 s", ("one", ["check", small]), ("other", ["check", small]), 21)
if many:
    million = generate("million.csv", 1_000_000)
    big = generate("big.csv", many)
    n = many // 1_000_000
    compare(f"{many:,} records", "goal 1.05", (f"{n} x 1 M", [["check", million]] * n), ("at once", ["check", big]), 2)
    compare("a budget of memory", "", ("as needed", ["check", big]), ("--memory 128M", ["check", big, "--memory", "128M"]), 2)
PY
