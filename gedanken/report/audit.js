"use strict";
// Links work without any of this; it opens what is folded, and steps from accusation to accusation.
function show(target) {
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  target.scrollIntoView({ block: "center" });
  target.focus({ preventScroll: true });
}

function openTarget() {
  const target = /^#[a-z0-9-]+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
  if (target) show(target);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || (event.key !== "n" && event.key !== "p")) return;
  const rows = [...document.querySelectorAll(".claim.accused, .again-run.accused")];
  if (!rows.length) return;
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  show(rows.at((here + (event.key === "n" ? 1 : here < 0 ? 0 : -1)) % rows.length));
  event.preventDefault();
});
addEventListener("hashchange", openTarget);
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
openTarget();
