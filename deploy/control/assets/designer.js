// What the designer does beyond its pages, all of which work without this file: keys, walking on the graph, looking for a
// task while one types, and taking over what was typed when a link is followed.
"use strict";

const graph = document.querySelector(".design .graph"), form = document.querySelector(".step-form");
const cards = [...document.querySelectorAll(".card-link")];
const isTyping = (element) => element?.matches("input:not([type=checkbox]), textarea, select");

// The centre of a card on the drawing.
function place(card) {
  const { x, y } = card.querySelector("rect");
  return { x: x.baseVal.value, y: y.baseVal.value };
}

function chosen() {
  return cards.find((card) => card === document.activeElement) ?? cards.find((card) => card.querySelector(".chosen"));
}

// The nearest card in the direction of an arrow. Sideways counts more than ahead.
function walk(key) {
  const from = chosen();
  if (!from) return;
  const here = place(from), ahead = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[key];
  let best = null, least = Infinity;
  for (const card of cards) {
    const there = place(card), x = there.x - here.x, y = there.y - here.y;
    const along = x * ahead[0] + y * ahead[1], across = Math.abs(x * ahead[1]) + Math.abs(y * ahead[0]);
    if (along > 0 && along + 2 * across < least) { best = card; least = along + 2 * across; }
  }
  best?.focus();
}

// The field in which something is wrong, or else the first one. In rows it is what is missing in the first row, or its value.
function enter() {
  const place = document.querySelector(".step-field:has(.error)") ?? document.querySelector(".step-field");
  const typed = (of) => [...of?.querySelectorAll("input:not([type=hidden]), textarea, select:not(.join)") ?? []];
  const row = place?.matches(":has(.error)") ? typed(place.querySelector(".entry")).filter((one) => one.matches("input")) : [];
  (row.find((field) => !field.value) ?? row.at(-1) ?? typed(place)[0])?.focus();
}

// Follows the link of a card to a page that does more than to show its step.
let isLeaving = false;
function follow(card, more) {
  const link = document.createElement("a");
  link.href = `${card.getAttribute("href")}&${more}`;
  document.querySelector(".design").append(link);
  link.click();
  // What is typed before the next page is there is meant for it.
  isLeaving = true;
}

// What a key does to a step. It works on the card that has the focus, and without one on the step that is open.
const pages = { a: "add=free", c: "connect=1" };
const actions = { x: "remove", d: "duplicate", k: "up", j: "down" };
function does(key) {
  const card = chosen(), isOpen = !card || card.querySelector(".chosen") !== null;
  if (form && card && pages[key]) { follow(card, pages[key]); return true; }
  if (!form || isOpen || !actions[key]) return false;
  if (card.dataset.step) {
    form.elements.on_card.value = JSON.stringify([actions[key], card.dataset.step]);
    form.requestSubmit(form.querySelector("[value=save]"));
  }
  return true;
}

function keys() {
  window.addEventListener("pageshow", () => { isLeaving = false; });
  document.addEventListener("keydown", (event) => {
    // Enter alone makes a new line in a text.
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[value=save]"));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (isLeaving) { event.preventDefault(); return; }
    const target = event.target;
    if (event.key === "Escape") {
      if (form && (isTyping(target) || target.matches(".step-ends"))) { event.preventDefault(); target.blur(); chosen()?.focus(); return; }
      const link = document.querySelector("[data-key=Escape]");
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    // A list that is closed has no use for Enter: it sends the form, as Enter in a field does.
    if (event.key === "Enter" && target.matches("select") && target.form) {
      event.preventDefault();
      target.form.requestSubmit(target.form.querySelector("button"));
      return;
    }
    if (isTyping(target)) return;
    // A step ends the workflow: the letters that follow are the task that one meant to look for.
    if (target.matches(".step-ends") && event.key.length === 1) { event.preventDefault(); return; }
    if (event.key.startsWith("Arrow")) { event.preventDefault(); walk(event.key); return; }
    if (event.key === "Enter" && form && (target === document.body || target.matches(".card-link"))) {
      event.preventDefault();
      if (target === document.body || target.querySelector(".chosen")) enter();
      else follow(target, "edit=1");
      return;
    }
    // The same key on a keyboard of another script.
    const key = /^[a-z]$/.test(event.key) ? event.key : event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : "";
    // The key to publish only leads to the button, which Enter presses; any other key leads away again.
    if (target.matches("[data-key=p]") && key) target.blur();
    if (key && does(key)) { event.preventDefault(); return; }
    const button = key && document.querySelector(`[data-key="${key}"]:not(:disabled)`);
    if (!button) return;
    event.preventDefault();
    if (key === "p") button.focus();
    else button.click();
  });
}

// Enter in the search takes the first task that fits.
function picking() {
  const search = document.querySelector(".pick-search input[type=search]");
  if (!search) return;
  const offers = [...document.querySelectorAll(".offer")];
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const offer of offers) {
      const text = `${offer.value} ${offer.value.replace("_", " ")} ${offer.dataset.words} ${offer.textContent}`;
      const all = text.toLowerCase().split(/[^\p{L}\p{N}_-]+/u);
      offer.hidden = !words.every((word) => all.some((one) => one.startsWith(word)));
    }
    for (const group of document.querySelectorAll(".pick-tasks fieldset")) {
      group.hidden = [...group.querySelectorAll(".offer")].every((offer) => offer.hidden);
    }
    document.querySelector(".pick-none").hidden = offers.some((offer) => !offer.hidden);
  };
  search.addEventListener("input", filter);
  search.form.addEventListener("submit", (event) => {
    event.preventDefault();
    offers.find((offer) => !offer.hidden)?.click();
  });
  filter();
}

// What was typed goes along when a link of the designer is followed; other ways out ask first.
function typed() {
  if (!form) return;
  const state = () => new URLSearchParams(new FormData(form)).toString();
  // A form that came back is not kept yet.
  const before = "unkept" in form.dataset ? null : state();
  let isSent = false;
  form.addEventListener("submit", () => { isSent = true; });
  const save = form.querySelector("[value=save]");
  for (const place of document.querySelectorAll(".design, .design-bar")) place.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]:not([download])");
    if (!link || state() === before) return;
    event.preventDefault();
    const to = new URL(link.getAttribute("href"), location);
    form.elements.next.value = to.pathname + to.search;
    form.requestSubmit(save);
  });
  // The step is kept first; where it cannot be, its form says why and nothing is published.
  const publish = document.querySelector("form[action$='/publish']");
  publish?.addEventListener("submit", async (event) => {
    if (isSent || state() === before) return;
    event.preventDefault();
    const kept = await fetch(form.getAttribute("action"), { method: "POST", body: new URLSearchParams(new FormData(form, save)) });
    const page = new DOMParser().parseFromString(await kept.text(), "text/html");
    const seen = page.querySelector("form[action$='/publish'] [name=seen]");
    if (!kept.ok || !seen || page.querySelector("[data-unkept]")) { form.requestSubmit(save); return; }
    publish.elements.seen.value = seen.value;
    isSent = true;
    publish.requestSubmit();
  });
  window.addEventListener("beforeunload", (event) => { if (!isSent && state() !== before) event.preventDefault(); });
}

// A row is added when the last one is filled, and a text takes the lines that it needs.
function growing() {
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.matches(".step-form textarea")) fit(field);
    const row = field.closest(".entry");
    if (!row || row.nextElementSibling?.matches(".entry") || !field.value) return;
    const copy = row.cloneNode(true);
    // What is hidden says which group a row of a condition stands in.
    for (const input of copy.querySelectorAll("input:not([type=hidden])")) { input.value = ""; input.removeAttribute("value"); }
    row.after(copy);
  });
  const fit = (field) => { field.style.height = "auto"; field.style.height = `${field.scrollHeight + 2}px`; };
  document.querySelectorAll(".step-form textarea").forEach(fit);
}

// A reference is put where one was typing last.
function references() {
  let last = null;
  document.addEventListener("focusout", (event) => { if (event.target.matches(".step-field input, .step-field textarea")) last = event.target; });
  document.querySelector(".references")?.addEventListener("click", (event) => {
    const button = event.target.closest("[data-text]");
    if (!button || !last || last.selectionStart === null) return;
    event.stopPropagation();
    // In an expression a reference with a filter needs no braces.
    const isBare = "filtered" in button.dataset && last.closest("[data-expression]");
    const text = isBare ? button.dataset.text.replace(/^{{ | }}$/g, "") : button.dataset.text;
    last.setRangeText(text, last.selectionStart, last.selectionEnd, "end");
    last.dispatchEvent(new Event("input", { bubbles: true }));
    last.focus();
  });
}

// The page on which the draft is tried leads back to the step that was open.
function wayBack() {
  const key = `step of ${location.pathname.split("/")[2]}`, back = document.querySelector("a[data-key=g]");
  if (graph && form) sessionStorage.setItem(key, form.elements.step.value);
  else if (back) back.search = new URLSearchParams({ step: sessionStorage.getItem(key) ?? "" });
}

keys();
picking();
typed();
growing();
references();
wayBack();
// A browser focuses what has `autofocus` when it first paints; a key that comes before would be taken for a command.
const first = document.querySelector("[autofocus], [data-focus]") ?? (form && chosen());
first?.focus({ preventScroll: true });
if (form && new URLSearchParams(location.search).get("edit") === "1") enter();
if (graph && chosen()) chosen().scrollIntoView({ block: "nearest", inline: "center" });
// On a phone what was asked for stands below the graph, and below the data of a dry run.
const panel = document.querySelector(".step-panel"), isChosen = new URLSearchParams(location.search).has("step");
const asked = isChosen || panel?.contains(document.activeElement) ? panel : document.querySelector("#tried");
if (asked && asked.getBoundingClientRect().top > innerHeight / 2) (asked.querySelector(".step-field:has(.error)") ?? asked).scrollIntoView();
