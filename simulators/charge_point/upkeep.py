"""What operators ask beyond charging: reservations, profiles, lists, firmware, logs, certificates.

A charging profile is kept and told, not obeyed; a file is neither fetched nor sent.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from ocpp.v16 import call, call_result
from ocpp.v16.enums import (
    Action,
    CancelReservationStatus,
    CertificateSignedStatus,
    CertificateStatus,
    ChargingProfilePurposeType,
    ChargingProfileStatus,
    ClearChargingProfileStatus,
    DeleteCertificateStatus,
    DiagnosticsStatus,
    FirmwareStatus,
    GetCompositeScheduleStatus,
    GetInstalledCertificateStatus,
    LogStatus,
    MessageTrigger,
    TriggerMessageStatus,
    UpdateFirmwareStatus,
    UpdateStatus,
    UpdateType,
    UploadLogStatus,
)

from .events import iso
from .routing import on
from .station import Station

CSR = "-----BEGIN CERTIFICATE REQUEST-----\nsimulated\n-----END CERTIFICATE REQUEST-----"
UPDATE = (
    FirmwareStatus.downloading,
    FirmwareStatus.downloaded,
    FirmwareStatus.installing,
    FirmwareStatus.installed,
)


@dataclass(slots=True)
class Belongings:
    """What was put into this charge point; it survives the connection."""

    list_version: int = 0
    profiles: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    certificates: list[tuple[str, str]] = field(default_factory=list)


class Upkeep:
    """Answers these calls; a `Session` is one."""

    _station: Station
    _belongings: Belongings
    _follow_ups: list[Callable[[], object]]
    _spawn: Callable[[Coroutine[Any, Any, object]], object]

    async def attempt(self, payload: Any) -> Any:
        """Send a request."""
        raise NotImplementedError

    def _tell(self, *messages: Any) -> None:
        """Send these one after the other, once the answer is out."""

        async def tell() -> None:
            for message in messages:
                await self.attempt(message)

        self._follow_ups.append(lambda: self._spawn(tell()))

    @on(Action.reserve_now)
    def _reserve(
        self, connector_id: int, expiry_date: str, id_tag: str, reservation_id: int, **_: Any
    ) -> call_result.ReserveNow:
        until = datetime.fromisoformat(expiry_date)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return call_result.ReserveNow(
            self._station.reserve(connector_id, id_tag, reservation_id, until)
        )

    @on(Action.cancel_reservation)
    def _cancel(self, reservation_id: int) -> call_result.CancelReservation:
        known = self._station.cancel_reservation(reservation_id)
        status = CancelReservationStatus.accepted if known else CancelReservationStatus.rejected
        return call_result.CancelReservation(status)

    @on(Action.get_local_list_version)
    def _get_local_list_version(self) -> call_result.GetLocalListVersion:
        return call_result.GetLocalListVersion(list_version=self._belongings.list_version)

    @on(Action.send_local_list)
    def _send_local_list(
        self, list_version: int, update_type: str, **_: Any
    ) -> call_result.SendLocalList:
        if update_type == UpdateType.differential and list_version <= self._belongings.list_version:
            return call_result.SendLocalList(UpdateStatus.version_mismatch)
        self._belongings.list_version = list_version
        return call_result.SendLocalList(UpdateStatus.accepted)

    @on(Action.set_charging_profile)
    def _set_profile(
        self, connector_id: int, cs_charging_profiles: dict[str, Any]
    ) -> call_result.SetChargingProfile:
        """A profile of a transaction needs one (§3.13.1)."""
        sent, purpose = cs_charging_profiles, cs_charging_profiles["charging_profile_purpose"]
        charging = {c.connector_id for c in self._station.connectors if c.transaction}
        if purpose == ChargingProfilePurposeType.tx_profile and connector_id not in charging:
            return call_result.SetChargingProfile(ChargingProfileStatus.rejected)
        self._belongings.profiles = [
            (number, other)
            for number, other in self._belongings.profiles
            if not _replaces(connector_id, sent, number, other)
        ]
        self._belongings.profiles.append((connector_id, sent))
        return call_result.SetChargingProfile(ChargingProfileStatus.accepted)

    @on(Action.clear_charging_profile)
    def _clear_profile(
        self,
        id: int | None = None,  # noqa: A002 - OCPP's name
        connector_id: int | None = None,
        charging_profile_purpose: str | None = None,
        stack_level: int | None = None,
    ) -> call_result.ClearChargingProfile:
        left = [
            (number, profile)
            for number, profile in self._belongings.profiles
            if (id is not None and profile["charging_profile_id"] != id)
            or (connector_id is not None and number != connector_id)
            or charging_profile_purpose not in {None, profile["charging_profile_purpose"]}
            or stack_level not in {None, profile["stack_level"]}
        ]
        cleared = len(left) < len(self._belongings.profiles)
        self._belongings.profiles = left
        accepted, unknown = ClearChargingProfileStatus.accepted, ClearChargingProfileStatus.unknown
        return call_result.ClearChargingProfile(accepted if cleared else unknown)

    @on(Action.get_composite_schedule)
    def _composite_schedule(self, connector_id: int, **_: Any) -> call_result.GetCompositeSchedule:
        """The schedule of the highest level there; what others it is composed of is left out."""
        here = [p for number, p in self._belongings.profiles if number in {0, connector_id}]
        if not here:
            return call_result.GetCompositeSchedule(GetCompositeScheduleStatus.rejected)
        highest = max(here, key=lambda profile: int(profile["stack_level"]))
        return call_result.GetCompositeSchedule(
            GetCompositeScheduleStatus.accepted,
            connector_id,
            iso(self._station.now()),
            highest["charging_schedule"],
        )

    @on(Action.update_firmware)
    def _update_firmware(self, **_: Any) -> call_result.UpdateFirmware:
        self._tell(*(call.FirmwareStatusNotification(status) for status in UPDATE))
        return call_result.UpdateFirmware()

    @on(Action.signed_update_firmware)
    def _signed_update(self, request_id: int, **_: Any) -> call_result.SignedUpdateFirmware:
        self._tell(*(call.SignedFirmwareStatusNotification(each, request_id) for each in UPDATE))
        return call_result.SignedUpdateFirmware(UpdateFirmwareStatus.accepted)

    @on(Action.get_diagnostics)
    def _get_diagnostics(self, **_: Any) -> call_result.GetDiagnostics:
        steps = (DiagnosticsStatus.uploading, DiagnosticsStatus.uploaded)
        self._tell(*(call.DiagnosticsStatusNotification(step) for step in steps))
        return call_result.GetDiagnostics(file_name="diagnostics.zip")

    @on(Action.get_log)
    def _get_log(self, request_id: int, **_: Any) -> call_result.GetLog:
        steps = (UploadLogStatus.uploading, UploadLogStatus.uploaded)
        self._tell(*(call.LogStatusNotification(step, request_id) for step in steps))
        return call_result.GetLog(LogStatus.accepted, "log.zip")

    @on(Action.install_certificate)
    def _install(self, certificate_type: str, certificate: str) -> call_result.InstallCertificate:
        self._belongings.certificates.append((certificate_type, certificate))
        return call_result.InstallCertificate(CertificateStatus.accepted)

    @on(Action.get_installed_certificate_ids)
    def _installed(self, certificate_type: str) -> call_result.GetInstalledCertificateIds:
        found = [
            _hashes(text)
            for kind, text in self._belongings.certificates
            if kind == certificate_type
        ]
        if not found:
            return call_result.GetInstalledCertificateIds(GetInstalledCertificateStatus.not_found)
        return call_result.GetInstalledCertificateIds(GetInstalledCertificateStatus.accepted, found)

    @on(Action.delete_certificate)
    def _delete(self, certificate_hash_data: dict[str, Any]) -> call_result.DeleteCertificate:
        for each in self._belongings.certificates:
            if _hashes(each[1]) == certificate_hash_data:
                self._belongings.certificates.remove(each)
                return call_result.DeleteCertificate(DeleteCertificateStatus.accepted)
        return call_result.DeleteCertificate(DeleteCertificateStatus.not_found)

    @on(Action.certificate_signed)
    def _certificate_signed(self, **_: Any) -> call_result.CertificateSigned:
        return call_result.CertificateSigned(CertificateSignedStatus.accepted)

    def _status_messages(self) -> dict[str, Any]:
        """Return what the triggers of these functions make it send."""
        return {
            MessageTrigger.firmware_status_notification: call.FirmwareStatusNotification(
                FirmwareStatus.idle
            ),
            MessageTrigger.diagnostics_status_notification: call.DiagnosticsStatusNotification(
                DiagnosticsStatus.idle
            ),
            MessageTrigger.log_status_notification: call.LogStatusNotification(
                UploadLogStatus.idle, 0
            ),
            MessageTrigger.sign_charge_point_certificate: call.SignCertificate(CSR),
        }

    def _triggered(
        self, requested: str, others: dict[str, Callable[[], object]]
    ) -> TriggerMessageStatus:
        """Have what was asked for sent after the answer."""
        if message := self._status_messages().get(requested):
            self._tell(message)
        elif follow_up := others.get(requested):
            self._follow_ups.append(follow_up)
        else:
            return TriggerMessageStatus.not_implemented
        return TriggerMessageStatus.accepted


def _replaces(
    connector_id: int, profile: dict[str, Any], number: int, other: dict[str, Any]
) -> bool:
    """§5.16.4."""
    names: Sequence[str] = ("charging_profile_purpose", "stack_level")
    alike = connector_id == number and all(profile[name] == other[name] for name in names)
    return alike or profile["charging_profile_id"] == other["charging_profile_id"]


def _hashes(certificate: str) -> dict[str, str]:
    """Return names for a certificate: nobody here reads its issuer."""
    digest = sha256(certificate.encode()).hexdigest()
    return {
        "hash_algorithm": "SHA256",
        "issuer_name_hash": digest,
        "issuer_key_hash": digest,
        "serial_number": digest[:40],
    }
