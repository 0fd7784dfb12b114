"""Makes the README's pictures: the first screen of the report on the sample submission, and on the sample country.

Usage: screenshots.py VANTKOLL FOLDER
"""

import os
import sys

from playwright.sync_api import sync_playwright

import pages
from browser import Browser

MOST_BYTES = 250_000
SIZE = {"width": 1200, "height": 900}
PICTURES = {"leverans": "rapport-leverans.png", "riket": "rapport-riket.png"}


def main():
    program = pages.Program(sys.argv[1], sys.argv[2])
    folder = os.path.join(pages.ROOT, "docs")
    os.makedirs(folder, exist_ok=True)
    with sync_playwright() as playwright:
        browser = Browser(playwright)
        try:
            for page in pages.shipped(program, "sv"):
                with browser.open(page, **SIZE) as tab:
                    if page.name == "riket":
                        to_first_chart(tab)
                    picture = tab.screenshot()
                path = os.path.join(folder, PICTURES[page.name])
                if len(picture) >= MOST_BYTES:
                    sys.exit(f"{path} would be of {len(picture)} bytes")
                with open(path, "wb") as file:
                    file.write(picture)
                print(f"{os.path.relpath(path, pages.ROOT)}: {len(picture)} bytes")
        finally:
            browser.close()


def to_first_chart(tab):
    """Where the country is shown: the part with the first chart or table of coverage, its heading at the top."""
    tab.evaluate("""async () => {
      // What is out of sight is not laid out; where the chart then stands is not known.
      for (const part of document.querySelectorAll(".wide, details.rule")) part.style.contentVisibility = "visible";
      const chart = document.querySelector("section:not(#variabler) figure.chart");
      const heading = chart && [...document.querySelectorAll("section h2, section h3")]
        .filter((heading) => heading.compareDocumentPosition(chart) & Node.DOCUMENT_POSITION_FOLLOWING).pop();
      if (heading) heading.scrollIntoView();
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    }""")


if __name__ == "__main__":
    main()
