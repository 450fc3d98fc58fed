// What the panel does beyond its pages, all of which work without this file: copying, the visitor's time zone, the
// key of the search, and checks while one types.
"use strict";

const delay = 250; // milliseconds without a key until what was typed is checked

function later(action) {
  let timer;
  return () => { clearTimeout(timer); timer = setTimeout(action, delay); };
}

// What comes from the server is a fragment of a page, escaped there; the policy of the page runs nothing in it.
function show(place, html) {
  place.innerHTML = html;
  place.classList.remove("fresh");
  void place.offsetWidth;
  place.classList.add("fresh");
}

async function ask(url, options) {
  const answer = await fetch(url, { credentials: "same-origin", ...options });
  return answer.ok && !answer.redirected ? answer.text() : null;
}

function exact(at, timeStyle) {
  return new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle });
}

// The server names moments in UTC, also those within a message; a person reads them by the clock on the wall.
function times() {
  for (const time of document.querySelectorAll("time")) {
    if (!isNaN(new Date(time.dateTime))) time.title = exact(time.dateTime, "medium");
  }
  const moment = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;
  for (const place of document.querySelectorAll(".message, td.cut, .notes li")) {
    const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode, local = text.data.replace(moment, (at) => exact(at, "short"));
      if (local !== text.data) text.data = local;
    }
  }
}

function copying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const text = button.dataset.text ?? button.closest("figure").querySelector("pre").textContent;
    await navigator.clipboard.writeText(text);
    const before = button.textContent;
    button.textContent = document.body.dataset.copied;
    setTimeout(() => { button.textContent = before; }, 1200);
  });
}

function searching() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select")) return;
    event.preventDefault();
    document.querySelector(".search input")?.focus();
  });
}

function filters() {
  for (const select of document.querySelectorAll(".filters:not([method=post]) select")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
}

function addresses() {
  const field = document.querySelector("[data-covers]");
  if (!field) return;
  const place = document.getElementById("covers");
  field.addEventListener("input", later(async () => {
    const html = await ask(`${field.dataset.covers}?${new URLSearchParams({ addresses: field.value })}`);
    if (html !== null) show(place, html);
  }));
}

function editor() {
  const form = document.querySelector("form.editor");
  if (!form) return;
  const text = form.elements.text, gutter = form.querySelector(".gutter"), place = document.getElementById("checked");
  const number = () => {
    const count = Math.max(20, text.value.split("\n").length);
    text.rows = count;
    while (gutter.childElementCount > count) { gutter.lastChild.remove(); if (gutter.lastChild?.nodeType === 3 && gutter.childElementCount > count) gutter.lastChild.remove(); }
    while (gutter.childElementCount < count) {
      const line = document.createElement("span");
      line.id = `line-${gutter.childElementCount + 1}`;
      line.textContent = gutter.childElementCount + 1;
      gutter.append(line, "\n");
    }
  };
  const mark = () => {
    const bad = new Set((place.querySelector(".checked")?.dataset.bad ?? "").trim().split(" "));
    [...gutter.children].forEach((line, at) => line.classList.toggle("bad", bad.has(String(at + 1))));
  };
  const check = later(async () => {
    const body = new URLSearchParams({ csrf: form.elements.csrf.value, text: text.value });
    const html = await ask(form.dataset.check, { method: "POST", body });
    if (html !== null) { show(place, html); mark(); }
  });
  // A file is read here and typed into the text; it is not sent.
  const file = form.querySelector(".import-file");
  if (file) file.hidden = false;
  file?.addEventListener("change", async (event) => {
    const [first] = event.target.files;
    if (!first) return;
    text.value = await first.text();
    text.dispatchEvent(new Event("input"));
  });
  let saved = text.value;
  text.addEventListener("input", () => { number(); check(); });
  text.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      event.preventDefault();
      form.querySelector("[value=save]").click();
    }
  });
  form.addEventListener("submit", () => { saved = text.value; });
  window.addEventListener("beforeunload", (event) => { if (text.value !== saved) event.preventDefault(); });
  place.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    if (!link) return;
    event.preventDefault();
    const lines = text.value.split("\n"), at = Number(link.dataset.line) - 1;
    const start = lines.slice(0, at).reduce((sum, line) => sum + line.length + 1, 0);
    text.focus();
    text.setSelectionRange(start, start + (lines[at] ?? "").length);
    gutter.children[at]?.scrollIntoView({ block: "center" });
  });
}

// While one points at a list its rows stay where they are: how many are new stands above it, and they come when that is
// clicked, or when one points elsewhere.
function announce(place, other, take) {
  const links = (of) => [...of.querySelectorAll("a.whole")].map((link) => link.getAttribute("href"));
  const known = new Set(links(place)), count = links(other).filter((href) => !known.has(href)).length;
  const button = place.parentElement.querySelector(".new-rows") ?? document.createElement("button");
  const come = () => { button.remove(); place.onmouseleave = null; take(); };
  button.className = "new-rows";
  button.type = "button";
  button.textContent = place.dataset.new.replace("%", count);
  button.onclick = place.onmouseleave = come;
  if (count > 0) place.before(button);
}

// A page with live places hears from the server that its runs have changed, asks for itself again, and takes over those
// places. What one is just using in them stays: the focus goes to the same link again.
function live() {
  if (!document.querySelector("main [data-live]") || location.search.includes("after=")) return;
  const places = [...document.querySelectorAll("[data-live]")];
  const seen = new Map(places.map((place) => [place, place.innerHTML]));
  const renew = async () => {
    const html = await ask(location.pathname + location.search);
    if (html === null) return;
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const place of places) {
      const other = fresh.getElementById(place.id);
      if (!other || other.innerHTML === seen.get(place)) continue;
      const take = () => renewed(place, other.innerHTML);
      if (place.dataset.new && place.matches(":hover")) announce(place, other, take);
      else take();
    }
    times();
  };
  const renewed = (place, html) => {
    const focused = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    document.querySelector(".new-rows")?.remove();
    seen.set(place, html);
    if (place.id === "live-navigation") place.innerHTML = html;
    else show(place, html);
    if (focused !== null) [...place.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
    times();
  };
  const events = new EventSource(`/live?${new URLSearchParams({ page: location.pathname + location.search })}`);
  events.onmessage = renew;
  addEventListener("pagehide", () => events.close());
}

// A page that shows how far a search is goes on with it.
function goesOn() {
  const form = document.querySelector("form[data-goes-on]");
  if (form) setTimeout(() => form.requestSubmit(), delay);
}

live();
times();
copying();
searching();
filters();
addresses();
editor();
goesOn();
