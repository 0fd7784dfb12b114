#!/usr/bin/env bash
# What coverage adds to a check: the same files checked, checked with coverage, and with care units too; and how memory
# grows with records while groups stay the same.
# Usage: benches/coverage.sh [RECORDS]      (default 1000000; needs only the release build)
set -euo pipefail
cd "$(dirname "$0")/.."
records=${1:-1000000}
cargo build --release --quiet
bin=target/release/vantkoll
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for n in "$records" $((records / 5)); do
  for ext in csv parquet; do
    $bin generate specvard_genomforda --records "$n" --seed 1 --period 2024-01 --output "$work/$n.$ext"
  done
done
# Runs take turns, so that a noisy machine hits all alike; medians of nine, and the median of the ratios of each turn.
python3 - "$bin" "$work" "$records" <<'PY'
import os, statistics, subprocess, sys, time
binary, work, records = sys.argv[1], sys.argv[2], int(sys.argv[3])
commands = {"check": ["check"], "qa": ["qa"], "qa, units": ["qa", "--detail", "unit", "--figures", f"csv={work}/out.csv"]}
runs = {}
for turn in range(10):
    for n in (records, records // 5):
        for ext in ("csv", "parquet"):
            for name, command in commands.items():
                start = time.perf_counter()
                process = subprocess.Popen([binary, *command, f"{work}/{n}.{ext}", "--delivery-date", "2024-03-01", "--quiet"],
                                           stdout=subprocess.DEVNULL)
                _, status, usage = os.wait4(process.pid, 0)
                wall = time.perf_counter() - start
                assert os.waitstatus_to_exitcode(status) == 0, (name, n, ext)
                if turn:
                    measured = (wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
                    runs.setdefault((n, ext, name), []).append(measured)
print(f"{'records':>9} {'input':8} {'command':10} {'wall s':>7} {'cpu s':>6} {'peak MiB':>9} {'x check':>8}")
for (n, ext, name), values in runs.items():
    wall, cpu, peak = (statistics.median(column) for column in zip(*values))
    ratio = statistics.median(own[0] / check[0] for own, check in zip(values, runs[n, ext, "check"]))
    print(f"{n:9} {ext:8} {name:10} {wall:7.2f} {cpu:6.2f} {peak:9.0f} {ratio:8.2f}")
PY
