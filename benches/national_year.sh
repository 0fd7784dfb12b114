#!/usr/bin/env bash
# A national year from files to figures: completed contacts of primary and specialised care, month by month, and the
# waiting list of each month, checked with coverage in one pass.
# Usage: benches/national_year.sh [MILLIONS]      (default 70: 20 + 20 completed, 12 lists of 2.5; CSV of 17 GB in the
# temporary folder)
#
# Prints time with all threads and with one, of a run over a tenth with one and two, and what Amdahl's law makes of it for
# sixteen threads.
set -euo pipefail
cd "$(dirname "$0")/.."
millions=${1:-70}
if [[ -z ${VANTKOLL:-} ]]; then
  cargo build --release --quiet
  VANTKOLL=target/release/vantkoll
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "$(realpath "$VANTKOLL")" "$work" "$millions" <<'PY'
import os, pathlib, subprocess, sys, time
binary, work, millions = sys.argv[1], pathlib.Path(sys.argv[2]), float(sys.argv[3])
parts = {"primarvard_grundmodell": 20, "specvard_genomforda": 20, "specvard_vantande": 30}
months = [f"2024-{month:02}" for month in range(1, 13)]
deliveries = work / "leveranser"
deliveries.mkdir()
start = time.perf_counter()
for collection, share in parts.items():
    n = round(millions / 70 * share * 1e6 / 12)
    for number, month in enumerate(months):
        subprocess.run([binary, "generate", collection, "--records", str(n), "--seed", str(number + 1), "--period", month,
                        "--quiet", "--output", str(deliveries / f"{collection}_{month}.csv")],
                       check=True, stdout=subprocess.DEVNULL)
size = sum(file.stat().st_size for file in deliveries.iterdir())
print(f"{size / 1e9:.1f} GB written in {time.perf_counter() - start:.0f} s", flush=True)

def run(what, files, threads, *more):
    start = time.perf_counter()
    command = [binary, "qa", *map(str, files), "--delivery-date", "2025-02-15", "--threads", str(threads), "--quiet",
               "--format", f"json={work}/report.json", "--figures", f"json={work}/figures.json", *more]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall, cpu = time.perf_counter() - start, usage.ru_utime + usage.ru_stime
    read = sum(pathlib.Path(file).stat().st_size for file in files)
    print(f"{what:34} exit {os.waitstatus_to_exitcode(status)}  {wall:7.1f} s  {cpu:7.1f} s cpu  "
          f"{usage.ru_maxrss / 1024:6.0f} MiB  {read / 1e6 / wall:6.0f} MB/s", flush=True)
    return wall

everything = sorted(deliveries.iterdir())
threads = os.cpu_count()
run(f"all, {threads} threads", everything, threads)
run(f"all, {threads} threads, --memory 256M", everything, threads, "--memory", "256M")
some = [file for file in everything if file.stem.endswith("2024-03")]
run("a month, to warm up", some, 2)
ones, twos = zip(*[(run("a month, 1 thread", some, 1), run("a month, 2 threads", some, 2)) for _ in range(3)])
one, two = sorted(ones)[1], sorted(twos)[1]
serial = max(0.0, 2 * two / one - 1)
print(f"two threads are {one / two:.2f} x as fast as one: {serial:.1%} serial; sixteen would be {1 / (serial + (1 - serial) / 16):.1f} x")
PY
