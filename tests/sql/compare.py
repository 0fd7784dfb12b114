"""Runs what `vantkoll rules sql` writes on DuckDB and Spark, and compares every count with those of `vantkoll check`.

Usage: compare.py VANTKOLL FOLDER

Every rule of every collection, all four verdicts, on: a clean generated submission, one with every shipped defect, the
rules' own test records, those of them that violate their rule, and odd values of every sort. Each once with everything
stated (delivery date, period, region, number of records, official lists) and once with nothing but the delivery date.
A collection that exists for this test alone (`every_kind/`) has rules with every sort of node, and one that folds it has
every sort of aggregate. Rules on groups are asked of the records that fold into these, and of groups put together already.
"""

import csv
import itertools
import json
import os
import random
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import duckdb

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
COLLECTIONS = ["specvard_genomforda", "specvard_vantande", "primarvard_grundmodell", "primarvard_instegsmodell", "prov", "svf"]
# By the collection that each folds.
FOLDED = {"svf": ["svf_forlopp", "svf_overflyttning"], "prov": ["prov_grupper"]}
GROUPS = [name for names in FOLDED.values() for name in names]
# Collections to look at, all where none is named.
ONLY = os.environ.get("COLLECTIONS", "").split()
# What only a file has: its columns, and how it is written. PROV-0011 has a pattern that no other engine knows.
LEFT_OUT = {"LEV-0001", "LEV-0002", "LEV-0005", "PROV-0011"}
OFFICIAL = {"icd10se": ["A00", "J459", "J45.9", "S525", "W0109", "H259"], "kva": ["NGB49", "AA001"], "aktivitet": ["NGB49"],
            "sjukhuskod": ["11001", "511001"], "prov_officiell": ["A00", "Å00.å", "B-11", "C12"]}
COUNTS = ["satisfied", "violated", "not_applicable", "not_checked"]
# What is expected of a rule that the engine says never applies.
NEVER = "never"


class World:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.every_kind = ["--schemas", f"{HERE}/every_kind/schemas", "--rules", f"{HERE}/every_kind/rules"]
        self.database = duckdb.connect()
        self.lists = {}
        for name, codes in OFFICIAL.items():
            path = self.path(f"{name}.csv")
            with open(path, "w") as file:
                file.write("code\n" + "\n".join(codes) + "\n")
            self.database.execute(f"CREATE TABLE list_{name} AS SELECT code FROM read_csv('{path}', all_varchar = true)")
            self.database.execute(f"COPY list_{name} TO '{path}.parquet'")
            self.lists[name] = path

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *arguments, codes=(0,)):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True, env={"LANG": "en", "PATH": ""})
        if done.returncode not in codes:
            sys.exit(f"vantkoll {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout

    def sql(self, collection, dialect, table, stated, *more, of_records=False):
        more = [*more, *(["--groups"] if collection in GROUPS and not of_records else [])]
        return self.run("rules", "sql", *self.every_kind, "--lang", "en", "--collection", collection, "--dialect", dialect,
                        "--table", table, *stated, *more)

    def engine(self, collection, path, stated, of=None):
        """By rule, in the order of the plan, what the engine counts; and the variables of the collection."""
        paths = path if isinstance(path, list) else [path]
        command, named = ("qa", []) if "--deliveries" in stated else ("check", ["--collection", of or collection])
        said = self.run(command, *paths, *self.every_kind, "--quiet", *named, "--format", "json", "--examples", "0", *stated,
                        codes=(0, 1))
        # What `qa` says of coverage follows.
        report, _ = json.JSONDecoder().raw_decode(said)
        [collection] = [found for found in report["collections"] if found["id"] == collection]
        counts, seen = {}, {}
        for rule in collection["rules"]:
            seen[rule["id"]] = seen.get(rule["id"], 0) + 1
            label = rule["id"] if seen[rule["id"]] == 1 else f"{rule['id']}#{seen[rule['id']]}"
            row = [rule["counts"][name] for name in COUNTS]
            if rule["counts_of"] == "submission":
                # Such a rule applies to no record; what is wrong is counted apart.
                row[1] = rule["violations"]
            counts[label] = tuple(row)
        if collection.get("groups_of", {}).get("left_out"):
            # No rule could apply, so groups were not even formed.
            assert all(row == (0, 0, 0, 0) for row in counts.values()), counts
            counts = dict.fromkeys(counts, NEVER)
        return counts, collection["variables"]


def stated_facts(world, collection, records):
    """What `check` and `rules sql` are told: everything, or as little as possible."""
    common = ["--delivery-date", "2022-04-15"]
    asked = world.sql(collection, "duckdb", "t", [])
    lists = [name for name in OFFICIAL if f"Official list {name}:" in asked]
    everything = [*common, "--period", "2022-03", "--region", "Skåne", "--expect-records", str(records + 1)]
    files = itertools.chain.from_iterable(["--codelist", f"{name}={world.lists[name]}"] for name in lists)
    tables = itertools.chain.from_iterable(["--codelist", f"{name}=list_{name}"] for name in lists)
    return [("all stated", [*everything, *files], [*everything, *tables]), ("little stated", common, common)]


ODD_TIMES = [
    "2022-03-01", "20220301", "2022-03-01T08:00", "2022-03-01 08:00", "2022-03-01t08:00", "2022-03-01T08:00:30",
    "2022-03-01T08:00:30.1", "2022-03-01T08:00:30,123456789", "2022-03-01T08:00:30.1234567890", "2022-03-01T08:00:30.",
    "2022-03-01T08:00:30Z", "2022-03-01T08:00Z", "20220301080030", "202203010800", "20220301T0800", "2022-02-29", "2024-02-29",
    "1900-02-29", "2000-02-29", "2022-04-31", "2022-00-10", "2022-13-10", "2022-01-00", "2022-01-32", "0000-01-01", "0000-02-29",
    "0001-01-01T00:00", "9999-12-31T23:59:59", "2022-03-01T24:00", "2022-03-01T23:60", "2022-03-01T23:59:60", "20220301240000",
    "20220230", "2022-3-1", "22-03-01", "2022/03/01", "01.03.2022", "2022-03-01T8:00", "2022-03-27T02:30", "2022-10-30T02:30",
    "１２３４-01-01", "٢٠٢٢-03-01", "2022-03-01  08:00", "+2022-03-01", "-022-03-01", "2022-03-01T08:00:00+01:00", "2022-W10-1",
    "1969-12-31T23:59", "1970-01-01T00:00:00", "2021-05-31", "2021-06-01T00:00", "2021-12-31T23:59:59", "2022-01-01", "2022-06-30T23:59",
    "2022-07-01", "2022-04-15T23:59:59", "2022-04-16", "2022-04-15", "2012-03-01T10:00",
]
ODD_NUMBERS = ["0", "-0", "00", "007", "1956", "2022", "2023", "1899", "1900", "2100", "2101", "9999", "0000", "-1956", "+1956",
               "1956.0", "1 956", "１９５６", "999999999999999999", "-999999999999999999", "1000000000000000000", "5000", "5001",
               "-5", "-6", "1e3", "0x10", "000000000000000001", "0000000000000000001", "--1", "-", "10", "11"]
ODD_TEXTS = [
    "", " ", "\t", "\u00a0", " \t\u00a0 ", "\n", "\r\n", "\f", "\v", "\u2003", "\u200b", "\ufeff", "NULL", "null", "NaN", "'", "''",
    "\"", "\\", "\\n", "%", "_", "a_c", "${x}", "--", ";", ",", "|", ",,", ",|,", " , ", "^-]", "a^b-c]d", "å", "Å", "a\u030a", "ß", "ẞ",
    "STRASSE", "straße", "STRAßE", "k", "K", "\u212a", "ſ", "İ", "ı", "👩\u200d👩\u200d👧", "🦊🦊", "𝟙𝟚", "ａ", "عربي", "日本語", "e\u0301",
    "SE2321000016-39KJ", "SE162321000255-O1", "SE1623210000-1", "SE2321000017-1", "se2321000016-39KJ", "SE2321000016-", "SE2321000016",
    "SE23210000１6-1", "SE2321000016-1\n", "SE2321000016-1234567890123456789", "189001019802", "19890201-3286", "890201-3286",
    "8902013286", "890201+3286", "000289-0002", "000229-0013", "010289-0001", "890461-3281",
    "890431-3288", "960229-3285", "040289+1238", "20000289-0002", "17000289-0002", "2321000016",
    "18", "59", "0", "00", "1\u00a08", "a1b8", "JA", "Ja", "ja", "jA", "NEJ", "1", "2", "huvuddiagnos", "Huvuddiagnos|bidiagnos",
    "1,0,1", "1|1", "J459", "J45.9", "j459", "J45,9", "J459,W0109", "J459 , J45.9", "J459\u00a0|\u00a0X", "W0109", "V99", "A00.1.2",
    "NGB49", "NGB49|AA001", "00000", "11001", " 11001", "11001 ", "Sjukhus saknas", "sjukhus saknas", "0331", "1917", "0319", "0000",
    "01", "10", "12", "A", "a", "alfa", "B", "C", "it's", "b\\n", "A,a|alfa", "A,B", "B,C", "A, C ,", "exakt", "exakt\n", "a\nb", "aåcde",
    "å 12é", "x 123 !!", "ab 12Z", ".", "..", "ett ord", "ord", "X00", "A00", "Å00.å", "A00;X00", "A00;B11", "Å00å;C12", "B-11", "x", "y", "z",
    "K-1", "K-1 ", "abcd", "bcde", "a" * 31, "SE2321000016-" + "A" * 18, "SE2321000016-" + "Å" * 3, "ÅÄÖ" * 11, "\x00", "a\x00b", "\x1f1\x7f",
]


def odd_records(rng, variables, known, n_records):
    """Records of anything: values that were seen in the variable, the same bent a little, times, numbers, texts."""
    spaces = [" ", "\t", "\u00a0", "\n", "\r", "\f", "\v", "\u2003", " \u00a0\t"]

    def bend(value):
        what = rng.randrange(9)
        at = rng.randrange(len(value) + 1)
        if what == 0:
            return rng.choice(spaces) + value
        if what == 1:
            return value + rng.choice(spaces)
        if what == 2:
            return value[:at]
        if what == 3:
            return value[:at] + rng.choice(["å", "0", "-", ",", "|", " ", "１", "'", "\\", "A", "\n", "^", "]", ";"]) + value[at:]
        if what == 4:
            return value.lower()
        if what == 5:
            return value.upper()
        if what == 6:
            return value[:at] + value[at + 1:]
        if what == 7:
            return value + rng.choice([",", "|", ";", "^"]) + value
        return value[::-1]

    def value(variable):
        seen = known.get(variable["id"]) or ["x"]
        what = rng.random()
        if what < 0.50:
            return rng.choice(seen)
        if what < 0.65:
            return bend(rng.choice(seen))
        if what < 0.75:
            return None
        if variable["type"] == "timestamp" and what < 0.97:
            return rng.choice(ODD_TIMES) if what < 0.92 else bend(rng.choice(ODD_TIMES))
        if variable["type"] in ("year", "integer") and what < 0.95:
            return rng.choice(ODD_NUMBERS)
        if what < 0.93:
            return rng.choice(ODD_TEXTS)
        if what < 0.95:
            return bend(rng.choice(ODD_TEXTS))
        return rng.choice(rng.choice([ODD_TIMES, ODD_NUMBERS, ODD_TEXTS]))

    return [[value(variable) for variable in variables] for _ in range(n_records)]


def write_table(world, name, columns, records):
    """Writes records as Parquet, every column text."""
    types = ", ".join(f'"{column}" VARCHAR' for column in columns)
    path = world.path(f"{name}.parquet")
    with open(path + ".json", "w") as file:
        for record in records:
            file.write(json.dumps(dict(zip(columns, record)), ensure_ascii=True) + "\n")
    fields = ", ".join(f"'{column}': 'VARCHAR'" for column in columns)
    world.database.execute(f"CREATE OR REPLACE TABLE written ({types})")
    world.database.execute(f"INSERT INTO written SELECT * FROM read_json('{path}.json', format = 'newline_delimited', columns = {{{fields}}})")
    world.database.execute(f"COPY written TO '{path}'")
    return path


def tables(world, collection, records):
    """The tables of one collection by name: the file that `check` reads and both databases do."""
    made = {}
    rng = random.Random(f"odd {collection}")
    test_records = world.path(f"{collection}.tests.csv")
    world.sql(collection, "duckdb", "t", [], "--test-records", test_records)
    with open(test_records, newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    columns = [name for name in rows[0] if name not in ("rule", "expected")]
    own = [[row[name] for name in columns] for row in rows]
    violated = [[row[name] for name in columns] for row in rows if row["expected"] == "violated"]
    made["test records"] = write_table(world, f"{collection}.tests", columns, own)
    made["violating test records"] = write_table(world, f"{collection}.violated", columns, violated * 3)
    known = {name: sorted({row[name] for row in rows if row[name]}) for name in columns}
    if collection != "prov" and collection not in GROUPS:
        for name, more in [("clean", []), ("defects", ["--defects", f"{ROOT}/testdata/defects/{collection}.yaml"])]:
            path = world.path(f"{collection}.{name}.parquet")
            world.run("generate", collection, "--records", str(records), "--seed", "7", "--quiet", *more, "--output", path)
            made[name] = path
        sample = world.database.execute(f"SELECT * FROM '{made['defects']}' LIMIT 400").fetchall()
        names = [column[0] for column in world.database.description]
        for name, values in zip(names, zip(*sample)):
            known[name] = sorted(set(known.get(name, [])) | {value for value in values if value})
    variables = world.engine(collection, made["test records"], [])[1]
    made["odd values"] = write_table(world, f"{collection}.odd", columns, odd_records(rng, variables, known, 2500))
    made["no records"] = write_table(world, f"{collection}.empty", columns, [])
    return made, rows


def differences(expected, found):
    """Every rule whose counts differ, and every rule that is only on one side."""
    for label in expected.keys() | found.keys():
        if label in LEFT_OUT:
            if label in found:
                yield f"{label} is counted, though nothing can be known of it"
        elif expected.get(label) == NEVER:
            # A column that is missing, too, leaves it undecided.
            if found.get(label, (None, None))[:2] != (0, 0):
                yield f"{label}: vantkoll says that it never applies, SQL {found.get(label)}"
        elif expected.get(label) != found.get(label):
            yield f"{label}: vantkoll {expected.get(label)}, SQL {found.get(label)}"


class Duck:
    name = "duckdb"

    def __init__(self, world):
        self.database = world.database

    def counts(self, script, path):
        """What a script says of a file: by rule, its four counts."""
        cursor = self.database.cursor()
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW kontakter AS SELECT * FROM {path}")
        return {row[0]: tuple(row[1:]) for text in cursor.extract_statements(script) for row in cursor.execute(text).fetchall()}


class Spark:
    name = "spark"

    def __init__(self, world):
        from pyspark.sql import SparkSession
        # A program that runs for two minutes is not worth the compiler's best.
        os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=240m")
        # Small data and large statements: compiling them to bytecode would cost more than it gives. The time zone has hours
        # that do not exist; no count may depend on them.
        settings = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "1", "spark.sql.adaptive.enabled": "false",
                    "spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN",
                    "spark.sql.session.timeZone": "Europe/Stockholm", "spark.sql.warehouse.dir": world.path("warehouse"),
                    "spark.ui.showConsoleProgress": "false", "spark.log.level": "OFF",
                    "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        builder = SparkSession.builder.master("local[2]")
        for name, value in settings.items():
            builder = builder.config(name, value)
        self.session = builder.getOrCreate()
        for name, path in world.lists.items():
            self.session.read.parquet(f"{path}.parquet").createOrReplaceGlobalTempView(f"list_{name}")

    def counts(self, script, path):
        session = self.session.newSession()
        for name in OFFICIAL:
            session.table(f"global_temp.list_{name}").createOrReplaceTempView(f"list_{name}")
        session.read.parquet(path.strip("'")).createOrReplaceTempView("kontakter")
        # What a backslash in a literal means depends on the session: nothing may depend on that.
        session.conf.set("spark.sql.parser.escapedStringLiterals", str(len(script) % 2 == 0).lower())
        session.conf.set("spark.sql.ansi.enabled", str(len(script) % 3 != 0).lower())
        return {row[0]: tuple(row[1:]) for row in session.sql(script).collect()}


def jobs_of(world, collection, engines):
    """What is to be compared: a description, an engine, a script, a file, and what is expected."""
    made, rows = tables(world, collection, 2500)
    for name, path in made.items():
        records = world.database.execute(f"SELECT count(*) FROM '{path}'").fetchone()[0]
        for stating, of_check, of_sql in stated_facts(world, collection, records):
            expected, _ = world.engine(collection, path, of_check)
            for engine in engines:
                if engine == "spark" and stating == "little stated" and name not in ("odd values", "test records"):
                    continue
                script = world.sql(collection, engine, "kontakter", of_sql, "--one")
                yield f"{collection}, {name}, {stating}", engine, script, f"'{path}'", expected
            if name == "odd values" and stating == "all stated" and "duckdb" in engines:
                script = world.sql(collection, "duckdb", "kontakter", of_sql)
                yield f"{collection}, {name}, a statement a rule", "duckdb", script, f"'{path}'", expected
    yield from without_columns(world, collection, made["odd values"], engines)
    for groups in FOLDED.get(collection, []):
        yield from of_groups(world, collection, groups, made, engines)
    if "duckdb" in engines:
        yield from own_tests(world, collection, rows)


def of_groups(world, collection, groups, made, engines):
    """Rules on groups, asked of the records that fold into them."""
    for name, path in made.items():
        for stating, of_check, of_sql in stated_facts(world, groups, 0):
            expected, _ = world.engine(groups, path, of_check, of=collection)
            for engine in engines:
                if engine == "spark" and stating == "little stated":
                    continue
                script = world.sql(groups, engine, "kontakter", of_sql, "--one", of_records=True)
                yield f"{groups} of {collection}, {name}, {stating}", engine, script, f"'{path}'", expected
        if groups == "svf_overflyttning":
            # The groups of two deliveries, some of each in both.
            halves = [path.replace(".parquet", f".{half}.parquet") for half in (0, 1)]
            listed = path.replace(".parquet", ".deliveries.csv")
            for half, part in enumerate(halves):
                numbered = f"(SELECT *, row_number() OVER () AS n FROM '{path}')"
                world.database.execute(f"COPY (SELECT * EXCLUDE n FROM {numbered} WHERE n % 2 = {half}) TO '{part}'")
            with open(listed, "w") as file:
                lines = [f"{os.path.basename(part)};svf;{county};2022-03" for part, county in zip(halves, ["01", "12"])]
                file.write("\n".join(["fil;insamling;lanskod;period", *lines, ""]))
            facts = ["--delivery-date", "2022-04-15"]
            expected, _ = world.engine(groups, halves, [*facts, "--deliveries", listed])
            for engine in engines:
                facts = ["--delivery-date", "2022-04-15", "--period", "2022-03", "--delivered-regions", "2"]
                script = world.sql(groups, engine, "kontakter", facts, "--one", of_records=True)
                yield f"{groups} of {collection}, {name}, two regions", engine, script, f"'{path}'", expected
    yield from without_columns(world, groups, made["odd values"], engines, of=collection)


def without_columns(world, collection, path, engines, of=None):
    """A table that lacks every third column."""
    names = [column[0] for column in world.database.execute(f"SELECT * FROM '{path}' LIMIT 0").description]
    # Without a part of the key there are no groups.
    lacking = names[2::3] if of else names[1::3]
    kept = ", ".join(f'"{name}"' for name in names if name not in lacking)
    fewer = path.replace(".parquet", f".{collection}.fewer.parquet")
    world.database.execute(f"COPY (SELECT {kept} FROM '{path}') TO '{fewer}'")
    for stating, of_check, of_sql in stated_facts(world, collection, 0):
        expected, _ = world.engine(collection, fewer, of_check, of=of)
        for engine in engines:
            if engine == "spark" and stating == "little stated":
                continue
            without = itertools.chain.from_iterable(["--without", name] for name in lacking)
            script = world.sql(collection, engine, "kontakter", of_sql, "--one", *without, of_records=bool(of))
            yield f"{collection}, {len(lacking)} columns missing, {stating}", engine, script, f"'{fewer}'", expected


def own_tests(world, collection, rows):
    """Each rule's own test records, judged by the statement of that rule alone: the verdicts are those that its file states."""
    path = world.path(f"{collection}.tests.csv")
    script = world.sql(collection, "duckdb", "kontakter", ["--delivery-date", "2022-12-31"])
    for statement in world.database.extract_statements(script):
        label = re.search("'rule': '([^']+)'", statement.query).group(1)
        verdicts = [row["expected"] for row in rows if row["rule"] == label]
        # What needs an official list has one of its own in each test; what needs a period or a region that is not stated counts
        # nothing, and its tests state them.
        if verdicts and "-O-" not in label and "count(CASE" in statement.query:
            table = f"read_csv('{path}', delim = ';', all_varchar = true, header = true) WHERE rule = '{label}'"
            expected = {label: tuple(verdicts.count(name) for name in COUNTS)}
            yield f"{collection}, own tests", "duckdb", statement.query, table, expected


def main():
    program, folder = sys.argv[1:3]
    wanted = sys.argv[3:] or ["duckdb", "spark"]
    world = World(program, folder)
    started = time.monotonic()
    engines = {engine.name: engine(world) for engine in (Duck, Spark) if engine.name in wanted}

    def counted(job):
        what, engine, script, path, expected = job
        found = engines[engine].counts(script, path)
        return [f"{what}, {engine}: {line}" for line in sorted(differences(expected, found))], 4 * len(found)

    problems, n_compared = [], 0
    with ThreadPoolExecutor(3) as pool:
        for collection in ONLY or [*COLLECTIONS, *GROUPS]:
            jobs = list(jobs_of(world, collection, list(engines)))
            for wrong, n_counts in pool.map(counted, jobs):
                problems.extend(wrong)
                n_compared += n_counts
            print(f"{time.monotonic() - started:6.1f} s  {collection}: {len(jobs)} scripts", flush=True)

    for line in problems[:60]:
        print("DIFFERENT", line)
    print(f"{n_compared} counts compared, {len(problems)} rules differ")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
