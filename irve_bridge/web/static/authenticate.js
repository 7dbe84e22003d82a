"use strict";

// What is due, confirmed on this page: the bank asks its cardholder, and the card that is kept pays.
// Without this script, or without Stripe's, what is due is paid at the checkout.
const place = document.querySelector("[data-authenticate]");
if (place && window.Stripe) {
  const { authenticate: here, key } = place.dataset;
  const button = place.querySelector("button");
  const unasked = place.querySelector("[role=alert]");

  // Returns whether something may have come of it, which the server then finds out.
  const confirm = async () => {
    const answer = await fetch(`${here}/authenticate`, { method: "POST" });
    if (!answer.ok) return answer.status === 409;
    const { client_secret, payment_method, account } = await answer.json();
    const options = { locale: document.documentElement.lang };
    if (account) options.stripeAccount = account;
    await Stripe(key, options)
      .confirmCardPayment(client_secret, { payment_method })
      .catch(() => undefined);
    return true;
  };

  button.addEventListener("click", async () => {
    button.disabled = true;
    unasked.hidden = true;
    if (await confirm().catch(() => false)) return location.assign(`${here}/return`);
    button.disabled = false;
    unasked.hidden = false;
  });
  for (const words of document.querySelectorAll("[data-otherwise]")) {
    words.hidden = words.dataset.otherwise === "alone";
    words.closest("button").classList.add("button-quiet");
  }
  place.hidden = false;
}
