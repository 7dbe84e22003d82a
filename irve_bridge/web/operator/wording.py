"""The words for every state, status, role and refusal, in the catalogue's source language."""

from typing import NamedTuple

from irve_bridge.domain.account import Role
from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.domain.id_tag import IdTagStatus
from irve_bridge.domain.session import State
from irve_bridge.i18n import N_

GOOD, BUSY, WARN, BAD, QUIET = "good", "busy", "warn", "bad", "quiet"


class Badge(NamedTuple):
    """A word and its tone; the word says all that the colour does."""

    text: str
    tone: str


STATES = {
    State.OPEN: Badge(N_("Waiting for payment"), QUIET),
    State.SECURED: Badge(N_("Secured"), BUSY),
    State.CHARGING: Badge(N_("Charging"), BUSY),
    State.STOPPING: Badge(N_("Stopping"), BUSY),
    State.SETTLING: Badge(N_("Settling"), BUSY),
    State.SETTLED: Badge(N_("Settled"), GOOD),
    State.DUE: Badge(N_("Due"), BAD),
    State.WRITTEN_OFF: Badge(N_("Written off"), QUIET),
    State.RELEASING: Badge(N_("Releasing"), BUSY),
    State.RELEASED: Badge(N_("Released"), QUIET),
    State.REVIEW: Badge(N_("To review"), WARN),
    State.ABANDONED: Badge(N_("Abandoned"), QUIET),
}
CONNECTORS = {
    ConnectorStatus.AVAILABLE: Badge(N_("Available"), GOOD),
    ConnectorStatus.PREPARING: Badge(N_("Preparing"), BUSY),
    ConnectorStatus.CHARGING: Badge(N_("Charging"), BUSY),
    ConnectorStatus.SUSPENDED_EV: Badge(N_("Paused by the car"), BUSY),
    ConnectorStatus.SUSPENDED_EVSE: Badge(N_("Paused by the station"), BUSY),
    ConnectorStatus.FINISHING: Badge(N_("Finishing"), BUSY),
    ConnectorStatus.RESERVED: Badge(N_("Reserved"), BUSY),
    ConnectorStatus.UNAVAILABLE: Badge(N_("Out of service"), WARN),
    ConnectorStatus.FAULTED: Badge(N_("Out of order"), BAD),
    ConnectorStatus.UNKNOWN: Badge(N_("Not known yet"), QUIET),
}
ONLINE, OFFLINE = Badge(N_("Online"), GOOD), Badge(N_("Offline"), BAD)
ID_TAGS = {
    IdTagStatus.ACCEPTED: Badge(N_("May charge"), GOOD),
    IdTagStatus.BLOCKED: Badge(N_("Blocked"), BAD),
    IdTagStatus.EXPIRED: Badge(N_("Expired"), QUIET),
    IdTagStatus.INVALID: Badge(N_("Invalid"), BAD),
}
ROLES = {Role.VIEWER: N_("Viewer"), Role.OPERATOR: N_("Operator")}

REFUSALS = {
    "refused": N_("This is not possible."),
    "other_site": N_(
        "This was sent from another site, so nothing was done. Open the page here and try again."
    ),
    "form_stale": N_(
        "The form is of another login, so nothing was done. Go back, reload the page and try again."
    ),
    "role_refused": N_(
        "Your account only reads. An administrator can let it act: irve-bridge accounts role."
    ),
    "too_many_requests": N_("That was too often. Please wait a minute and try again."),
    "wrong_password": N_("Name or password are not right, or the account is disabled."),
    "unknown_charge_point": N_("There is no charge point of this name."),
    "unknown_tariff": N_("There is no tariff of this name."),
    "days_backwards": N_("These days end before they begin."),
    "days_too_many": N_("These are too many days for one piece."),
    "unknown_session": N_("There is no session of this name."),
    "unknown_action": N_("A charge point cannot be asked this."),
    "connector_busy": N_("A guest has this connector, so nothing was done."),
    "offline": N_("The charge point is not connected, so nothing was sent."),
    "busy": N_("Too many commands wait for this charge point already. Try again in a minute."),
    "timeout": N_("The charge point did not answer in time; the command may have arrived."),
    "call_error": N_("The charge point answered with an error."),
    "invalid": N_("Something is missing or not right in the form. Please check it."),
    "conflict": N_("This contradicts what was decided already. Reload the page and look again."),
    "not_found": N_("There is no such page."),
    "method_not_allowed": N_("There is no such page."),
    "internal": N_("Something went wrong on our side. Nothing is lost; please try again."),
}

LATE = {
    "money": N_("Payments wait to be made at Stripe."),
    "refunds": N_("Refunds wait to be made at Stripe."),
    "afterwards": N_("Customers at Stripe wait to be forgotten."),
    "eyes": N_("Payments wait to be looked up at Stripe."),
    "charger": N_("Commands wait for charge points that do not answer."),
    "csms": N_("Callbacks wait for the CSMS to take them."),
    "mail": N_("Mails wait to be sent."),
}
"""What waits too long, by its lane."""

CONSEQUENCES = {
    (State.REVIEW, True): N_("%(amount)s is taken, and the rest of what was secured goes back."),
    (State.REVIEW, False): N_("Nothing is taken, and all that was secured goes back."),
    (State.DUE, True): N_("Only %(amount)s remains due."),
    (State.DUE, False): N_("It is written off: nothing more is asked of the driver."),
    (State.SETTLED, True): N_("%(amount)s goes back to the driver’s card."),
}
"""What is about to happen, by the state and whether there is an amount."""
STOPS = {
    State.SECURED: N_(
        "The charge is cancelled. If nothing starts, all that was secured goes back."
    ),
    State.CHARGING: N_("The charge ends. What the meter has said by then is billed."),
}
"""What is about to happen where somebody ends a charge in its driver's stead."""
BOUNDS = N_("Type an amount between %(least)s and %(most)s.")
UNFIT = N_("The session has moved on since, so nothing was done. Here it is as it stands now.")
