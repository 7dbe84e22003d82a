// Keeps figures fresh: every ten seconds, while somebody looks and is not in the middle of one.
"use strict";
const EVERY_MS = 10000;

async function refresh() {
  const stale = [...document.querySelectorAll("[data-fresh]")].filter(
    (part) => !part.contains(document.activeElement) && !part.querySelector("details[open]"),
  );
  if (document.hidden || !stale.length) return;
  const answer = await fetch(location.href, { headers: { "X-Unused": "1", Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of stale) {
    const fresh = page.getElementById(part.id);
    if (fresh) part.replaceChildren(...fresh.childNodes);
  }
}

if (document.querySelector("[data-fresh]")) {
  setInterval(() => refresh().catch(() => {}), EVERY_MS);
}
