"use strict";

// A stand-in for Stripe.js (https://docs.stripe.com/js): what it asks of the API and what it
// resolves with are Stripe's; its dialog shows the simulated bank's page.
(() => {
  const origin = new URL(document.currentScript.src).origin;
  const LOOK_INTERVAL_MS = 200;

  window.Stripe = (key, { stripeAccount } = {}) => {
    const ask = async (method, path, fields) => {
      const given = { key, ...fields };
      if (stripeAccount) given._stripe_account = stripeAccount;
      const form = new URLSearchParams(given);
      const url = `${origin}/v1/${path}`;
      const answer =
        method === "GET" ? fetch(`${url}?${form}`) : fetch(url, { method, body: form });
      return (await answer).json();
    };

    const confirmCardPayment = async (clientSecret, { payment_method }) => {
      const path = `payment_intents/${clientSecret.split("_secret_")[0]}`;
      const secret = { client_secret: clientSecret };
      try {
        let intent = await ask("POST", `${path}/confirm`, {
          ...secret,
          payment_method,
          use_stripe_sdk: true,
        });
        if (intent.error) return { error: intent.error };
        if (intent.status === "requires_action") {
          const close = opened(intent.next_action.use_stripe_sdk.stripe_js);
          while (intent.status === "requires_action") {
            await new Promise((later) => setTimeout(later, LOOK_INTERVAL_MS));
            intent = await ask("GET", path, secret);
          }
          close();
        }
        if (intent.status === "succeeded") return { paymentIntent: intent };
        return { error: { ...intent.last_payment_error, payment_intent: intent } };
      } catch (error) {
        return { error: { type: "api_connection_error", message: String(error) } };
      }
    };

    return { confirmCardPayment };
  };

  // Shows the bank's page over the shop's; returns what takes it away again.
  function opened(url) {
    const frame = document.createElement("iframe");
    frame.title = "3D Secure";
    frame.src = url;
    Object.assign(frame.style, { width: "100%", height: "28rem", border: "0" });
    const dialog = document.createElement("dialog");
    Object.assign(dialog.style, { width: "min(26rem, 95vw)", margin: "auto", padding: "0" });
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.append(frame);
    document.body.append(dialog);
    dialog.showModal();
    return () => dialog.remove();
  }
})();
