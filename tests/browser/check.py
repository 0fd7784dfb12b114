"""Looks at every page in a browser, subject by subject, and tells what is wrong.

Usage: check.py VANTKOLL FOLDER

`PAGES` and `SUBJECTS` in the environment name those to look at, all where none is named.
"""

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from playwright.sync_api import Error, sync_playwright

import content
import interaction
import pages
from browser import Browser

MOST_SHOWN = 8


def main():
    program = pages.Program(sys.argv[1], sys.argv[2])
    names, subjects = (os.environ.get(name, "").split() for name in ("PAGES", "SUBJECTS"))
    wanted = [page for page in pages.made(program) if not names or page.name in names or str(page) in names]
    asked = [subject for subject in content.SUBJECTS + interaction.SUBJECTS if not subjects or subject.__name__ in subjects]
    # A browser for each language, beside each other.
    languages = sorted({page.language for page in wanted})
    parts = [[page for page in wanted if page.language == language] for language in languages]
    with ProcessPoolExecutor(max_workers=max(len(parts), 1)) as workers:
        counts = list(workers.map(look_at_all, parts, [asked] * len(parts)))
    passed, failed = (sum(count[place] for count in counts) for place in (0, 1))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def look_at_all(wanted, asked):
    """How many looks found nothing, and how many something."""
    passed = failed = 0
    with sync_playwright() as playwright:
        browser = Browser(playwright)
        try:
            for subject in asked:
                start = time.perf_counter()
                before = failed
                for page in wanted:
                    wrong = looked(subject, page, browser)
                    passed, failed = (passed, failed + 1) if wrong else (passed + 1, failed)
                    for line in wrong[:MOST_SHOWN]:
                        print(f"FAILED {subject.__name__} {page}: {line}", flush=True)
                    if len(wrong) > MOST_SHOWN:
                        print(f"FAILED {subject.__name__} {page}: and {len(wrong) - MOST_SHOWN} more", flush=True)
                said = "ok" if failed == before else f"{failed - before} failed"
                seconds = time.perf_counter() - start
                print(f"{subject.__name__}: {said} ({len(wanted)} pages {wanted[0].language}, {seconds:.0f} s)", flush=True)
        finally:
            browser.close()
    return passed, failed


def looked(subject, page, browser):
    """What is wrong with the page in this respect, and what went wrong while it was looked at."""
    wrong = []
    try:
        wrong += subject(page, browser) or []
    except Error as error:
        wrong.append(str(error).strip())
    return [*wrong, *dict.fromkeys(browser.take_noise())]


if __name__ == "__main__":
    sys.exit(main())
