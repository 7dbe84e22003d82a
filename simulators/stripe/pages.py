"""The hosted pages: card form, authentication by the bank, receipt. They work without scripts."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import jinja2
from aiohttp import web

from simulators.stripe import checkout_payment
from simulators.stripe.cards import Decline
from simulators.stripe.currencies import readable
from simulators.stripe.forms import InvalidFormError, payer
from simulators.stripe.store import Account, Platform
from simulators.stripe.texts import TEXTS, language
from simulators.stripe.wire import Object, StripeError

_HERE = Path(__file__).parent
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'"


@dataclass(eq=False)
class Pages:
    """Serves the pages drivers see."""

    platform: Platform

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the pages' routes for aiohttp's router."""
        return [
            web.get("/c/pay/{id}", self.card_form),
            web.post("/c/pay/{id}", self.pay),
            web.get("/authenticate/{id}", self.challenge),
            web.post("/authenticate/{id}", self.answer_challenge),
            web.get("/receipts/{id}", self.receipt),
            web.get("/endive/stripe.js", _stripe_js),
            web.static("/static", _HERE / "static"),
        ]

    async def card_form(self, request: web.Request) -> web.Response:
        """Show the card form, or that the session is over."""
        account, session = self._found(request, "checkout.session")
        with account.turn():
            error = request.query.get("error")
            return _card_form(request, account, session, error=error)

    async def pay(self, request: web.Request) -> web.Response:
        """Take the card form and go on to the shop, to the bank, or back to the form."""
        account, session = self._found(request, "checkout.session")
        form = {name: str(value) for name, value in (await request.post()).items()}
        try:
            with account.turn():
                decline = checkout_payment.submit(account, session, payer(form))
        except InvalidFormError as invalid:
            return _card_form(request, account, session, error=str(invalid), typed=form)
        except StripeError:
            return _card_form(request, account, session)
        if decline:
            return _card_form(request, account, session, error=_message_key(decline), typed=form)
        raise web.HTTPSeeOther(next_url(account, session))

    async def challenge(self, request: web.Request) -> web.Response:
        """Show the bank's question."""
        _, intent = self._intent(request)
        context = {"intent": intent, "pending": intent["status"] == "requires_action"}
        return _page(request, "authenticate.html", _amount(intent) | context, None)

    async def answer_challenge(self, request: web.Request) -> web.Response:
        """Take the driver's answer to the bank and go back to where they came from."""
        account, intent = self._intent(request)
        approved = (await request.post()).get("outcome") == "approve"
        try:
            with account.turn():
                url = answered_url(account, intent, approved=approved)
        except StripeError:
            return await self.challenge(request)
        raise web.HTTPSeeOther(url)

    async def receipt(self, request: web.Request) -> web.Response:
        """Show the receipt of a charge."""
        _, charge = self._found(request, "charge")
        context = {
            "charge": charge,
            "captured": readable(charge["amount_captured"], charge["currency"]),
            "refunded": readable(charge["amount_refunded"], charge["currency"]),
        }
        return _page(request, "receipt.html", context, None)

    def _found(self, request: web.Request, kind: str) -> tuple[Account, Object]:
        object_id = request.match_info["id"]
        try:
            account = self.platform.holder(kind, object_id)
        except KeyError:
            raise web.HTTPNotFound from None
        return account, account.objects[kind][object_id]

    def _intent(self, request: web.Request) -> tuple[Account, Object]:
        setup = request.match_info["id"].startswith("seti_")
        return self._found(request, "setup_intent" if setup else "payment_intent")


async def _stripe_js(_request: web.Request) -> web.FileResponse:
    """Serve the script that shops load, under the address that names its version."""
    return web.FileResponse(_HERE / "static" / "stripe.js")


def next_url(account: Account, session: Object) -> str:
    """Return where a driver goes after a card form that was not refused."""
    if session["status"] == "complete":
        return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
    return f"{account.base_url}/authenticate/{session['payment_intent'] or session['setup_intent']}"


def answered_url(account: Account, intent: Object, *, approved: bool) -> str:
    """Tell the intent how authentication ended and return where the driver goes.

    Raises:
        StripeError: if the intent did not wait for authentication.
    """
    session_id = account.checkout_of.get(intent["id"])
    if session_id is None:
        decline = checkout_payment.authenticate(account, intent, approved=approved)
        return _return_url(account, intent, decline)
    session = account.objects["checkout.session"][session_id]
    decline = checkout_payment.authenticated(account, session, intent, approved=approved)
    if decline:
        return f"{account.base_url}/c/pay/{session_id}?error={_message_key(decline)}"
    return next_url(account, session)


def _return_url(account: Account, intent: Object, decline: Decline | None) -> str:
    return_url = account.return_urls.get(intent["id"])
    if return_url is None:
        return f"{account.base_url}/authenticate/{intent['id']}"
    query = urlencode(
        {
            intent["object"]: intent["id"],
            f"{intent['object']}_client_secret": intent["client_secret"],
            "redirect_status": "failed" if decline else "succeeded",
        }
    )
    return f"{return_url}{'&' if '?' in return_url else '?'}{query}"


def _message_key(decline: Decline) -> str:
    return decline.decline_code or "authentication"


def _amount(obj: Object) -> Object:
    amount_minor = obj.get("amount_total") or obj.get("amount")
    return {"amount": readable(amount_minor, obj["currency"]) if amount_minor else None}


def _card_form(
    request: web.Request,
    account: Account,
    session: Object,
    *,
    error: str | None = None,
    typed: dict[str, str] | None = None,
) -> web.Response:
    fields = {"email": session["customer_email"] or ""} | (typed or {})
    items = account.line_items[session["id"]]["data"]
    context = _amount(session) | {
        "session": session,
        "items": items,
        "typed": fields,
        "error": error,
        "hold": account.payment_fields[session["id"]].get("capture_method") == "manual",
    }
    return _page(request, "checkout.html", context, session["locale"])


def _page(request: web.Request, template: str, context: Object, locale: str | None) -> web.Response:
    lang = language(request.query.get("lang") or locale, request.headers.get("Accept-Language"))
    texts = TEXTS[lang]
    html = _TEMPLATES.get_template(template).render(context, t=texts, lang=lang)
    return web.Response(
        text=html,
        content_type="text/html",
        headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"},
    )
