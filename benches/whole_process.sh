#!/usr/bin/env bash
# Times the program itself, page cache warm, and its peak memory: specialised care completed, full rule set.
# Usage: benches/whole_process.sh [RECORDS]      (default 1000000; needs only the release build)
set -euo pipefail
cd "$(dirname "$0")/.."
records=${1:-1000000}
cargo build --release --quiet
bin=target/release/vantkoll
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for percent in 1 100; do
  {
    printf 'collection: specvard_genomforda\ndelivery_date: 2022-04-05\ndefects:\n'
    printf '  - { name: b, rate: %s, plant: { blank: kommunkod }, expect: SVG-K-kommunkod }\n' "$(awk "BEGIN { print $percent / 100 }")"
  } > "$work/$percent.yaml"
done
for ext in csv parquet; do
  $bin generate specvard_genomforda --records "$records" --seed 1 --output "$work/clean.$ext"
  $bin generate specvard_genomforda --records "$records" --seed 1 --defects "$work/1.yaml" --output "$work/one.$ext"
  $bin generate specvard_genomforda --records "$records" --seed 1 --defects "$work/100.yaml" --output "$work/all.$ext"
done
# Runs of the inputs take turns, so that a noisy machine hits all alike; the median of seven is printed.
python3 - "$bin" "$work" "$records" <<'PY'
import os, resource, statistics, subprocess, sys, time
binary, work, records = sys.argv[1], sys.argv[2], int(sys.argv[3])
names = [f"{kind}.{ext}" for ext in ("csv", "parquet") for kind in ("clean", "one", "all")]
runs = {name: [] for name in names}
for turn in range(8):
    for name in names:
        read, write = os.pipe()
        start = time.perf_counter()
        process = subprocess.Popen([binary, "check", f"{work}/{name}", "--delivery-date", "2022-04-05", "--quiet",
                                    "--format", "json"], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        os.close(read); os.close(write)
        assert os.waitstatus_to_exitcode(status) == (0 if name.startswith("clean") else 1), name
        if turn:
            runs[name].append((wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
print(f"{'input':16} {'MB':>6} {'wall s':>7} {'cpu s':>6} {'records/s':>11} {'peak MiB':>9} {'x clean':>8}")
for name in names:
    wall, cpu, peak = (statistics.median(values) for values in zip(*runs[name]))
    clean = statistics.median(w for w, _, _ in runs["clean." + name.rsplit(".", 1)[1]])
    size = os.path.getsize(f"{work}/{name}") / 1e6
    print(f"{name:16} {size:6.0f} {wall:7.2f} {cpu:6.2f} {records / wall:11,.0f} {peak:9.0f} {wall / clean:8.2f}")
PY
