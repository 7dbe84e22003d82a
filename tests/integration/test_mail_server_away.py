"""Nobody answers where the mails go: the charge does not wait, and the mails come later."""

from pathlib import Path

from aiosmtpd.controller import Controller
from structlog.testing import capture_logs

from tests.integration.test_mail import Letterbox
from tests.integration.world import world
from tests.ports import free_port


async def test_a_mail_server_that_is_away_delays_mails_and_nothing_else(tmp_path: Path) -> None:
    """It is back only when the charge is paid: then the link and the receipt arrive."""
    box, port = Letterbox(), free_port()
    settings = {
        "smtp_host": "127.0.0.1",
        "smtp_port": str(port),
        "smtp_security": "none",
        "smtp_from": "Recharge <recharge@example.com>",
    }
    with capture_logs() as logged:
        async with world(tmp_path, **settings) as w, w.charge_point() as cp:
            await cp.wait_until_online()
            opened = await w.open("dynamic")
            back = await w.pay(opened)
            await cp.plug(1)
            transaction = await cp.wait_for_energy(1, 600)
            await w.stop(back)
            session = await w.until(opened["session_id"], "settled")
            assert session["amount"] == w.cost(transaction)
            assert "mail_not_sent" in [line["event"] for line in logged]
            controller = Controller(box, hostname="127.0.0.1", port=port)
            controller.start()
            try:

                async def both() -> bool:
                    return len(box.mails) >= 2

                await w.eventually(both)
            finally:
                controller.stop()
    assert [mail["Subject"] for mail in box.mails][1] == "Votre reçu"
