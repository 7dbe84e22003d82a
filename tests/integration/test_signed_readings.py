"""What the meter signed reaches the driver as it was signed, and is billed where it must be."""

from base64 import b64decode
from pathlib import Path

import pytest
import yaml
from defusedxml.ElementTree import fromstring
from pyocmf import OcmfContainer

from simulators.charge_point import ChargePoint
from tests import ocpi
from tests.integration.world import STATIONS, World, link, world

SEED = 7


def public_key() -> str:
    """Return the key with which CP1's meter signs in every test."""
    meter = ChargePoint("ws://nowhere", "CP1", seed=SEED, signs=True).meter
    assert meter is not None
    return meter.public_key


def stations_file(folder: Path, *, required: bool, known: bool = True) -> Path:
    """Write the example's stations with CP1's key in them."""
    document = yaml.safe_load(STATIONS.read_text(encoding="utf-8"))
    document["tariffs"] = [str(STATIONS.parent / name) for name in document["tariffs"]]
    cp1 = document["charge_points"][0] | {"requires_signatures": required}
    if known:
        cp1["connectors"] = [c | {"meter_public_key": public_key()} for c in cp1["connectors"]]
    file = folder / "stations.yaml"
    file.write_text(yaml.safe_dump(document | {"charge_points": [cp1]}), encoding="utf-8")
    return file


async def charged(w: World, cp: ChargePoint) -> tuple[str, str]:
    """Charge until the car is unplugged; returns the session's id and the driver's page."""
    await cp.wait_until_online()
    opened = await w.open("dynamic")
    page = link(await w.pay(opened))
    await cp.plug(1)
    await cp.wait_for_energy(1, 1000)
    await cp.unplug(1)
    await cp.wait_for_stop()
    return str(opened["session_id"]), page


async def downloaded(w: World, page: str) -> str:
    async with w.http.get(f"{page}/signed-readings.xml") as response:
        assert response.status == 200
        assert "attachment" in response.headers["Content-Disposition"]
        return await response.text()


async def test_a_well_signed_charge_is_settled_and_its_driver_can_check_it(tmp_path: Path) -> None:
    file = stations_file(tmp_path, required=True)
    async with (
        world(tmp_path, stations_file=file) as w,
        w.charge_point(seed=SEED, signs=True) as cp,
    ):
        session_id, page = await charged(w, cp)
        session = await w.final(session_id)
        assert (session["status"], session["amount"]) == ("settled", w.cost(cp.transactions[0]))
        text = await w.page(page)
        assert "sa signature a été vérifiée" in text
        assert public_key() in text.replace("<wbr>", "")
        receipt = await w.page(f"{page.removesuffix('/return')}/receipt")
        assert "Signature vérifiée" in receipt
        assert public_key() in receipt.replace(" ", "")
        saved = tmp_path / "charge.xml"
        saved.write_text(await downloaded(w, page), encoding="utf-8")
        container = OcmfContainer.from_xml(saved)
        assert [entry.verify_signature() for entry in container] == [True, True]
        assert [result.is_compliant for result in container.check_eichrecht()] == [True]
        async with w.http.get(f"{w.url}/c/{session_id}/signed-readings.xml") as response:
            assert response.status == 404


async def test_the_file_holds_what_was_signed_byte_for_byte(tmp_path: Path) -> None:
    file = stations_file(tmp_path, required=False)
    async with (
        world(tmp_path, stations_file=file) as w,
        w.charge_point(seed=SEED, signs=True) as cp,
    ):
        session_id, page = await charged(w, cp)
        await w.final(session_id)
        assert w.bridge is not None
        record = await w.bridge.views.record(session_id)
        sent = [bytes.fromhex(reading.text).decode() for reading in record.signed]
        (cdr,) = record.cdrs
        told = ocpi.Cdr.model_validate(cdr.document).signed_data
        assert told is not None
        assert [(value.nature, value.plain_data) for value in told.signed_values] == [
            ("Start", sent[0]),
            ("End", sent[1]),
        ]
        assert b64decode(told.public_key or "").hex().upper() == public_key()
        given = fromstring(await downloaded(w, page)).iterfind("value/signedData")
        assert [element.text for element in given] == sent
        assert [reading.context for reading in record.signed] == [
            "Transaction.Begin",
            "Transaction.End",
        ]


@pytest.mark.parametrize("signs", [True, False], ids=["badly signed", "not signed"])
async def test_where_signatures_are_required_a_person_looks_at_what_lacks_them(
    tmp_path: Path, *, signs: bool
) -> None:
    file = stations_file(tmp_path, required=True)
    async with (
        world(tmp_path, stations_file=file) as w,
        w.charge_point(seed=SEED, signs=signs) as cp,
    ):
        cp.misbehaviour.sign_badly = True
        session_id, _ = await charged(w, cp)
        assert (await w.final(session_id))["status"] == "review"
        assert (await w.card(session_id))["charged"] == 0
        assert w.bridge is not None
        record = await w.bridge.views.record(session_id)
        doubts = [line.fact["doubt"] for line in record.history if line.fact.get("doubt")]
        assert ("signature is wrong" if signs else "nothing is signed") in doubts[0]


@pytest.mark.parametrize("known", [True, False], ids=["bad signature", "key not known"])
async def test_where_they_are_not_required_the_charge_is_settled_and_the_page_is_honest(
    tmp_path: Path, *, known: bool
) -> None:
    file = stations_file(tmp_path, required=False, known=known)
    async with (
        world(tmp_path, stations_file=file) as w,
        w.charge_point(seed=SEED, signs=True) as cp,
    ):
        cp.misbehaviour.sign_badly = known
        session_id, page = await charged(w, cp)
        assert (await w.final(session_id))["status"] == "settled"
        assert "pas pu être vérifiée" in await w.page(page)
        assert "OCMF|" in await downloaded(w, page)


async def test_energy_above_what_is_signed_is_not_billed(tmp_path: Path) -> None:
    """A stop that says more than its meter signed goes to a person."""
    file = stations_file(tmp_path, required=True)
    async with (
        world(tmp_path, stations_file=file) as w,
        w.charge_point(seed=SEED, signs=True) as cp,
    ):
        cp.misbehaviour.stop_short_wh = -100
        session_id, _ = await charged(w, cp)
        session = await w.final(session_id)
        assert session["status"] == "review"
        assert session["energy_wh"] == cp.transactions[0].energy_wh
