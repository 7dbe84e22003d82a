"""What charge points tell in OCPP's own words, in plain ones (OCPP 1.6 §7.6 and §7.36)."""

from irve_bridge.i18n import N_, Language

_WORDS = {
    "ConnectorLockFailure": N_("The connector does not lock or unlock"),
    "EVCommunicationError": N_("Car and station do not understand each other"),
    "GroundFailure": N_("The earth fault protection has tripped"),
    "HighTemperature": N_("Too hot inside the station"),
    "InternalError": N_("Fault in the station’s hardware or software"),
    "LocalListConflict": N_("The station’s own list of badges contradicts ours"),
    "OtherError": N_("Another fault: see the maker’s code"),
    "OverCurrentFailure": N_("The overcurrent protection has tripped"),
    "OverVoltage": N_("The voltage is too high"),
    "PowerMeterFailure": N_("The meter cannot be read"),
    "PowerSwitchFailure": N_("The power switch does not obey"),
    "ReaderFailure": N_("The badge reader does not work"),
    "ResetFailure": N_("A restart failed"),
    "UnderVoltage": N_("The voltage is too low"),
    "WeakSignal": N_("The radio signal is weak"),
    "DeAuthorized": N_("The badge was no longer accepted"),
    "EmergencyStop": N_("The emergency stop was pressed"),
    "EVDisconnected": N_("The cable was unplugged from the car"),
    "HardReset": N_("A hard restart was commanded"),
    "Local": N_("Stopped at the station"),
    "PowerLoss": N_("The station lost its power"),
    "Reboot": N_("The station restarted"),
    "Remote": N_("Stopped by command"),
    "SoftReset": N_("A restart was commanded"),
    "UnlockCommand": N_("The connector was unlocked by command"),
}


def plainly(word: str, language: Language) -> str:
    """Return an error code or a stop reason in plain words beside its own; an unknown one alone."""
    words = language.text(_WORDS.get(word, ""))
    return f"{words} ({word})" if words else word
