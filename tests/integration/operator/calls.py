"""One call of each action that a central system may make, and one answer to it."""

from typing import Any

MOMENT = "2026-03-01T10:00:00Z"
PERIODS = [{"startPeriod": 0, "limit": 16.0}, {"startPeriod": 3600, "limit": 21.4}]
SCHEDULE = {"chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS}
HASH = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa",
    "issuerKeyHash": "bb",
    "serialNumber": "01",
}
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"
IMAGE = {
    "location": "https://example.org/firmware.bin",
    "retrieveDateTime": MOMENT,
    "signingCertificate": CERTIFICATE,
    "signature": "AA==",
}
ACCEPTED = {"status": "Accepted"}


def profile(number: int = 1, purpose: str = "TxDefaultProfile", level: int = 0) -> dict[str, Any]:
    return {
        "chargingProfileId": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": SCHEDULE,
    }


CALLS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "CancelReservation": ({"reservationId": 7}, ACCEPTED),
    "CertificateSigned": ({"certificateChain": CERTIFICATE}, ACCEPTED),
    "ChangeAvailability": ({"connectorId": 2, "type": "Inoperative"}, {"status": "Scheduled"}),
    "ChangeConfiguration": ({"key": "ConnectionTimeOut", "value": "90"}, ACCEPTED),
    "ClearCache": ({}, ACCEPTED),
    "ClearChargingProfile": ({"connectorId": 2}, ACCEPTED),
    "DataTransfer": ({"vendorId": "org.example", "data": "{}"}, ACCEPTED | {"data": "[]"}),
    "DeleteCertificate": ({"certificateHashData": HASH}, ACCEPTED),
    "ExtendedTriggerMessage": ({"requestedMessage": "SignChargePointCertificate"}, ACCEPTED),
    "GetCompositeSchedule": (
        {"connectorId": 2, "duration": 3600, "chargingRateUnit": "A"},
        ACCEPTED | {"connectorId": 2, "scheduleStart": MOMENT, "chargingSchedule": SCHEDULE},
    ),
    "GetConfiguration": (
        {"key": ["ConnectionTimeOut", "Colour"]},
        {
            "configurationKey": [{"key": "ConnectionTimeOut", "readonly": False, "value": "60"}],
            "unknownKey": ["Colour"],
        },
    ),
    "GetDiagnostics": ({"location": "ftp://example.org/"}, {"fileName": "diagnostics.zip"}),
    "GetInstalledCertificateIds": (
        {"certificateType": "CentralSystemRootCertificate"},
        ACCEPTED | {"certificateHashData": [HASH]},
    ),
    "GetLocalListVersion": ({}, {"listVersion": 3}),
    "GetLog": (
        {
            "logType": "SecurityLog",
            "requestId": 4,
            "log": {"remoteLocation": "https://example.org/log"},
        },
        ACCEPTED | {"filename": "security.log"},
    ),
    "InstallCertificate": (
        {"certificateType": "ManufacturerRootCertificate", "certificate": CERTIFICATE},
        ACCEPTED,
    ),
    "RemoteStartTransaction": ({"connectorId": 2, "idTag": "CARD"}, ACCEPTED),
    "RemoteStopTransaction": ({"transactionId": 12}, {"status": "Rejected"}),
    "ReserveNow": (
        {
            "connectorId": 2,
            "expiryDate": "2099-03-01T10:00:00Z",
            "idTag": "CARD",
            "reservationId": 7,
        },
        ACCEPTED,
    ),
    "Reset": ({"type": "Soft"}, ACCEPTED),
    "SendLocalList": (
        {
            "listVersion": 3,
            "updateType": "Full",
            "localAuthorizationList": [{"idTag": "CARD", "idTagInfo": {"status": "Accepted"}}],
        },
        ACCEPTED,
    ),
    "SetChargingProfile": ({"connectorId": 2, "csChargingProfiles": profile()}, ACCEPTED),
    "SignedUpdateFirmware": ({"requestId": 5, "firmware": IMAGE}, ACCEPTED),
    "TriggerMessage": ({"requestedMessage": "Heartbeat"}, ACCEPTED),
    "UnlockConnector": ({"connectorId": 2}, {"status": "Unlocked"}),
    "UpdateFirmware": (
        {"location": "ftp://example.org/firmware.bin", "retrieveDate": MOMENT},
        {},
    ),
}
