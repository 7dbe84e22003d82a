"""What a payment comes to."""

from pathlib import Path

from tests.integration.world import link, world


async def test_matth_x_microocpp_149_remote_start_accepted_without_cable(tmp_path: Path) -> None:
    """After the start deadline, with the charge point online and idle, the money is free again.

    https://github.com/matth-x/MicroOcpp/issues/149
    """
    async with (
        world(tmp_path, start_within_s="100", connection_timeout_s="30") as w,
        w.charge_point(configuration={"ConnectionTimeOut": 30}) as cp,
    ):
        await cp.wait_until_online()
        opened = await w.open("estimated", energy_kwh=10)
        back = await w.pay(opened)
        session = await w.final(opened["session_id"])
        assert (session["status"], session["outcome"]) == ("released", "no_start")
        card = await w.card(opened["session_id"])
        assert (card["charged"], card["held"]) == (0, 0)
        assert card["released"] == session["secured_amount"]
        told = await w.told(opened["session_id"], "payment_released")
        assert told[-2:] == ["charging_refused", "payment_released"]
        page = await w.page(link(back))
        assert "rien à payer" in page
