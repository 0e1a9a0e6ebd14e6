"use strict";
// Links work without any of this; it adds the keys, and opens what is folded.
const all = (what) => [...document.querySelectorAll(what)];
const help = document.getElementById("help");
const said = document.getElementById("said");

function show(row) {
  for (let at = row.parentElement; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  row.scrollIntoView({ block: "center" });
  row.focus({ preventScroll: true });
}

function step(what, by, name) {
  const rows = all(what);
  if (!rows.length) { said.textContent = `There is no ${name}.`; return; }
  const active = document.activeElement;
  const here = active && active !== document.body ? active : document.getElementById("top");
  const isPast = (row) => row !== here && here.compareDocumentPosition(row) & (by > 0 ? 4 : 2);
  const past = by > 0 ? rows.find(isPast) : rows.findLast((row) => isPast(row) && !row.contains(here));
  show(past || rows.at(by > 0 ? 0 : -1));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (event.key === "d") step(".diverges", 1, "divergence");
  else if (event.key === "n") step(".opens", 1, "difference");
  else if (event.key === "p") step(".opens", -1, "difference");
  else if (event.key === "?") help.showModal();
  else return;
  event.preventDefault();
});

function openTarget() {
  const target = /^#[a-z0-9-]+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
  if (target && target.closest("details:not([open])")) show(target);
}
addEventListener("hashchange", openTarget);
addEventListener("beforeprint", () => all(".program details, .entries details").forEach((one) => { one.open = true; }));
openTarget();
