"""Holds what an engine found against what vantkoll found: `verify.py VANTKOLL.json OTHER.json NAME [complete]`.

Ends with a message at the first difference in the number of records, in the records that violate a check, in how many
have a value in a column, or in the first ten violating records where the engine tells them. `complete` refuses an
engine that lacks a check. Prints the checks that it says it cannot express.

A process of its own: the peak memory of a program is at least that of the process that starts it, so the one that
measures stays small.
"""

import json
import sys

import checks


def differs(what, name, own, theirs):
    sys.exit(f"{name}: {what}: vantkoll says {own}, {name} says {theirs}")


def main(own_path, their_path, name, *complete):
    with open(own_path, encoding="utf-8") as file:
        report = json.load(file)["collections"][0]
    with open(their_path, encoding="utf-8") as file:
        other = json.load(file)
    rules = {rule["id"]: rule for rule in report["rules"]}
    whole_file = {rule for rule in rules if rule.startswith("LEV-")}
    # What vantkoll says besides of the file as such must be nothing, or the counts would be of other records.
    for rule in whole_file:
        if rules[rule]["counts"]["violated"]:
            sys.exit(f"vantkoll: {rule} is violated, and no other engine is asked of it")
    if rules.keys() - whole_file != set(checks.CHECKS):
        sys.exit(f"vantkoll's checks are not the forty: {sorted((rules.keys() - whole_file) ^ set(checks.CHECKS))}")
    if (
        other["counts"].keys() | other["cannot"].keys() != set(checks.CHECKS)
        or other["counts"].keys() & other["cannot"].keys()
    ):
        sys.exit(f"{name} neither has nor names as lacking: {sorted(set(checks.CHECKS) - other['counts'].keys())}")
    told = {check for check, count in other["counts"].items() if count}
    if complete and (other["cannot"] or told - other["first"].keys() or other["filled"].keys() != set(checks.COLUMNS)):
        sys.exit(f"{name} is to have all checks, with their first records, and all columns")
    if report["records"] != other["records"]:
        differs("records", name, report["records"], other["records"])
    for check, count in other["counts"].items():
        if rules[check]["counts"]["violated"] != count:
            differs(f"records that violate {check}", name, rules[check]["counts"]["violated"], count)
    for check, rows in other["first"].items():
        own = [finding["row"] for finding in rules[check]["examples"]["findings"]]
        if own != rows:
            differs(f"first records that violate {check}", name, own, rows)
    accounts = {variable["id"]: variable["account"] for variable in report["variables"]}
    for column, count in other["filled"].items():
        own = sum(accounts[column][part] for part in ("filled", "negative", "unknown"))
        if own != count:
            differs(f"records with a value in {column}", name, own, count)
    for check, reason in other["cannot"].items():
        print(f"{check}: {reason}")


main(*sys.argv[1:])
