"""What a charge point tells of its configuration that a bridge has set up before."""

from collections.abc import Mapping
from typing import Any

VALUES: Mapping[str, str] = {
    "AllowOfflineTxForUnknownId": "false",
    "AuthorizationCacheEnabled": "false",
    "AuthorizeRemoteTxRequests": "false",
    "ClockAlignedDataInterval": "0",
    "ConnectionTimeOut": "60",
    "ConnectorPhaseRotation": "NotApplicable",
    "ConnectorPhaseRotationMaxLength": "2",
    "GetConfigurationMaxKeys": "50",
    "HeartbeatInterval": "300",
    "LocalAuthListEnabled": "true",
    "LocalAuthListMaxLength": "500",
    "LocalAuthorizeOffline": "true",
    "LocalPreAuthorize": "false",
    "MeterValueSampleInterval": "15",
    "MeterValuesAlignedData": "",
    "MeterValuesSampledData": "Energy.Active.Import.Register,Power.Active.Import,SoC,"
    "Current.Import,Voltage,Temperature",
    "MeterValuesSampledDataMaxLength": "8",
    "NumberOfConnectors": "2",
    "ResetRetries": "3",
    "SendLocalListMaxLength": "50",
    "StopTransactionOnEVSideDisconnect": "true",
    "StopTransactionOnInvalidId": "true",
    "StopTxnAlignedData": "",
    "StopTxnSampledData": "Energy.Active.Import.Register",
    "StopTxnSampledDataMaxLength": "4",
    "SupportedFeatureProfiles": "Core,FirmwareManagement,RemoteTrigger,Reservation",
    "TransactionMessageAttempts": "5",
    "TransactionMessageRetryInterval": "60",
    "UnlockConnectorOnEVSideDisconnect": "true",
    "WebSocketPingInterval": "60",
}


def told(keys: list[str]) -> dict[str, Any]:
    """Return what GetConfiguration is answered: the keys asked for, or all."""
    named = keys or list(VALUES)
    return {
        "configurationKey": [
            {"key": key, "readonly": False, "value": VALUES[key]} for key in named if key in VALUES
        ],
        "unknownKey": [key for key in named if key not in VALUES],
    }
