"""Drivers who give an address are told by mail what their charge comes to, once each time."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from structlog.testing import capture_logs

from simulators.charge_point import ChargePoint
from tests.integration.world import CARD, World, link, world
from tests.ports import free_port

DECLINES_WHEN_CHARGED = "4000000000000341"


class Letterbox:
    """Takes mails in; the first few can be refused, for now or for good."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refusals: list[str] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refusals:
            return self.refusals.pop(0)
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    async def nth(self, w: World, number: int) -> EmailMessage:
        """Return a mail once it has come, counted from one."""

        async def here() -> bool:
            return len(self.mails) >= number

        await w.eventually(here)
        return self.mails[number - 1]


@pytest.fixture
def letterbox() -> Iterator[tuple[Letterbox, dict[str, str]]]:
    """A mail server, and the settings that lead to it."""
    box = Letterbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield (
        box,
        {
            "smtp_host": "127.0.0.1",
            "smtp_port": str(controller.port),
            "smtp_security": "none",
            "smtp_from": "Recharge <recharge@example.com>",
        },
    )
    controller.stop()


async def charged(
    w: World, cp: ChargePoint, language: str, card: str = CARD
) -> tuple[str, str, int]:
    """Charge and stop; returns the session's id, the driver's page and what the meter says."""
    await cp.wait_until_online()
    choice = {"payment_type": "dynamic", "charge_point_id": "CP1", "connector_id": 1}
    _, opened = await w.post("/api/create-payment", choice, **{"Accept-Language": language})
    back = await w.pay(opened, card)
    await cp.plug(1)
    transaction = await cp.wait_for_energy(1, 1000)
    await w.stop(back)
    await w.final(opened["session_id"])
    return opened["session_id"], link(back), w.cost(transaction)


def written(amount_minor: int, language: str) -> str:
    """Return an amount as this language writes it."""
    units, cents = divmod(amount_minor, 100)
    return f"€{units}.{cents:02}" if language == "en" else f"{units},{cents:02} €"


def words(mail: EmailMessage) -> list[str]:
    """Return a mail's lines, in plain characters."""
    text: str = mail.get_content()
    plain = text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return plain.splitlines()


async def test_the_link_and_the_receipt_arrive_once(
    tmp_path: Path, letterbox: tuple[Letterbox, dict[str, str]]
) -> None:
    """Also when the mail server refuses for a while; the words are the driver's language."""
    box, settings = letterbox
    box.refusals = ["451 try again later"]
    async with world(tmp_path, **settings) as w, w.charge_point() as cp:
        _, page, cost = await charged(w, cp, "fr")
        second = await box.nth(w, 2)
        first = box.mails[0]
        assert first["To"] == second["To"] == "driver@example.com"
        assert page in first.get_content()
        assert "0,39\N{NO-BREAK SPACE}€/kWh" in first.get_content()
        assert "150,00\N{NO-BREAK SPACE}€" in first.get_content()
        assert second["Subject"] == "Votre reçu"
        assert f"{cost // 100},{cost % 100:02}" in second.get_content()
        assert "TVA" in second.get_content()
        assert len({mail["Message-ID"] for mail in box.mails}) == len(box.mails) == 2


@pytest.mark.parametrize(
    ("language", "subject", "reason", "due"),
    [
        (
            "fr",
            (
                "Votre charge\N{NO-BREAK SPACE}: "
                "le paiement n\N{RIGHT SINGLE QUOTATION MARK}a pas abouti"
            ),
            "Votre banque a refusé le paiement.",
            "Montant dû :",
        ),
        (
            "en",
            "Your charge: the payment did not go through",
            "Your bank declined the payment.",
            "Amount due:",
        ),
    ],
    ids=["fr", "en"],
)
async def test_what_is_due_arrives_with_its_exact_amount_and_the_way_to_pay(
    tmp_path: Path,
    letterbox: tuple[Letterbox, dict[str, str]],
    language: str,
    subject: str,
    reason: str,
    due: str,
) -> None:
    """The card was declined after the charge: the page that the mail names takes the payment."""
    box, settings = letterbox
    async with world(tmp_path, **settings) as w, w.charge_point() as cp:
        _, page, cost = await charged(w, cp, language, DECLINES_WHEN_CHARGED)
        mail = await box.nth(w, 2)
        assert (mail["To"], mail["Subject"]) == ("driver@example.com", subject)
        told = words(mail)
        assert told[0] == reason
        assert f"{due} {written(cost, language)}" in told
        (named,) = (line for line in told if line.startswith(w.url))
        assert named == page
        assert f'action="{named.removeprefix(w.url)}/pay"' in await w.page(named)


@pytest.mark.parametrize(
    ("language", "subject", "back", "remains"),
    [
        (
            "fr",
            "Votre charge\N{NO-BREAK SPACE}: un remboursement sur votre carte",
            "Remboursé sur votre carte :",
            "Payé au final :",
        ),
        (
            "en",
            "Your charge: money goes back to your card",
            "Given back to your card:",
            "Paid in the end:",
        ),
    ],
    ids=["fr", "en"],
)
async def test_what_went_back_arrives_with_what_remains_paid(
    tmp_path: Path,
    letterbox: tuple[Letterbox, dict[str, str]],
    language: str,
    subject: str,
    back: str,
    remains: str,
) -> None:
    """The operator gave a part of it back."""
    box, settings = letterbox
    async with world(tmp_path, **settings) as w, w.charge_point() as cp:
        session_id, page, cost = await charged(w, cp, language)
        assert w.bridge is not None
        await w.bridge.desk.refund(session_id, 10, "the driver was right")
        mail = await box.nth(w, 3)
        assert (mail["To"], mail["Subject"]) == ("driver@example.com", subject)
        told = words(mail)
        assert f"{back} {written(10, language)}" in told
        assert f"{remains} {written(cost - 10, language)}" in told
        assert page in told


async def test_a_mail_that_is_refused_for_good_is_named_in_the_log_and_not_sent_again(
    tmp_path: Path, letterbox: tuple[Letterbox, dict[str, str]]
) -> None:
    """The charge and its later mails go on."""
    box, settings = letterbox
    box.refusals = ["554 not from you"]
    with capture_logs() as logged:
        async with world(tmp_path, **settings) as w, w.charge_point() as cp:
            session_id, _, _ = await charged(w, cp, "fr")
            assert (await box.nth(w, 1))["Subject"] == "Votre reçu"
    (unsent,) = (line for line in logged if line["event"] == "mail_not_sent")
    assert (unsent["session_id"], unsent["given_up"]) == (session_id, True)
