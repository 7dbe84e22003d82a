"""What operators ask beyond charging, answered as OCPP 1.6 and its security extension say."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ocpp.v16 import call
from ocpp.v16.enums import MessageTrigger, UpdateType

Make = Callable[..., Any]


def reservation(number: int = 7, connector: int = 1) -> Any:
    until = datetime.now(UTC) + timedelta(days=1)
    return call.ReserveNow(connector, until.isoformat(), "MINE", number)


def profile(number: int = 1, level: int = 0, purpose: str = "TxDefaultProfile") -> dict[str, Any]:
    return {
        "charging_profile_id": number,
        "stack_level": level,
        "charging_profile_purpose": purpose,
        "charging_profile_kind": "Relative",
        "charging_schedule": {
            "charging_rate_unit": "A",
            "charging_schedule_period": [{"start_period": 0, "limit": 10 + number}],
        },
    }


async def test_a_reserved_connector_starts_for_its_tag_alone(
    central: Any, charge_point: Make
) -> None:
    """§5.13: the start names the reservation, which is used up by it."""
    async with charge_point() as cp:
        assert (await central.ask(reservation())).status == "Accepted"
        await cp.wait_for_status(1, "Reserved")
        assert (await central.ask(reservation(8))).status == "Occupied"
        assert (await central.ask(reservation(connector=9))).status == "Rejected"
        other = await central.ask(call.RemoteStartTransaction("OTHER", 1))
        assert other.status == "Rejected"
        assert (await central.ask(call.RemoteStartTransaction("mine", 1))).status == "Accepted"
        await cp.plug(1)
        await cp.wait_for_start("mine")
        assert central.calls("StartTransaction")[0]["reservation_id"] == 7
        assert (await central.ask(call.CancelReservation(7))).status == "Rejected"


async def test_a_cancelled_reservation_frees_the_connector(
    central: Any, charge_point: Make
) -> None:
    async with charge_point() as cp:
        await central.ask(reservation())
        await cp.wait_for_status(1, "Reserved")
        assert (await central.ask(call.CancelReservation(7))).status == "Accepted"
        await cp.wait_for_status(1, "Available")


async def test_a_reservation_lapses_at_its_moment(central: Any, charge_point: Make) -> None:
    async with charge_point() as cp:
        until = (cp._now() + timedelta(minutes=1)).isoformat()
        assert (await central.ask(call.ReserveNow(1, until, "MINE", 7))).status == "Accepted"
        await cp.wait_for_status(1, "Reserved")
        await cp.wait_for_status(1, "Available")


async def test_what_is_out_of_order_is_not_reserved(central: Any, charge_point: Make) -> None:
    async with charge_point() as cp:
        await cp.fault(1)
        assert (await central.ask(reservation())).status == "Faulted"
        await cp.clear(1)
        await central.ask(call.ChangeAvailability(1, "Inoperative"))
        assert (await central.ask(reservation())).status == "Unavailable"


async def test_profiles_replace_each_other_and_are_cleared(
    central: Any, charge_point: Make
) -> None:
    """§5.16.4, §5.5, §5.7."""

    async def limit() -> float | None:
        answer = await central.ask(call.GetCompositeSchedule(1, 60))
        if answer.status == "Rejected":
            return None
        schedule = answer.charging_schedule
        return float(schedule["charging_schedule_period"][0]["limit"])

    async def put(*told: Any) -> str:
        return str((await central.ask(call.SetChargingProfile(1, profile(*told)))).status)

    async with charge_point():
        assert await limit() is None
        assert await put(3, 0, "TxProfile") == "Rejected"
        assert [await put(1), await put(2)] == ["Accepted", "Accepted"]
        assert await limit() == 12
        assert (await central.ask(call.ClearChargingProfile(id=1))).status == "Unknown"
        await put(5, 1)
        assert await limit() == 15
        cleared = await central.ask(call.ClearChargingProfile(stack_level=1))
        assert (cleared.status, await limit()) == ("Accepted", 12)
        await central.ask(call.ClearChargingProfile())
        assert await limit() is None


async def test_a_local_list_has_the_version_that_was_sent(central: Any, charge_point: Make) -> None:
    """§5.15: an older difference does not fit; a whole list always does."""
    async with charge_point():
        for version, kind, status in (
            (3, UpdateType.full, "Accepted"),
            (3, UpdateType.differential, "VersionMismatch"),
            (4, UpdateType.differential, "Accepted"),
        ):
            assert (await central.ask(call.SendLocalList(version, kind))).status == status
        assert (await central.ask(call.GetLocalListVersion())).list_version == 4


async def test_updates_and_uploads_are_told_step_by_step(central: Any, charge_point: Make) -> None:
    at = "2026-01-01T00:00:00Z"
    image = {
        "location": "https://example.org",
        "retrieve_date_time": at,
        "signing_certificate": "c",
        "signature": "s",
    }
    log = {"remote_location": "https://example.org"}
    async with charge_point():
        await central.ask(call.UpdateFirmware("https://example.org", at))
        await central.wait_for("FirmwareStatusNotification", status="Installed")
        await central.ask(call.SignedUpdateFirmware(5, image))
        await central.wait_for("SignedFirmwareStatusNotification", status="Installed", request_id=5)
        assert (await central.ask(call.GetDiagnostics("https://example.org"))).file_name
        await central.wait_for("DiagnosticsStatusNotification", status="Uploaded")
        assert (await central.ask(call.GetLog(log, "SecurityLog", 6))).status == "Accepted"
        await central.wait_for("LogStatusNotification", status="Uploaded", request_id=6)


async def test_certificates_are_installed_listed_and_deleted(
    central: Any, charge_point: Make
) -> None:
    async with charge_point():
        kind = "CentralSystemRootCertificate"
        listing = call.GetInstalledCertificateIds(kind)
        assert (await central.ask(listing)).status == "NotFound"
        assert (await central.ask(call.InstallCertificate(kind, "pem"))).status == "Accepted"
        (named,) = (await central.ask(listing)).certificate_hash_data
        assert (await central.ask(call.DeleteCertificate(named))).status == "Accepted"
        assert (await central.ask(call.DeleteCertificate(named))).status == "NotFound"


async def test_a_certificate_is_asked_for_when_it_is_told_to(
    central: Any, charge_point: Make
) -> None:
    async with charge_point():
        wanted = call.ExtendedTriggerMessage(MessageTrigger.sign_charge_point_certificate)
        assert (await central.ask(wanted)).status == "Accepted"
        asked = await central.wait_for("SignCertificate")
        assert asked["csr"].startswith("-----BEGIN CERTIFICATE REQUEST-----")
        assert (await central.ask(call.CertificateSigned("pem"))).status == "Accepted"
