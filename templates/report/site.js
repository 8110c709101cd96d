// Only filters, sorts and localises: every page reads the same without it, in UTC.
"use strict";
(() => {
  const forms = {
    full: {dateStyle: "medium", timeStyle: "long"},
    minute: {day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23"},
    short: {day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23"},
    day: {dateStyle: "medium"},
  };
  const formats = {};
  for (const form in forms) formats[form] = new Intl.DateTimeFormat("en-GB", forms[form]);

  for (const time of document.querySelectorAll("time")) {
    const form = formats[time.className] ? time.className : "minute";
    const told = time.textContent;
    time.title = told.endsWith("UTC") ? told : told + " UTC";
    time.textContent = formats[form].format(new Date(time.dateTime));
  }
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  for (const word of document.querySelectorAll(".zone")) word.textContent = zone.replace(/_/g, " ");

  // Yesterday's green never looks like today's.
  const overdue = () => {
    for (const place of document.querySelectorAll("[data-due]")) {
      if (Date.now() <= Date.parse(place.dataset.due)) continue;
      place.removeAttribute("data-due");
      const word = place.querySelector(".verdict");
      const before = word.textContent;
      word.className = "verdict late";
      word.textContent = "Not verified";
      const glyph = place.querySelector(".glyph");
      glyph.setAttribute("class", "glyph late");
      glyph.querySelector("use").setAttribute("href", "#glyph-late");
      const note = document.createElement("span");
      note.className = "was";
      note.textContent = "the next verdict is overdue; it was: " + before.trim().toLowerCase();
      word.append(" ", note);
    }
  };
  overdue();
  setInterval(overdue, 30000);

  // A permalink opens what it points into.
  const reveal = () => {
    let target;
    try { target = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    if (!target) return;
    const details = target.tagName === "DETAILS" ? target : target.querySelector("details");
    if (details) details.open = true;
    let closed = false;
    for (let outer = target.parentElement; outer; outer = outer.parentElement)
      if (outer.tagName === "DETAILS" && !outer.open) outer.open = closed = true;
    if (closed) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  const board = document.querySelector(".board");
  if (!board) return;
  const body = board.tBodies[0];
  const rows = [...body.rows];
  const VERDICT = 1, OWNER = 6, DUE = 8;
  const overdueRows = () => {
    for (const row of rows) {
      const due = row.cells[DUE].firstElementChild;
      const cell = row.cells[VERDICT];
      if (!due || cell.className === "late" || cell.className === "shadow" || Date.now() <= Date.parse(due.dateTime)) continue;
      cell.title = "the next verdict is overdue; it was: " + cell.textContent.trim().toLowerCase();
      cell.className = "late";
      cell.querySelector("use").setAttribute("href", "#glyph-late");
      cell.lastChild.data = " Not verified";
    }
  };
  const words = cell => cell.textContent.trim();
  const values = {
    verdict: row => [words(row.cells[VERDICT])],
    owner: row => [words(row.cells[OWNER]) || "nobody"],
    domain: row => [row.dataset.d || ""],
    tag: row => (row.dataset.t || "").split("|"),
    server: row => [words(row.cells[0].querySelector("span bdi:last-child"))],
  };
  const search = document.getElementById(":search");
  const shown = document.getElementById(":shown");
  const asked = () => [...new URLSearchParams(location.search)].filter(([key]) => values[key]);
  const apply = () => {
    const wanted = asked(), text = search.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      const fits = wanted.every(([key, value]) => values[key](row).includes(value))
        && (!text || (row.cells[0].textContent + " " + row.cells[OWNER].textContent).toLowerCase().includes(text));
      row.hidden = !fits;
      count += fits;
    }
    shown.textContent = "";
    for (const [key, value] of wanted) {
      const chip = document.createElement("a");
      const rest = new URLSearchParams(wanted.filter(each => each[0] !== key || each[1] !== value));
      chip.className = "chip";
      chip.href = "?" + rest;
      chip.dataset.filter = "";
      chip.textContent = key + ": " + value + " \u00d7";
      chip.setAttribute("aria-label", "Show all again, not only " + key + " " + value);
      shown.append(chip);
    }
    if (wanted.length || text) shown.append(count + " of " + rows.length + " contracts");
  };
  document.addEventListener("click", event => {
    const link = event.target.closest("a[data-filter]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const next = new URL(link.href).searchParams;
    if (!link.classList.contains("chip")) for (const [key, value] of asked()) if (!next.has(key)) next.append(key, value);
    history.pushState(null, "", location.pathname + ([...next].length ? "?" + next : ""));
    apply();
  });
  addEventListener("popstate", apply);
  search.addEventListener("input", apply);
  search.parentElement.hidden = false;

  const key = (row, column) => {
    const cell = row.cells[column], time = cell.querySelector("time");
    if (time) return time.dateTime;
    if (column === 4) return String(Number(words(cell) || 0)).padStart(9, "0");
    if (column === 3) return cell.querySelector("title").textContent;
    return words(cell).toLowerCase();
  };
  [...board.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const turn = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", turn === 1 ? "ascending" : "descending");
      const sorted = rows.map(row => [key(row, column), row]).sort((a, b) => turn * (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
      body.append(...sorted.map(each => each[1]));
    });
  });
  overdueRows();
  setInterval(() => { overdueRows(); apply(); }, 30000);
  apply();
})();
