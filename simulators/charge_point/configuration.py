"""The configuration keys of OCPP 1.6 §9 that the simulator obeys."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ocpp.v16.enums import ConfigurationStatus, Measurand

MEASURANDS = (
    Measurand.energy_active_import_register,
    Measurand.power_active_import,
    Measurand.current_import,
    Measurand.voltage,
    Measurand.soc,
)


def _is_count(value: str) -> bool:
    return value.isascii() and value.isdigit()


def _is_flag(value: str) -> bool:
    return value.lower() in {"true", "false"}


def _are_measurands(value: str) -> bool:
    """One measurand that is not supported rejects the whole list (§5.3)."""
    return not value or set(value.split(",")) <= set(MEASURANDS)


@dataclass(frozen=True, slots=True)
class Setting:
    """One key's value, and the check of a new one; no check means read-only."""

    value: str
    accepts: Callable[[str], bool] | None = None


def _factory_settings() -> dict[str, Setting]:
    all_measurands = ",".join(MEASURANDS)
    return {
        "AllowOfflineTxForUnknownId": Setting("true", _is_flag),
        "AuthorizeRemoteTxRequests": Setting("false", _is_flag),
        "ClockAlignedDataInterval": Setting("0"),
        "ConnectionTimeOut": Setting("60", _is_count),
        "ConnectorPhaseRotation": Setting("NotApplicable"),
        "CustomDisplayCostAndPrice": Setting("false"),
        "GetConfigurationMaxKeys": Setting("50"),
        "HeartbeatInterval": Setting("300", _is_count),
        "LocalAuthorizeOffline": Setting("true", _is_flag),
        "LocalPreAuthorize": Setting("false"),
        "MeterValueSampleInterval": Setting("10", _is_count),
        "MeterValuesAlignedData": Setting(""),
        "MeterValuesSampledData": Setting(all_measurands, _are_measurands),
        "NumberOfConnectors": Setting("1"),
        "NumberOfDecimalsForCostValues": Setting("3"),
        "ResetRetries": Setting("0"),
        "StopTransactionOnEVSideDisconnect": Setting("true", _is_flag),
        "StopTransactionOnInvalidId": Setting("true", _is_flag),
        "StopTxnAlignedData": Setting(""),
        "StopTxnSampledData": Setting(Measurand.energy_active_import_register, _are_measurands),
        "SupportedFeatureProfiles": Setting("Core,RemoteTrigger"),
        "TransactionMessageAttempts": Setting("3", _is_count),
        "TransactionMessageRetryInterval": Setting("60", _is_count),
        "UnlockConnectorOnEVSideDisconnect": Setting("true"),
        "WebSocketPingInterval": Setting("20"),
    }


class Configuration:
    """The charge point's keys; they survive a reboot."""

    def __init__(self, **values: str | int) -> None:
        self._settings = _factory_settings()
        for key, value in values.items():
            self.put(key, value)

    def put(self, key: str, value: str | int) -> None:
        """Set a key as the manufacturer would, read-only or not.

        Raises:
            KeyError: for a key the charge point does not have.
        """
        self._settings[key] = replace(self._settings[key], value=str(value))

    def change(self, key: str, value: str) -> ConfigurationStatus:
        """Set a key as the central system asks, and return the answer to it (§5.3)."""
        setting = self._settings.get(key)
        if setting is None:
            return ConfigurationStatus.not_supported
        if setting.accepts is None or not setting.accepts(value):
            return ConfigurationStatus.rejected
        self.put(key, value)
        return ConfigurationStatus.accepted

    def known(self, keys: Iterable[str]) -> dict[str, Setting]:
        """Return those of the keys that exist; all keys when none is named (§5.8)."""
        wanted = list(keys)
        return {k: s for k, s in self._settings.items() if not wanted or k in wanted}

    def count(self, key: str) -> int:
        """Return a whole number, in the unit the key has."""
        return int(self._settings[key].value)

    def flag(self, key: str) -> bool:
        """Return a switch."""
        return self._settings[key].value.lower() == "true"

    def measurands(self, key: str) -> list[Measurand]:
        """Return the measurands a list key names."""
        return [Measurand(name) for name in self._settings[key].value.split(",") if name]
