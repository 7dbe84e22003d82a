"""What can go wrong, in one family.

BridgeError
├── Refusal          the caller or the world says no; `code` is stable and translated on pages
│   ├── UnknownThing     no such charge point, connector, session or tariff
│   ├── ConnectorBusy    somebody else has the connector
│   ├── ConnectorOut     offline, faulted, finishing, reserved or unavailable
│   ├── AmountRefused    outside what may be secured
│   ├── Conflict         contradicts what was decided already
│   ├── CommandFailed    a charge point did not answer a command, or with an error
│   ├── CodeRefused      a code on a station that is not its own, or no longer good
│   └── TariffRefused    a tariff that cannot be priced exactly or lawfully
└── Bug              an invariant is broken; nothing was changed
"""


class BridgeError(Exception):
    """Anything this program raises on purpose."""


class Refusal(BridgeError):
    """Recoverable: nothing was changed, and the sentence says what to do next."""

    code = "refused"

    def __init__(self, sentence: str, code: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code or type(self).code


class UnknownThing(Refusal):
    """There is no charge point, connector, session or tariff of that name."""

    code = "unknown"


class ConnectorBusy(Refusal):
    """Another driver pays or charges at this connector."""

    code = "connector_busy"


class ConnectorOut(Refusal):
    """The connector cannot start a charge now; `code` names the cause."""

    code = "connector_unavailable"


class AmountRefused(Refusal):
    """The amount lies outside what may be secured."""

    code = "amount_refused"


class Conflict(Refusal):
    """The request contradicts what was decided already."""

    code = "conflict"


class CodeRefused(Refusal):
    """The address that was scanned is not the connector's, or no longer good."""

    code = "code_wrong"


class TariffRefused(Refusal):
    """The tariff cannot be priced exactly, or not lawfully."""

    code = "tariff_refused"


class CommandFailed(Refusal):
    """A charge point did not answer a command as asked; `code` says how that came.

    `offline`, `busy` and `invalid`: it was not sent. `timeout`: it may have arrived. `call_error`:
    it was refused with the CALLERROR of the code `call_error`.
    """

    code = "call_error"

    def __init__(self, sentence: str, code: str, call_error: str | None = None) -> None:
        super().__init__(sentence, code)
        self.call_error = call_error


class Bug(BridgeError):
    """An invariant does not hold: stop before money moves."""
