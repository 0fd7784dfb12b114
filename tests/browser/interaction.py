"""What a page does: search, filters, sorting, the keyboard, and what opens.

Each function is a subject: it is given a page and a browser, and yields what is wrong.
"""

import json
import re
import unicodedata

from browser import wait

ROWS = "table:is([data-filter], .data-filter) > tbody > tr, [data-item]"
# Stops of the keyboard looked at; the rest of a long page are more of the same.
MOST_STOPS = 150

SHOWN = f"""() => [...document.querySelectorAll("{ROWS}")].filter((row) => !row.hidden)
  .map((row) => row.textContent.toLocaleLowerCase(document.documentElement.lang).replace(/\\s+/g, " "))"""
COUNT = f"""document.querySelectorAll("{ROWS}").length"""

SAID = "document.getElementById('hits').textContent"

# What can be reached with the keyboard, in the order of the page; each is marked, to be known again.
STOPS = """() => {
  const stops = document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']");
  return [...stops].filter((stop) => stop.checkVisibility({ visibilityProperty: true }) && !stop.closest("[hidden]"))
    .map((stop, n) => { stop.dataset.stop = n; return `${stop.tagName} ${stop.textContent.trim().slice(0, 40)}`; });
}"""

# The stop that has the focus: whether that shows, and whether anything lies over it.
FOCUSED = """() => {
  const stop = document.activeElement;
  if (!stop || stop === document.body) return null;
  const style = getComputedStyle(stop);
  const box = stop.getBoundingClientRect();
  const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
  const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
  let isSeen = false;
  for (const x of [0.1, 0.5, 0.9]) for (const y of [0.1, 0.5, 0.9]) {
    const at = document.elementFromPoint(left + (right - left) * x, top + (bottom - top) * y);
    isSeen ||= Boolean(at) && (stop.contains(at) || at.contains(stop) && at.tagName !== "BODY");
  }
  return { stop: Number(stop.dataset.stop ?? -1), outline: style.outlineStyle !== "none" ? parseFloat(style.outlineWidth) : 0,
    seen: isSeen && right > left && bottom > top, name: `${stop.tagName} ${stop.textContent.trim().slice(0, 40)}` };
}"""


def has_tools(tab):
    return tab.locator("#tools").is_visible()


def search_for(tab, words):
    """The rows that are left, once the page has said so."""
    tab.locator("#search").fill("")
    wait(tab, f"{SAID} === ''")
    tab.locator("#search").fill(words)
    wait(tab, f"{SAID} !== ''")
    return tab.evaluate(SHOWN)


def said(tab):
    """The numbers of the live region: rows left, and rows in all; none left is said in words."""
    text = tab.locator("#hits").text_content()
    if text == tab.get_attribute("#hits", "data-none"):
        return 0, None
    first, last = (int(re.sub(r"\D", "", number)) for number in re.findall(r"\d[\d\s.,]*", text))
    return first, last


def search(page, browser):
    """Typing leaves the rows that hold what was typed, and says how many."""
    with browser.open(page) as tab:
        if not has_tools(tab):
            if tab.evaluate(COUNT):
                yield "there are rows, and nothing to search them with"
            return
        if tab.get_attribute("#hits", "aria-live") != "polite":
            yield "what was found is not said"
        total = tab.evaluate(COUNT)
        ids = tab.locator(":is(.rules, table) tbody th[scope=row]").all_text_contents()
        rule = next((word for text in ids for word in text.split() if re.fullmatch(r"[A-ZÅÄÖ]+-[\w-]+", word)), None)
        words = [rule] if rule else []
        # Marks of the language in either case, and as files from other systems have them.
        marked = tab.evaluate(f"""() => [...document.querySelectorAll("{ROWS}")]
            .flatMap((row) => row.textContent.match(/[a-zåäö]*[åäö][a-zåäö]*/g) || []).filter((word) => word.length > 3)[0]""")
        if marked:
            words += [marked, marked.upper(), unicodedata.normalize("NFD", marked)]
        if page.language == "sv" and page.name not in ("siffror",) and not marked:
            yield "no row of a Swedish page has å, ä or ö"
        for word in words:
            left = search_for(tab, word)
            wanted = unicodedata.normalize("NFC", word).lower()
            if not left or not all(wanted in row for row in left):
                yield f"{word!r} leaves {len(left)} rows, {sum(wanted not in row for row in left)} of them without it"
            if left and said(tab) != (len(left), total):
                yield f"{len(left)} rows of {total} are left, and said is {tab.locator('#hits').text_content()!r}"
            if len(left) < total and tab.evaluate(f"[...document.querySelectorAll('{ROWS}')].every((row) => !row.hidden)"):
                yield "nothing is hidden"
        if search_for(tab, "finns ingenstans qqq"):
            yield "what is nowhere is found"
        if said(tab)[0] != 0:
            yield "that nothing is left is not said"
        if not tab.locator("p.nothing").first.is_visible():
            yield "an empty table does not say so"
        tab.locator("#search").press("Escape")
        wait(tab, f"{SAID} === ''")
        if len(tab.evaluate(SHOWN)) != total or tab.locator("p.nothing").count():
            yield "Escape does not bring back every row"
        search_for(tab, "a")
        tab.locator("#reset").click()
        if len(tab.evaluate(SHOWN)) != total or tab.input_value("#search"):
            yield "the button does not bring back every row"


def filters(page, browser):
    """Each choice leaves the rows that it speaks of, and those that know nothing of it."""
    with browser.open(page) as tab:
        if not has_tools(tab):
            return
        total = tab.evaluate(COUNT)
        for choice in tab.locator("#tools select").all():
            by = choice.get_attribute("data-by")
            narrowed = 0
            for value in [option.get_attribute("value") for option in choice.locator("option").all()][1:]:
                choice.select_option(value)
                shown, wrong = tab.evaluate(f"""([by, value]) => {{
                  const shown = [...document.querySelectorAll("{ROWS}")].filter((row) => !row.hidden);
                  const of = (row) => row.closest(`[data-${{by}}]`)?.dataset[by].split(" ");
                  return [shown.length, shown.filter((row) => of(row) && !of(row).includes(value)).length];
                }}""", [by, value])
                narrowed += shown < total
                if wrong:
                    yield f"{by} {value} leaves {wrong} rows of others"
                if said(tab)[0] != shown:
                    yield f"{by} {value} leaves {shown} rows, and said is {tab.locator('#hits').text_content()!r}"
            if not narrowed:
                yield f"no choice of {by} hides any row"
            choice.select_option("")
            if len(tab.evaluate(SHOWN)) != total:
                yield f"with no choice of {by}, rows are missing"


def number(text, language):
    """The number that a cell shows; nothing where it shows none."""
    text = re.sub(r"\s", "", text).rstrip("%").lstrip("<>").replace("−", "-")
    text = text.replace(",", ".") if language == "sv" else text.replace(",", "")
    return float(text) if re.fullmatch(r"[+-]?\d+(\.\d+)?", text) else None


def in_order(values, is_descending):
    pairs = list(zip(values, values[1:]))
    return all(a >= b for a, b in pairs) if is_descending else all(a <= b for a, b in pairs)


def sorting(page, browser):
    """Each heading sorts its table both ways: numbers as numbers, names as Swedes sort them, blanks last."""
    with browser.open(page) as tab:
        # What stands under a heading is told by where it stands, so everything must be laid out.
        tab.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
        tables = tab.evaluate("""() => [...document.querySelectorAll("table")].map((table, n) => {
            table.dataset.n = n; return table.querySelectorAll("thead button").length; })""")
        for n, n_buttons in enumerate(tables):
            for column in range(n_buttons):
                for _ in range(2):
                    state = tab.evaluate("""([n, column]) => {
                      const table = document.querySelector(`table[data-n="${n}"]`);
                      const button = table.querySelectorAll("thead button")[column];
                      button.click();
                      const heading = button.closest("th");
                      const others = [...table.tHead.querySelectorAll("th")].filter((cell) => cell !== heading);
                      const place = heading.getBoundingClientRect();
                      const middle = (place.left + place.right) / 2;
                      const below = (row) => [...row.cells].find((cell) => {
                        const own = cell.getBoundingClientRect();
                        return own.left <= middle && middle <= own.right;
                      });
                      return { direction: heading.getAttribute("aria-sort"), name: heading.textContent,
                        others: others.map((cell) => cell.getAttribute("aria-sort")).filter((said) => said && said !== "none"),
                        rows: table.tBodies[0].rows.length, named: button.title,
                        cells: [...table.tBodies[0].rows].map((row) => below(row).innerText.trim()) };
                    }""", [n, column])
                    yield from badly_sorted(state, page.language)
        if not any(tables):
            return
        first = next(n for n, n_buttons in enumerate(tables) if n_buttons and tab.locator(f"table[data-n='{n}'] tbody tr").count())
        yield from names_sorted(tab, first, page.language)


def badly_sorted(state, language):
    name = state["name"].strip()
    if state["direction"] not in ("ascending", "descending") or state["others"]:
        yield f"{name}: said to be sorted {state['direction']}, and others {state['others']}"
    cells = [cell for cell in state["cells"] if cell not in ("", "–")]
    if any(cell not in ("", "–") for cell in state["cells"][len(cells):]):
        yield f"{name}: cells without a value stand among the others"
    numbers = [number(cell, language) for cell in cells]
    if cells and None not in numbers and not in_order(numbers, state["direction"] == "descending"):
        yield f"{name}: not {state['direction']}: {cells[:12]}"


def names_sorted(tab, n, language):
    """With names put in for those that are there, for no sample has every letter."""
    names = ["Örebro", "Zäta", "KAT-10", "Ångermanland", "adam", "Ärla", "KAT-9", ""]
    cells = tab.evaluate("""([n, names]) => {
      const body = document.querySelector(`table[data-n="${n}"]`).tBodies[0];
      const row = body.rows[0];
      body.replaceChildren(...names.map((name) => {
        const copy = row.cloneNode(true);
        delete copy.cells[0].dataset.sort;
        copy.cells[0].textContent = name;
        return copy;
      }));
      const heading = document.querySelector(`table[data-n="${n}"] thead th`);
      do heading.querySelector("button").click(); while (heading.getAttribute("aria-sort") !== "ascending");
      return [...body.rows].map((row) => row.cells[0].textContent);
    }""", [n, names])
    wanted = {"sv": ["adam", "KAT-9", "KAT-10", "Zäta", "Ångermanland", "Ärla", "Örebro", ""],
              "en": ["adam", "Ångermanland", "Ärla", "KAT-9", "KAT-10", "Örebro", "Zäta", ""]}[language]
    if cells != wanted:
        yield f"names are sorted {cells}"


def keyboard(page, browser):
    """Every stop is reached with Tab alone, there and back; the focus is seen at each, and nothing lies over it."""
    with browser.open(page) as tab:
        stops = tab.evaluate(STOPS)
        wanted = min(len(stops), MOST_STOPS)
        reached = []
        for _ in range(wanted):
            tab.keyboard.press("Tab")
            at = tab.evaluate(FOCUSED)
            if at is None:
                break
            reached.append(at["stop"])
            yield from unseen(at)
        if reached != list(range(wanted)):
            missed = [stops[n] for n in range(wanted) if n not in reached]
            yield f"Tab reaches {len(reached)} of {wanted} stops, not {missed[:5]}, and not in the order of the page"
        if not stops or not stops[0].startswith("A ") or tab.get_attribute("[data-stop='0']", "href") != "#main":
            yield "the first stop is not the link to the content"
        # Backwards, where a bar that stays at the top would lie over what comes into sight.
        for _ in range(min(wanted - 1, 80)):
            tab.keyboard.press("Shift+Tab")
            at = tab.evaluate(FOCUSED)
            if at is None:
                yield "Shift+Tab leaves the page"
                break
            yield from (f"backwards, {line}" for line in unseen(at))
    with browser.open(page) as tab:
        tab.keyboard.press("Tab")
        if not tab.evaluate("document.activeElement.getBoundingClientRect().top >= 0"):
            yield "the link to the content is not in sight when it has the focus"
        tab.keyboard.press("Enter")
        if tab.evaluate("document.activeElement.id") != "main":
            yield "the link to the content does not move the focus there"
        for key in ("Enter", "Space"):
            yield from works(tab, key)
        if has_tools(tab):
            tab.locator("#main").focus()
            tab.keyboard.press("/")
            if tab.evaluate("document.activeElement.id") != "search" or tab.input_value("#search"):
                yield "/ does not lead to the search"
            tab.keyboard.type("a/b")
            if tab.input_value("#search") != "a/b":
                yield "/ cannot be searched for"


def unseen(at):
    if at["outline"] < 2:
        yield f"the focus is not seen on {at['name']}"
    if not at["seen"]:
        yield f"something lies over {at['name']}"


def works(tab, key):
    """That the key does what the pointer does, on a heading and on what opens."""
    button = tab.locator("th button").first
    if button.count():
        before = tab.get_attribute("th:has(button) >> nth=0", "aria-sort")
        button.focus()
        tab.keyboard.press(key)
        if tab.get_attribute("th:has(button) >> nth=0", "aria-sort") == before:
            yield f"{key} does not sort"
    summary = tab.locator("summary").first
    if summary.count():
        before = tab.evaluate("document.querySelector('details').open")
        summary.focus()
        tab.keyboard.press(key)
        if tab.evaluate("document.querySelector('details').open") == before:
            yield f"{key} does not open or close"


def opening(page, browser):
    """What can be opened opens; a link, and an address, lead to what is closed or searched away."""
    hidden = "details.rule[id]"
    with browser.open(page) as tab:
        n_rules = tab.locator(hidden).count()
        summary = tab.locator("details > summary").first
        if summary.count():
            before = tab.evaluate("document.querySelector('details').open")
            # Beside any link in it.
            summary.click(position={"x": 4, "y": 8})
            if tab.evaluate("document.querySelector('details').open") == before:
                yield "a click does not open or close"
        if has_tools(tab):
            for button, closed in (("#open-all", 0), ("#close-all", tab.locator("details").count())):
                tab.locator(button).click()
                if tab.locator("details:not([open])").count() != closed:
                    yield f"{button} leaves {tab.locator('details:not([open])').count()} closed"
        if not n_rules:
            return
        last = tab.locator(hidden).last.get_attribute("id")
        link = tab.locator(f"table a[href='#{last}']").first
        if link.count():
            link.click()
            yield from (f"a link: {line}" for line in not_shown(tab, last))
            # Again, when the reader has closed it: the address does not change.
            tab.evaluate("(id) => { document.getElementById(id).open = false; scrollTo(0, 0); }", last)
            link.click()
            yield from (f"a link, again: {line}" for line in not_shown(tab, last))
        tab.locator("#search").fill("finns ingenstans qqq")
        wait(tab, f"{SAID} !== ''")
        first = tab.locator(hidden).first.get_attribute("id")
        tab.evaluate("(id) => { location.hash = id; }", first)
        wait(tab, f"!document.getElementById({json.dumps(first)}).hidden && {SAID} === ''")
        yield from (f"an address, searched away: {line}" for line in not_shown(tab, first))
    with browser.open(page, hash=f"#{last}") as tab:
        yield from (f"an address: {line}" for line in not_shown(tab, last))


def not_shown(tab, id):
    # The page hears of an address after the click.
    wait(tab, f"document.getElementById({json.dumps(id)}).open")
    state = tab.evaluate("""(id) => {
      const target = document.getElementById(id);
      const box = target.querySelector("summary").getBoundingClientRect();
      const at = document.elementFromPoint(box.left + 5, box.top + box.height / 2);
      return [box.top >= 0 && box.bottom <= innerHeight, Boolean(at) && target.contains(at)];
    }""", id)
    for is_so, what in zip(state, ("is not in sight", "has something over it")):
        if not is_so:
            yield f"{id} {what}"


SUBJECTS = [search, filters, sorting, keyboard, opening]
