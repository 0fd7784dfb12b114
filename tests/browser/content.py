"""What a page holds and how it looks: structure, language, hostile values, print, narrow screens, without script, axe.

Each function is a subject: it is given a page and a browser, and yields what is wrong.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unicodedata

import axe_playwright_python

import pages
from browser import wait

MOST_BYTES = 5_000_000
# What is wanted, in milliseconds; twice as long fails, for the machines that run this may be busy with other things.
WANTED_LOAD = 1_000
# Inside the margins of A4 at 96 pixels to the inch: 210 - 2 x 13 millimetres.
PAPER_WIDTH = 695
AXE = os.path.join(os.path.dirname(axe_playwright_python.__file__), "axe.min.js")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Words that give away the other language. Both lists are of words that the other language does not have.
ENGLISH = "the of and not records? rules? findings? variables? errors? warnings? notes? shares? fix where what submissions? " \
    "source search clear showing rows regions collections severity with most open close months? coverage reporting county"
SWEDISH = "och av inte poster regel regler fynd variabel variabler varningar? upplysningar? andel åtgärd vad källa sök " \
    "rensa visar rader regioner insamlingar? allvarlighetsgrad med flest öppna stäng månader täckning inrapportering leverans län"
# The page's own words: none of them is a value, an id or a quotation. `code` is left out within them.
OWN_WORDS = """() => {
  const own = "h1, h2, h3, h4, thead th, label, button, summary, caption, figcaption, dt, nav a, .skip, option[value='']";
  const words = (element) => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll("code, .value").forEach((data) => data.remove());
    return copy.textContent.replace(/\\u00ad/g, "");
  };
  const attributes = [...document.querySelectorAll("[aria-label], [placeholder], button[title]")].flatMap((element) =>
    ["aria-label", "placeholder", "title"].map((name) => element.getAttribute(name)).filter(Boolean));
  const live = Object.values(document.getElementById("hits").dataset);
  return [document.title, ...[...document.querySelectorAll(own)].map(words), ...attributes, ...live];
}"""

# Elements with text of their own that no reader sees. What is for screen readers alone, or narrowed away, is not asked.
UNSEEN = """() => {
  const unseen = [];
  for (const element of document.querySelectorAll("main *, header *")) {
    const has = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!has || element.closest(".hidden, [hidden], script, style, svg")) continue;
    const box = element.getBoundingClientRect();
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || box.width * box.height === 0)
      unseen.push(`${element.tagName}: ${element.textContent.trim().slice(0, 40)}`);
  }
  return unseen;
}"""

# What sticks out to the right, and is not in a frame that scrolls.
WIDER = """(width) => [...document.querySelectorAll("body *")]
  .filter((element) => !element.closest(".hidden") && element.getBoundingClientRect().right > width + 1)
  .filter((element) => {
    for (let at = element.parentElement; at; at = at.parentElement)
      if (getComputedStyle(at).overflowX !== "visible") return false;
    return true;
  }).map((element) => `${element.tagName}.${element.className}: ${element.textContent.trim().slice(0, 30)}`).slice(0, 5)"""


def structure(page, browser):
    """Title, headings, ids and links; what a submission could have brought in; size of the file."""
    # As it is written: the script may style what it likes.
    with browser.open(page, script=False) as tab:
        if tab.get_attribute("html", "lang") != page.language:
            yield f"the language is said to be {tab.get_attribute('html', 'lang')}"
        if not tab.title().strip():
            yield "there is no title"
        if tab.locator("h1").count() != 1:
            yield f"there are {tab.locator('h1').count()} headings of the first level"
        yield from tab.evaluate("""() => {
          const wrong = [];
          const ids = new Map();
          for (const element of document.querySelectorAll("[id]")) ids.set(element.id, (ids.get(element.id) || 0) + 1);
          for (const [id, n] of ids) if (n > 1) wrong.push(`the id ${id} is there ${n} times`);
          for (const link of document.querySelectorAll("[href]")) {
            const href = link.getAttribute("href");
            if (!href.startsWith("#")) wrong.push(`a link leads to ${href}`);
            else if (!ids.has(decodeURIComponent(href.slice(1)))) wrong.push(`nothing is called ${href}`);
          }
          for (const name of ["for", "aria-labelledby", "aria-describedby", "aria-controls", "headers"])
            for (const element of document.querySelectorAll(`[${name}]`))
              for (const id of element.getAttribute(name).split(/\\s+/).filter(Boolean))
                if (!ids.has(id)) wrong.push(`${name} names ${id}, which is not there`);
          const counts = { style: 1, script: 1, main: 1, img: 0, iframe: 0, object: 0, embed: 0, form: 0, link: 0, base: 0 };
          for (const [name, n] of Object.entries(counts))
            if (document.getElementsByTagName(name).length !== n) wrong.push(`not ${n} elements are ${name}`);
          for (const element of document.querySelectorAll("*"))
            for (const { name } of element.attributes)
              if (/^on|^style$|^src/.test(name)) wrong.push(`an element ${element.tagName} has the attribute ${name}`);
          let level = 0;
          for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
            const next = Number(heading.tagName[1]);
            if (next > level + 1) wrong.push(`the heading "${heading.textContent}" is of level ${next} after ${level}`);
            level = next;
          }
          for (const table of document.querySelectorAll("table")) {
            if (!table.caption) wrong.push(`a table has no caption: ${table.textContent.slice(0, 40)}`);
            for (const row of table.rows) if (!row.cells.length) wrong.push(`a table has a row without cells`);
          }
          return wrong;
        }""")
    size = os.path.getsize(page.path)
    if size >= MOST_BYTES:
        yield f"the file is of {size / 1e6:.1f} MB"


def language(page, browser):
    """No word of the other language among the page's own."""
    strange = ENGLISH if page.language == "sv" else SWEDISH
    pattern = re.compile(rf"\b(?:{'|'.join(strange.split())})\b", re.IGNORECASE)
    with browser.open(page) as tab:
        own = tab.evaluate(OWN_WORDS)
    if len(own) < 10:
        yield f"only {len(own)} texts were found"
    for text in dict.fromkeys(own):
        found = pattern.search(text)
        if found:
            yield f"“{found[0]}” in “{' '.join(text.split())[:100]}”"


def hostile(page, browser):
    """What is hostile is there as text, and nothing of it has done anything."""
    if page.name not in ("fientlig", "rubriker"):
        return
    with browser.open(page) as tab:
        text = tab.evaluate("document.body.textContent")
        if not tab.locator("main").is_visible():
            yield "the page is not to be seen"
        for value in pages.HOSTILE:
            shown = value.replace(pages.OVERRIDE, "\\u{202e}")
            if shown not in text:
                yield f"{shown} is nowhere on the page"
        if pages.OVERRIDE in text:
            yield "the override of the writing direction is on the page"
        # Whatever lies in wait for a pointer or the focus.
        for name in ("mouseover", "click", "focus", "load", "error"):
            tab.evaluate("""(name) => document.querySelectorAll("main *").forEach((element) =>
                element.matches("button, a, summary") || element.dispatchEvent(new Event(name)))""", name)
        if tab.evaluate("document.body.textContent").count("49"):
            yield from (f"a template was worked out: {line.strip()}" for line in text.splitlines() if line.strip() == "49")


def charts(page, browser):
    """Charts have words instead, and lie within the page."""
    for width in (1280, 320):
        with browser.open(page, width=width) as tab:
            yield from tab.evaluate("""(width) => [...document.querySelectorAll("figure.chart svg")].flatMap((svg) => {
              const wrong = [];
              const ids = (svg.getAttribute("aria-labelledby") || "").split(" ").filter(Boolean);
              const named = ids.map((id) => document.getElementById(id)?.textContent || "").join(" ");
              const label = svg.getAttribute("aria-label") || named;
              if (svg.getAttribute("role") !== "img") wrong.push("a chart is no image to a screen reader");
              if (label.trim().length < 20) wrong.push(`a chart is described as "${label}"`);
              const figure = svg.closest("figure");
              if (!figure.querySelector("figcaption")?.textContent.trim()) wrong.push("a chart has no caption");
              if (!figure.checkVisibility()) return wrong;
              const box = svg.getBoundingClientRect();
              if (box.width === 0 || box.height === 0) wrong.push(`a chart has no size: ${label.slice(0, 40)}`);
              const frame = svg.closest(".wide") || svg.parentElement;
              const scrolls = getComputedStyle(frame).overflowX !== "visible";
              if (!scrolls && (box.left < -1 || box.right > width + 1))
                wrong.push(`a chart sticks out of a page of ${width} pixels: ${label.slice(0, 40)}`);
              for (const shape of svg.querySelectorAll("text, rect, path, circle")) {
                const { left, right, top, bottom } = shape.getBoundingClientRect();
                if (left < box.left - 2 || right > box.right + 2 || top < box.top - 2 || bottom > box.bottom + 2)
                  wrong.push(`cut off in a chart: ${shape.tagName} ${shape.textContent.slice(0, 30)}`);
              }
              return [...new Set(wrong)];
            })""", width)


def country(page, browser):
    """The sections of the country: there, with charts; no sign without words, and no share without what it is a share of."""
    if page.name not in ("riket", "siffror"):
        return
    with browser.open(page) as tab:
        sections = tab.locator("section[id^='country-']")
        if not sections.count():
            yield "there are no sections of the country"
            return
        if not tab.locator("section[id^='country-'] figure.chart svg").count():
            yield "there are no charts of the country"
        yield from tab.evaluate("""() => [...document.querySelectorAll("section[id^='country-']")].flatMap((section) => {
          const wrong = [];
          if (section.textContent.trim().length < 80) wrong.push(`the section ${section.id} says nothing`);
          for (const cell of section.querySelectorAll("td, th")) {
            const text = cell.textContent.trim();
            if (/[✓↑◐✗▲▼]/.test(text) && !/\\p{L}{2}/u.test(text))
              wrong.push(`${section.id}: a sign without words: ${text.slice(0, 40)}`);
            if (!/\\d\\s?%/.test(text)) continue;
            const heads = cell.closest("table").tHead ? cell.closest("table").tHead.textContent : "";
            const has = /\\/|\\b(av|of)\\b/.test(text + cell.title + heads) || cell.querySelector("[title]");
            if (!has && !cell.closest("tr").querySelector(".counts") && cell.closest("tr").querySelectorAll(".num").length < 3)
              wrong.push(`${section.id}: a share without counts: ${text.slice(0, 40)}`);
          }
          return wrong;
        })""")


def narrow(page, browser):
    """On a screen of 320 pixels, which is also a page enlarged four times, nothing scrolls sideways but tables."""
    with browser.open(page, width=320, height=640) as tab:
        for state in ("closed", "open"):
            tab.evaluate("(open) => document.querySelectorAll('details').forEach((item) => { item.open = open; })", state == "open")
            width = tab.evaluate("document.documentElement.scrollWidth")
            if width > 320:
                yield f"with details {state}, the page is {width} pixels wide: {tab.evaluate(WIDER, 320)}"


def without_script(page, browser):
    """All that the script shows is there and to be seen; the tools, which could do nothing, are not."""
    text = "document.querySelector('main').textContent.replace(/\\s+/g, ' ')"
    with browser.open(page) as tab:
        expected = tab.evaluate(text)
    with browser.open(page, script=False) as tab:
        if tab.evaluate(text) != expected:
            yield "the text is another"
        if tab.locator("#tools").is_visible():
            yield "the tools are shown"
        if tab.locator("th button").count():
            yield "there are buttons to sort by"
        tab.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
        yield from (f"not to be seen: {what}" for what in tab.evaluate(UNSEEN)[:10])


def printed(page, browser):
    """On paper everything stands open and nothing is cut off; tools are left out. The PDF has the text."""
    with browser.open(page, width=PAPER_WIDTH) as tab:
        closed = tab.locator("details:not([open])").count()
        tab.emulate_media(media="print")
        tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        for selector in ("#tools", "nav", ".skip"):
            if tab.locator(selector).first.is_visible():
                yield f"{selector} is printed"
        if tab.locator("details:not([open])").count():
            yield "something stays closed"
        yield from (f"not printed: {what}" for what in tab.evaluate(UNSEEN)[:10])
        width = tab.evaluate("document.documentElement.scrollWidth")
        if width > PAPER_WIDTH:
            yield f"cut off on the right: {tab.evaluate(WIDER, PAPER_WIDTH)}"
        yield from tab.evaluate("""() => [...document.querySelectorAll("main *, header *")].filter((element) => {
            if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) return false;
            if (element.closest(".hidden, svg")) return false;
            const [r, g, b] = getComputedStyle(element).color.match(/[\\d.]+/g).map(Number);
            let at = element;
            while (at && getComputedStyle(at).backgroundColor === "rgba(0, 0, 0, 0)") at = at.parentElement;
            return !at && Math.min(r, g, b) > 150;
          }).map((element) => `pale on white paper: ${element.textContent.trim().slice(0, 40)}`)""")
        tab.evaluate("dispatchEvent(new Event('afterprint'))")
        if tab.locator("details:not([open])").count() != closed:
            yield "what was closed does not close again"
        wanted = tab.evaluate("""[...document.querySelectorAll("h1, h2, h3, summary b, details dd, .rules th[scope=row], td b")]
            .filter((element) => !element.closest(".hidden")).map((element) => element.textContent)""")
        pdf = tab.pdf(format="A4")
    n_pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    if not pdf.startswith(b"%PDF") or (n_pages < 2 and page.name not in ("siffror",)):
        yield f"the PDF has {n_pages} pages"
    if not shutil.which("pdftotext"):
        return
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        text = subprocess.run(["pdftotext", file.name, "-"], capture_output=True, text=True, check=True).stdout
    text = letters(text)
    missing = [words for words in dict.fromkeys(wanted) if letters(words[:40]) not in text]
    if missing:
        yield f"{len(missing)} of {len(wanted)} texts are not in the PDF, such as {[words[:60] for words in missing[:5]]}"


def letters(text):
    """Without what lines and pages break at."""
    text = unicodedata.normalize("NFKC", text)
    return "".join(character for character in text if character.isalnum())


def axe(page, browser):
    """What axe-core finds. Moderate and minor findings, and those on practice, are told; they fail nothing."""
    # What is large is many times the same markup as that of the samples, and takes minutes.
    if page.name == "stor":
        return
    with open(AXE, encoding="utf-8") as file:
        script = file.read()
    with browser.open(page) as tab:
        # The driver's evaluation is no script of the page's, so its policy is as readers have it.
        tab.evaluate(script)
        # With everything open there is all that there is when it is closed but how that looks: two pages are enough for it.
        states = ("as opened", "with details open") if page.name in ("leverans", "riket") else ("with details open",)
        for state in states:
            if state != "as opened":
                tab.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
            found = tab.evaluate("""(tags) => axe.run(document,
                { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] })""", TAGS)
            for violation in found["violations"]:
                nodes = violation["nodes"]
                said = f"{violation['id']} ({violation['impact']}), {state}, {len(nodes)} times: {violation['help']}; " \
                    f"{nodes[0]['target']} {nodes[0]['html'][:100]}"
                fails = violation["impact"] in ("serious", "critical") and "best-practice" not in violation["tags"]
                if fails:
                    yield said
                else:
                    print(f"note: {page}: {said}")


def speed(page, browser):
    """How long until the page is there, and until a search has narrowed it."""
    with browser.open(page) as tab:
        wait(tab, "performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
        load = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        if load >= 2 * WANTED_LOAD:
            yield f"loaded after {load:.0f} ms"
        said = f"loaded in {load:.0f} ms"
        if tab.locator("#tools").is_visible():
            # Without the pause that waits for more letters. Laying out what is in sight is a part of it.
            search = tab.evaluate("""() => {
              const search = document.getElementById("search");
              const start = performance.now();
              search.value = "a";
              search.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
              document.body.offsetHeight;
              search.value = "avvikelse";
              const first = performance.now() - start;
              const again = performance.now();
              const choice = document.querySelector("#tools select");
              if (choice) choice.dispatchEvent(new Event("change"));
              document.body.offsetHeight;
              return [first, performance.now() - again];
            }""")
            said += f", narrowed first in {search[0]:.0f} ms, then in {search[1]:.0f} ms"
        print(f"note: {page}: {said}, {os.path.getsize(page.path) / 1000:.0f} kB")


SUBJECTS = [structure, language, hostile, charts, country, narrow, without_script, printed, axe, speed]
