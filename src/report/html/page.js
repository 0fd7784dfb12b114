"use strict";
// Search, filters and sorting of what is on the page; opens what an address or a printer needs open. The page is whole
// without it. Rows are those of tables marked `data-filter`, by attribute or class, and blocks marked `data-item`.
(() => {
  const root = document.documentElement;
  const tools = document.getElementById("tools");
  const search = document.getElementById("search");
  const hits = document.getElementById("hits");
  const shortcut = document.getElementById("shortcut");
  const choices = [...tools.querySelectorAll("select[data-by]")];
  const collator = new Intl.Collator(root.lang, { numeric: true, sensitivity: "base" });
  const numbers = new Intl.NumberFormat(root.lang === "sv" ? "sv-SE" : "en-GB");
  // Alike for a search: case, the spaces that keep figures together, and marks pasted apart from their letters.
  const fold = (text) => text.normalize("NFC").toLocaleLowerCase(root.lang).replace(/[\s\u00a0\u202f]+/g, " ");

  const TABLES = "table:is([data-filter], .data-filter)";
  let rows = null;
  const collect = () => {
    if (rows) return rows;
    rows = [];
    const add = (element) => {
      const texts = choices.map((choice) => {
        const holder = element.closest(`[data-${choice.dataset.by}]`);
        return holder ? ` ${holder.dataset[choice.dataset.by]} ` : null;
      });
      rows.push({ element, text: fold(element.textContent), texts, shown: true });
    };
    for (const table of document.querySelectorAll(TABLES))
      for (const body of table.tBodies) for (const row of body.rows) add(row);
    document.querySelectorAll("[data-item]").forEach(add);
    return rows;
  };

  // Headings that speak of a filtered table or list say when nothing of it is left.
  const groups = () => document.querySelectorAll(`${TABLES}, .items`);
  const showEmpty = () => {
    for (const group of groups()) {
      const all = group.tagName === "TABLE" ? [...group.tBodies].flatMap((body) => [...body.rows]) : [...group.children];
      const holder = group.closest(".wide") || group;
      const isEmpty = all.length > 0 && all.every((row) => row.hidden);
      let note = holder.nextElementSibling;
      if (!note || !note.classList.contains("nothing")) note = null;
      if (isEmpty && !note) {
        note = document.createElement("p");
        note.className = "nothing";
        note.textContent = hits.dataset.none;
        holder.after(note);
      } else if (!isEmpty && note) note.remove();
    }
  };

  const apply = () => {
    const words = fold(search.value).split(" ").filter(Boolean);
    const wanted = choices.map((choice) => (choice.value ? ` ${choice.value} ` : ""));
    const isNarrowed = words.length > 0 || wanted.some(Boolean);
    let shown = 0;
    const all = collect();
    for (const row of all) {
      // A row that knows nothing of what is chosen stays: a table of variables has no severities.
      const fits =
        row.texts.every((text, index) => !wanted[index] || text === null || text.includes(wanted[index])) &&
        words.every((word) => row.text.includes(word));
      if (fits) shown += 1;
      if (fits !== row.shown) {
        row.element.hidden = !fits;
        row.shown = fits;
      }
    }
    const collection = choices.find((choice) => choice.dataset.by === "collection");
    for (const part of document.querySelectorAll("div[data-collection]"))
      part.hidden = Boolean(collection && collection.value) && part.dataset.collection !== collection.value;
    showEmpty();
    hits.textContent = !isNarrowed
      ? ""
      : shown === 0
        ? hits.dataset.none
        : hits.dataset.hits.replace("#", numbers.format(shown)).replace("@", numbers.format(all.length));
  };

  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 120);
  };
  const reset = () => {
    search.value = "";
    for (const choice of choices) choice.value = "";
    clearTimeout(timer);
    apply();
  };

  // Sorting: each heading right above a column becomes a button. Cells without a value come last.
  const value = (row, column) => {
    const cell = row.cells[column];
    if (!cell) return null;
    const raw = cell.dataset.sort;
    const text = (raw === undefined ? cell.textContent : raw).trim();
    if (text === "" || text === "–") return null;
    return (raw !== undefined || cell.classList.contains("num")) && !Number.isNaN(Number(text)) ? Number(text) : text;
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
  const sort = (table, heading, column) => {
    const keyed = [...table.tBodies[0].rows].map((row) => ({ row, key: value(row, column) }));
    const isNumeric = keyed.some(({ key }) => typeof key === "number");
    const before = heading.getAttribute("aria-sort");
    // What is most is wanted first, and names from A.
    const next = before === "none" ? (isNumeric ? "descending" : "ascending") : before === "ascending" ? "descending" : "ascending";
    const sign = next === "ascending" ? 1 : -1;
    keyed.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
      return sign * compare(a.key, b.key);
    });
    for (const other of table.tHead.querySelectorAll("[aria-sort]")) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", next);
    table.tBodies[0].append(...keyed.map(({ row }) => row));
  };
  // The headings of the last row, and those that reach down to it, each with its column.
  const bottom = (rows) => {
    const taken = rows.map(() => []);
    const found = [];
    rows.forEach((row, at) => {
      let column = 0;
      for (const heading of row.cells) {
        while (taken[at][column]) column += 1;
        for (let below = at; below < Math.min(at + heading.rowSpan, rows.length); below += 1)
          for (let beside = 0; beside < heading.colSpan; beside += 1) taken[below][column + beside] = true;
        if (at + heading.rowSpan >= rows.length && heading.colSpan === 1) found.push([heading, column]);
      }
    });
    return found;
  };
  for (const table of document.querySelectorAll(TABLES)) {
    if (!table.tHead || table.tBodies.length !== 1) continue;
    // Rows that hang together cannot be put in another order.
    if (table.tBodies[0].querySelector("[rowspan], [colspan]")) continue;
    bottom([...table.tHead.rows]).forEach(([heading, column]) => {
      if (heading.dataset.fixed !== undefined) return;
      const button = document.createElement("button");
      button.type = "button";
      button.title = `${hits.dataset.sort} ${heading.textContent.trim()}`;
      button.append(...heading.childNodes);
      heading.append(button);
      heading.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => sort(table, heading, column));
    });
  }

  // What the address names is opened, whatever hides it.
  const reveal = () => {
    let id;
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      return;
    }
    const target = id && document.getElementById(id);
    if (!target) return;
    if (target.hidden || target.closest("[hidden]")) reset();
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  };

  const setAll = (open) => {
    for (const item of document.querySelectorAll("details")) item.open = open;
  };
  let closed = [];
  const beforePrint = () => {
    if (closed.length) return;
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const item of closed) item.open = true;
  };
  const afterPrint = () => {
    for (const item of closed) item.open = false;
    closed = [];
  };

  search.addEventListener("input", later);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && search.value) {
      search.value = "";
      apply();
      event.preventDefault();
    }
  });
  for (const choice of choices) choice.addEventListener("change", apply);
  document.getElementById("reset").addEventListener("click", reset);
  document.getElementById("open-all").addEventListener("click", () => setAll(true));
  document.getElementById("close-all").addEventListener("click", () => setAll(false));
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest && event.target.closest("input, select, textarea, [contenteditable]");
    if (!shortcut.checked || event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    event.preventDefault();
    search.focus();
  });
  addEventListener("hashchange", reveal);
  // The same link twice changes no address.
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href^='#']");
    if (link && link.hash === location.hash) reveal();
  });
  addEventListener("beforeprint", beforePrint);
  addEventListener("afterprint", afterPrint);
  // What is jumped to stands below the tools, where these stay in sight.
  const fit = () => {
    const stays = getComputedStyle(tools).position === "sticky";
    root.style.setProperty("--tools", stays ? `${tools.offsetHeight}px` : "0px");
  };
  // A form that the browser filled in again is no choice of the reader's.
  if (document.querySelector(`${TABLES}, [data-item]`)) tools.hidden = false;
  new ResizeObserver(fit).observe(tools);
  fit();
  reset();
  reveal();
})();
