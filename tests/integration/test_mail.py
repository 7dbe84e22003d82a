"""Drivers who give an address get the link at once and the receipt in the end, once each."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.integration.world import free_port, link, world


class Letterbox:
    """Takes mails in; the first few can be refused for now."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refusals = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refusals:
            self.refusals -= 1
            return "451 try again later"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@pytest.fixture
def letterbox() -> Iterator[tuple[Letterbox, int]]:
    box = Letterbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield box, controller.port
    controller.stop()


async def test_the_link_and_the_receipt_arrive_once(
    tmp_path: Path, letterbox: tuple[Letterbox, int]
) -> None:
    """Also when the mail server refuses for a while; the words are the driver's language."""
    box, port = letterbox
    box.refusals = 1
    settings = {
        "smtp_host": "127.0.0.1",
        "smtp_port": str(port),
        "smtp_security": "none",
        "smtp_from": "Recharge <recharge@example.com>",
    }
    async with world(tmp_path, **settings) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        back = await w.pay(opened)
        await cp.plug(1)
        transaction = await cp.wait_for_energy(1, 1000)
        await w.stop(back)
        await w.final(opened["session_id"])

        async def both() -> bool:
            return len(box.mails) >= 2

        await w.eventually(both)
        first, second = box.mails
        assert first["To"] == second["To"] == "driver@example.com"
        assert link(back) in first.get_content()
        assert "0,39\N{NO-BREAK SPACE}€/kWh" in first.get_content()
        assert "150,00\N{NO-BREAK SPACE}€" in first.get_content()
        assert second["Subject"] == "Votre reçu"
        cost = w.cost(transaction)
        assert f"{cost // 100},{cost % 100:02}" in second.get_content()
        assert "TVA" in second.get_content()
        assert len({mail["Message-ID"] for mail in box.mails}) == len(box.mails) == 2
