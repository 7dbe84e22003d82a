"use strict";

const QUIET_MOST_MS = 35_000; // the server says something every ten seconds
const AGAIN_MS = 4_000;
const QUESTION_MOST_MS = 30_000;
const LOOK_MS = 300;

// What is read aloud when it changes must change only where it does.
const write = (element, text) => element.textContent !== text && (element.textContent = text);

// Live figures: the server sends them written out; a page whose state is over is asked for anew.
function follow(page) {
  const stale = document.querySelector("[data-stale]");
  const curve = document.querySelector("[data-curve]");
  const doing = document.querySelector("[data-doing]");
  let source;
  let leaving = false;
  let heardAt = Date.now();

  const show = ({ text, curve: drawing }) => {
    for (const figure of document.querySelectorAll("[data-live]")) {
      const value = text[figure.dataset.live] ?? "";
      write(figure, value);
      figure.closest(".figure")?.toggleAttribute("hidden", !value);
    }
    if (doing && doing.dataset.doing !== text.doing) doing.dataset.doing = text.doing;
    if (drawing && curve) draw(drawing);
  };
  const draw = (drawing) => {
    const [area, line] = curve.querySelectorAll("path");
    line.setAttribute("d", drawing.line);
    area.setAttribute("d", drawing.line + area.dataset.box);
    curve.querySelector("svg").setAttribute("aria-label", drawing.label);
    for (const part of curve.querySelectorAll("[data-of]")) write(part, drawing[part.dataset.of]);
    curve.hidden = false;
  };
  const lost = (yes) => stale.hidden === yes && (stale.hidden = !yes);
  const heard = () => {
    heardAt = Date.now();
    lost(false);
  };

  // A question is not taken away from under a finger, unless nobody answers it.
  const answered = async () => {
    const until = Date.now() + QUESTION_MOST_MS;
    while (document.querySelector("details.stop[open]") && Date.now() < until)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  };
  // Only what the server answers is loaded: without a signal the figures stay where they are.
  const renew = async () => {
    try {
      const answer = await fetch(page.dataset.here, { method: "HEAD", cache: "no-store" });
      await answered();
      if (leaving) return;
      if (answer.status < 500) return location.replace(page.dataset.here);
    } catch {}
    setTimeout(renew, AGAIN_MS);
  };
  const hangUp = () => source?.close();
  const end = () => {
    hangUp();
    clearInterval(watchdog);
    document.removeEventListener("visibilitychange", seen);
    removeEventListener("online", listen);
  };
  const listen = () => {
    hangUp();
    if (document.hidden) return;
    heardAt = Date.now();
    source = new EventSource(page.dataset.events);
    source.addEventListener("still", heard);
    source.addEventListener("live", (event) => {
      heard();
      show(JSON.parse(event.data));
    });
    source.addEventListener("moved", () => {
      end();
      renew();
    });
    source.addEventListener("error", () => navigator.onLine || lost(true));
  };
  // A page that nobody sees costs nothing; a telephone that wakes up asks at once. A browser gives
  // up a stream that a proxy refused, and may hold one whose other end is long gone.
  const seen = () => (document.hidden ? hangUp() : listen());
  const watchdog = setInterval(() => {
    if (document.hidden) return;
    const quiet = Date.now() - heardAt > QUIET_MOST_MS;
    if (quiet) lost(true);
    if (quiet || source?.readyState === EventSource.CLOSED) listen();
  }, AGAIN_MS);
  document.addEventListener("visibilitychange", seen);
  addEventListener("online", listen);
  // Where a form leads must not be overtaken: its answer shows what moved, or why it did not.
  addEventListener("submit", () => {
    leaving = true;
    end();
  });
  listen();
}

// The payment form: what is typed replaces what was picked, and what is to pay stands at the button.
function reckon(form) {
  const totals = form.querySelector("[data-place]");
  const total = (name) => form.querySelector(`[data-reckoned=${name}]`);
  const unpick = (name) => form.querySelectorAll(`[name=${name}]`).forEach((r) => (r.checked = false));
  const number = (name) => form.elements[name].value.trim().replace(",", ".");
  const decimals = Number(form.dataset.decimals); // what is charged: browsers round some currencies
  const money = (typed) =>
    new Intl.NumberFormat(document.documentElement.lang, {
      style: "currency",
      currency: form.dataset.currency,
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    }).format(typed);
  const picked = (name) => form.querySelector(`[name=${name}]:checked`)?.dataset.price ?? "";
  const amount = () => {
    const typed = Number(number("amount_typed"));
    write(total("amount"), typed > 0 ? money(typed) : picked("amount"));
  };
  const quote = async () => {
    const quantity = number("estimate_typed");
    if (!(Number(quantity) > 0)) return picked("estimate");
    const asked = `${form.elements.estimate_unit.value}=${encodeURIComponent(quantity)}`;
    try {
      const answer = await fetch(`/api/quote?${totals.dataset.place}&${asked}`);
      return answer.ok ? (await answer.json()).text : "";
    } catch {
      return "";
    }
  };
  let asked = 0;
  const estimate = async () => {
    const mine = ++asked;
    const text = await quote();
    if (mine === asked) write(total("estimate"), text);
  };
  let waiting;
  form.addEventListener("input", ({ target }) => {
    if (target.name === "amount") form.elements.amount_typed.value = "";
    if (target.name === "amount_typed") unpick("amount");
    if (target.name === "estimate") form.elements.estimate_typed.value = "";
    if (target.name === "estimate_typed") unpick("estimate");
    if (target.name.startsWith("amount")) amount();
    if (target.name.startsWith("estimate")) {
      clearTimeout(waiting);
      waiting = setTimeout(estimate, target.name === "estimate_typed" ? 300 : 0);
    }
  });
  amount();
  estimate();
}

function begin() {
  const live = document.querySelector("[data-events]");
  if (live) follow(live);
  const payment = document.querySelector("[data-payment]");
  if (payment) reckon(payment);

  // A second tap does not ask twice.
  for (const form of document.querySelectorAll("[data-once]"))
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });

  // A question that opens below the edge of the screen comes into sight.
  for (const question of document.querySelectorAll("details.stop"))
    question.addEventListener("toggle", () => question.scrollIntoView({ block: "nearest" }));
}

// The page can be used without: it waits for no script, which may come before the page's end, too.
if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
else begin();

// A page that the browser kept from before shows what is over: ask for it anew.
addEventListener("pageshow", (event) => event.persisted && location.reload());
