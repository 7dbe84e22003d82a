"use strict";

// Live figures: the server sends them written out; a state that is over reloads the page.
const live = document.querySelector("[data-events]");
if (live) {
  const source = new EventSource(live.dataset.events);
  source.addEventListener("live", (event) => {
    const { text } = JSON.parse(event.data);
    for (const figure of document.querySelectorAll("[data-live]")) {
      const value = text[figure.dataset.live];
      if (value !== undefined && figure.textContent !== value) figure.textContent = value;
    }
  });
  source.addEventListener("moved", () => {
    source.close();
    location.reload();
  });
}

// The payment form: what is typed replaces what was picked, an estimate shows its price, and a
// second tap does not order twice.
const form = document.querySelector("[data-payment]");
if (form) {
  const quote = form.querySelector("[data-quote]");
  const unpick = (name) => form.querySelectorAll(`[name=${name}]`).forEach((r) => (r.checked = false));
  const clear = (name) => (form.elements[name].value = "");
  const price = async () => {
    const quantity = form.elements.estimate_typed.value.trim().replace(",", ".");
    quote.textContent = "";
    if (!(Number(quantity) > 0)) return;
    const asked = `${form.elements.estimate_unit.value}=${encodeURIComponent(quantity)}`;
    const answer = await fetch(`/api/quote?${quote.dataset.place}&${asked}`);
    if (answer.ok) quote.textContent = (await answer.json()).text;
  };
  let waiting;
  form.addEventListener("input", ({ target }) => {
    if (target.name === "amount") clear("amount_typed");
    if (target.name === "amount_typed") unpick("amount");
    if (target.name === "estimate") clear("estimate_typed");
    if (target.name === "estimate_typed") unpick("estimate");
    if (target.name.startsWith("estimate")) {
      clearTimeout(waiting);
      waiting = setTimeout(price, 300);
    }
  });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}

// A page that the browser kept from before shows what is over: ask for it anew.
addEventListener("pageshow", (event) => event.persisted && location.reload());
