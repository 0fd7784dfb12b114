"""Generates the data, runs every engine on it in turns, has what they find verified, and prints the tables. Started by
`run`, which prepares what is needed."""

import argparse
import dataclasses
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
THREADS = os.cpu_count()
# As few records as still violate something, for the time that an engine takes to start.
SMALL = 1000
STATED = ["--delivery-date", "2022-04-15"]
OVERLAY = ["--rules", str(HERE / "rules"), "--schemas", str(HERE / "schemas")]
# All that an engine's own number of threads can be told by.
THREAD_VARIABLES = ["PEERS_THREADS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS"]


@dataclasses.dataclass(frozen=True)
class Engine:
    name: str
    # The command but for the file, which takes the place of FILE.
    command: tuple
    inputs: tuple = ("csv", "parquet")
    # Run at the smallest size only, and once beside the turn that is verified.
    slow: bool = False
    # Whether what it prints is what the forty checks found; "complete" has to have all of them.
    verified: str = ""
    # In the table of the goals.
    key: str = ""


@dataclasses.dataclass(frozen=True)
class Spent:
    wall: float
    cpu: float
    peak: float


def engines(options):
    def vantkoll(threads, *rules):
        return (
            options.vantkoll,
            "check",
            "FILE",
            *STATED,
            *rules,
            "--threads",
            str(threads),
            "--format",
            "json",
            "--quiet",
        )

    def python(script, *more):
        return (sys.executable, str(HERE / script), "FILE", *more)

    def floor(what):
        return (options.floor, what, "FILE", str(THREADS))

    both = [
        Engine("vantkoll", vantkoll(THREADS, *OVERLAY), key="vantkoll"),
        Engine("vantkoll, 1 thread", vantkoll(1, *OVERLAY), key="one thread"),
        Engine("vantkoll, all shipped rules", vantkoll(THREADS), key="full"),
        Engine("vantkoll, all shipped rules, 1 thread", vantkoll(1), key="full, one thread"),
        Engine("DuckDB", python("duckdb_checks.py"), verified="complete", key="duckdb"),
        Engine(
            "Polars, in memory", python("polars_checks.py", "in-memory"), verified="complete", key="polars in memory"
        ),
        Engine(
            "Polars, streaming", python("polars_checks.py", "streaming"), verified="complete", key="polars streaming"
        ),
        Engine("csv-core, parsing alone", floor("csv"), ("csv",), key="csv-core"),
        Engine("parquet, string views alone", floor("views"), ("parquet",), key="views"),
        Engine("parquet, dictionaries alone", floor("dictionaries"), ("parquet",), key="dictionaries"),
        Engine("Pandera", python("pandera_checks.py"), verified="yes"),
        Engine("Pointblank", python("pointblank_checks.py"), verified="yes"),
        Engine("Great Expectations", python("gx_checks.py"), slow=True, verified="yes"),
    ]
    if options.qsv:
        both.append(Engine("qsv", python("qsv_checks.py"), ("csv",), slow=True, verified="yes"))
    return both


def run(options, engine, path, output):
    """Runs a command as a process of its own and returns what it took from start to end."""
    environment = (
        os.environ | dict.fromkeys(THREAD_VARIABLES, str(THREADS)) | {"QSV": options.qsv, "TMPDIR": str(options.work)}
    )
    command = [str(path) if part == "FILE" else part for part in engine.command]
    with open(output, "wb") as out, open(f"{output}.err", "wb") as err:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    # vantkoll says by 1 that there are findings, and there are.
    expected = 1 if command[0] == options.vantkoll else 0
    if os.waitstatus_to_exitcode(status) != expected:
        message = pathlib.Path(f"{output}.err").read_text(encoding="utf-8", errors="replace")
        sys.exit(f"\n{engine.name} failed on {path.name}: {message[-2000:]}")
    return Spent(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def generate(options, records):
    for extension in ("csv", "parquet"):
        subprocess.run(
            [
                options.vantkoll,
                "generate",
                "specvard_genomforda",
                "--records",
                str(records),
                "--seed",
                "1",
                "--period",
                "2022-03",
                "--defects",
                str(HERE / "defects.yaml"),
                *OVERLAY,
                "--quiet",
                "--output",
                str(options.work / f"{records}.{extension}"),
            ],
            check=True,
        )


def measure(options, records, wanted, lacking):
    """Runs all engines in turns, and returns what each took on each input, turn by turn."""
    spent = {}
    # The first turn warms the page cache and is verified, not counted.
    for turn in range(options.turns + 1):
        for extension in ("csv", "parquet"):
            path = options.work / f"{records}.{extension}"
            own = options.work / f"vantkoll.{extension}.json"
            for engine in wanted:
                if extension not in engine.inputs or engine.slow and turn > 1:
                    continue
                print(f"\r{records} {extension} turn {turn}: {engine.name}\033[K", end="", file=sys.stderr)
                output = own if engine.key == "vantkoll" and turn == 0 else options.work / "output.json"
                took = run(options, engine, path, output)
                if turn:
                    spent.setdefault((engine, extension), []).append(took)
                elif engine.verified:
                    command = [sys.executable, str(HERE / "verify.py"), str(own), str(output), engine.name]
                    done = subprocess.run(
                        command + ["complete"] * (engine.verified == "complete"),
                        capture_output=True,
                        text=True,
                        check=False,
                    )
                    if done.returncode:
                        sys.exit(f"\n{done.stderr.strip()}")
                    if done.stdout:
                        lacking[engine.name] = done.stdout.splitlines()
    print("\r\033[K", end="", file=sys.stderr)
    return spent


def table(records, spent, start):
    print(f"\n### {records:,} records\n")
    print(
        "× is how many times what vantkoll takes for the forty checks on the same input: the median of the ratios of"
        " each turn. *Start* is the whole process on 1,000 records.\n"
    )
    print("| engine | input | wall s | CPU s | peak MiB | × wall | × CPU | start s |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    own = {extension: turns for (engine, extension), turns in spent.items() if engine.key == "vantkoll"}
    for (engine, extension), turns in sorted(spent.items(), key=lambda item: item[0][1]):
        wall, cpu, peak = (statistics.median(getattr(took, part) for took in turns) for part in ("wall", "cpu", "peak"))
        times = [
            statistics.median(getattr(took, part) / getattr(mine, part) for took, mine in zip(turns, own[extension]))
            for part in ("wall", "cpu")
        ]
        begun = start.get((engine, extension))
        begun = f"{statistics.median(took.wall for took in begun):.2f}" if begun else ""
        print(
            f"| {engine.name} | {extension} | {wall:.2f} | {cpu:.2f} | {peak:,.0f}"
            f" | {times[0]:.2f} | {times[1]:.2f} | {begun} |"
        )


def goals(records, spent):
    """What was aimed at beside what was measured. A goal that is missed is shown, and nothing else follows from it."""
    of = {(engine.key or engine.name, extension): turns for (engine, extension), turns in spent.items()}

    def ratio(over, under, extension, part="wall"):
        return statistics.median(
            getattr(a, part) / getattr(b, part) for a, b in zip(of[over, extension], of[under, extension])
        )

    polars = min(("polars in memory", "polars streaming"), key=lambda key: ratio(key, "vantkoll", "csv"))
    rows = [
        ("DuckDB against vantkoll", "duckdb", "vantkoll", "csv", "≥ 8"),
        (f"{polars.capitalize()} (the faster) against vantkoll", polars, "vantkoll", "csv", "≥ 5"),
        ("DuckDB against vantkoll", "duckdb", "vantkoll", "parquet", "≥ 4"),
        ("Polars streaming against vantkoll", "polars streaming", "vantkoll", "parquet", "≥ 2"),
    ]
    for engine, extension in spent:
        # The engines that are made to validate.
        if engine.verified == "yes":
            rows.append((f"{engine.name} against vantkoll", engine.name, "vantkoll", extension, "≥ 20"))
    rows += [
        ("vantkoll against csv-core alone", "vantkoll", "csv-core", "csv", "≤ 1.8"),
        ("vantkoll, all shipped rules, against csv-core alone", "full", "csv-core", "csv", "≤ 3"),
        ("vantkoll against decoding to dictionaries alone", "vantkoll", "dictionaries", "parquet", "≤ 2.2"),
        ("vantkoll against decoding to string views alone", "vantkoll", "views", "parquet", "≤ 2.2"),
    ]
    if THREADS > 1:
        # Said of two threads; with more it is shown without a goal.
        goal = "≥ 1.7" if THREADS == 2 else ""
        for extension in ("csv", "parquet"):
            rows.append((f"vantkoll, 1 thread against {THREADS}", "one thread", "vantkoll", extension, goal))
            rows.append(
                (
                    f"vantkoll, all shipped rules, 1 thread against {THREADS}",
                    "full, one thread",
                    "full",
                    extension,
                    goal,
                )
            )
    print(f"\n### Goals, {records:,} records\n")
    print("| ratio | input | goal, wall | wall | CPU |\n| --- | --- | ---: | ---: | ---: |")
    for text, over, under, extension, goal in rows:
        wall, cpu = ratio(over, under, extension), ratio(over, under, extension, "cpu")
        print(f"| {text} | {extension} | {goal} | {wall:.2f} | {cpu:.2f} |")


def main():
    parser = argparse.ArgumentParser(prog="benches/peers/run", description=__doc__.split("\n")[0])
    parser.add_argument("records", type=int, nargs="*", default=[1_000_000, 5_000_000])
    parser.add_argument("--turns", type=int, default=5, help="turns that are counted (slow engines: always one)")
    for name in ("vantkoll", "floor", "qsv", "work"):
        parser.add_argument(f"--{name}", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.turns < 1:
        parser.error("at least one turn")
    options.work = pathlib.Path(options.work)
    sizes = sorted(set(options.records))
    wanted, lacking = engines(options), {}

    pinned = [line.strip() for line in (HERE / "requirements.txt").open(encoding="utf-8") if "==" in line]
    print(f"{THREADS} threads, {platform.machine()}, Python {platform.python_version()}; {', '.join(pinned)}", end="")
    if options.qsv:
        version = subprocess.run([options.qsv, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
        print(f", {version.split('-')[0].strip()}", end="")
    print(f"; median of {options.turns} turns, one turn for Great Expectations and qsv.")
    if not options.qsv:
        print("\nqsv is left out: there is none on the PATH, and QSV does not name one.")

    generate(options, SMALL)
    start = measure(options, SMALL, wanted, {})
    for records in sizes:
        generate(options, records)
        spent = measure(
            options, records, [engine for engine in wanted if not engine.slow or records == sizes[0]], lacking
        )
        table(records, spent, start)
        goals(records, spent)
        for extension in ("csv", "parquet"):
            (options.work / f"{records}.{extension}").unlink()
    print(
        "\nCounts of all engines are those of vantkoll, for every check that they have and every column that they"
        " count."
    )
    for name, reasons in lacking.items():
        print(f"\n{name} lacks {len(reasons)} of the 40 checks:\n")
        print("\n".join(f"- {reason}" for reason in reasons))


main()
