"""The words for every code, state and dimension, in the catalogues' source language."""

from typing import NamedTuple

from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.domain.session import PlanName, State
from irve_bridge.domain.spans import Activity
from irve_bridge.i18n import N_


class Story(NamedTuple):
    """A headline and the sentence below it."""

    headline: str
    sentence: str


VAT_NOTE = N_("Prices include VAT.")
CONNECTORS = {
    ConnectorStatus.AVAILABLE: N_("Available"),
    ConnectorStatus.PREPARING: N_("Cable plugged in, ready to charge"),
    ConnectorStatus.UNKNOWN: N_("Not known yet"),
}
"""A connector that is sold, by what it says of itself."""

PLUGS = {
    ConnectorStatus.AVAILABLE: N_(
        "No cable is seen plugged in here yet. If yours is, check this number."
    ),
    ConnectorStatus.PREPARING: N_("A cable is seen plugged in here."),
}
"""What tells a driver whether this is their connector."""

REFUSED_CONNECTORS = {
    "offline": N_("Offline"),
    "connector_busy": N_("In use"),
    "finishing": N_("Charge over, cable still plugged in"),
    "reserved": N_("Reserved"),
    "unavailable": N_("Out of service"),
    "faulted": N_("Out of order"),
}
"""A connector that is not, by the refusal's code."""

STANDARDS = {
    "IEC_62196_T2": N_("Type 2"),
    "IEC_62196_T2_COMBO": N_("CCS (Combo 2)"),
    "CHADEMO": N_("CHAdeMO"),
    "DOMESTIC_E": N_("Household socket"),
    "DOMESTIC_F": N_("Household socket"),
    "IEC_62196_T1": N_("Type 1"),
    "IEC_62196_T1_COMBO": N_("CCS (Combo 1)"),
}
"""A plug by OCPI's name of it (mod_locations, ConnectorType)."""

FORMATS = {"SOCKET": N_("bring your cable"), "CABLE": N_("cable attached")}

PLANS = {
    PlanName.FIXED: N_("Fixed amount"),
    PlanName.ESTIMATED: N_("Estimated charge"),
    PlanName.DYNAMIC: N_("Pay for the actual charge"),
}

STORIES: dict[str, Story] = {
    State.OPEN: Story(
        N_("Waiting for your payment"),
        N_("As soon as your bank confirms, this page goes on by itself."),
    ),
    State.SECURED: Story(
        N_("Plug in the cable"),
        N_("Your payment is confirmed. The charge starts once the car is plugged in."),
    ),
    "secured_plugged": Story(
        N_("Starting"),
        N_("Your payment is confirmed. The charge starts as soon as the cable is plugged in."),
    ),
    "secured_offline": Story(
        N_("The station does not answer"),
        N_(
            "Your payment is confirmed, but the station is offline just now. We keep trying; "
            "if the charge cannot start, you pay nothing."
        ),
    ),
    "secured_stopping": Story(
        N_("Cancelling"),
        N_("The charge is being cancelled. If nothing starts, you pay nothing."),
    ),
    State.CHARGING: Story(
        N_("Charging"), N_("You may leave this page; your link brings you back.")
    ),
    State.STOPPING: Story(
        N_("Stopping"), N_("The station has been asked to stop. This takes a few seconds.")
    ),
    State.SETTLING: Story(
        N_("Charge over"), N_("You may unplug the cable. We are settling the exact amount.")
    ),
    State.SETTLED: Story(N_("Thank you"), N_("Your charge is paid. You may unplug the cable.")),
    "settled_presumed": Story(
        N_("Thank you"),
        N_(
            "The station did not report the end of your charge, so you pay for what it had "
            "measured by then. Should it report less after all, the difference goes back to your "
            "card."
        ),
    ),
    State.RELEASING: Story(N_("You have nothing to pay"), ""),
    State.RELEASED: Story(N_("You have nothing to pay"), ""),
    State.ABANDONED: Story(N_("No payment was made"), ""),
    State.DUE: Story(N_("Your payment did not go through"), ""),
    State.REVIEW: Story(
        N_("We are checking your charge"),
        N_(
            "A person looks at your charge before its amount is settled. "
            "The final amount is never more than you agreed to."
        ),
    ),
    State.WRITTEN_OFF: Story(
        N_("Nothing more is due"), N_("This charge is closed: nothing more is asked of you.")
    ),
    "in_debt": Story(N_("An earlier charge comes first"), ""),
    "debt_settled": Story(N_("You can charge again"), N_("Your earlier charge is settled by now.")),
}

ACTIVITIES = {
    Activity.CHARGING: STORIES[State.CHARGING],
    Activity.SUSPENDED_EV: Story(
        N_("Paused by the car"),
        N_(
            "Your car takes no power just now: its battery may be full, or its own timer set. "
            "It may go on by itself."
        ),
    ),
    Activity.SUSPENDED_EVSE: Story(
        N_("Paused by the station"),
        N_("The station gives no power just now. It goes on by itself; you need do nothing."),
    ),
}
"""What a running charge does."""

RELEASING = {
    PlanName.FIXED: N_("Your money is on its way back"),
    PlanName.ESTIMATED: N_("Your hold is being released"),
    PlanName.DYNAMIC: N_("You have nothing to pay"),
}

ENDINGS = {
    "checkout_expired": N_("The payment page expired before the payment was made."),
    "paid_late": N_("Your payment came after this charge was given up, so nothing was started."),
    "given_up": N_("You left the payment page. You may try again whenever you like."),
    "start_refused": N_(
        "The station refused to start. Check that the cable is well plugged in, or take another "
        "connector."
    ),
    "no_start": N_(
        "The charge did not start in time: no cable was plugged in, or no car answered."
    ),
    "hold_gone": N_("Your bank's hold ended before the charge could start."),
    "hold_ending": N_(
        "The hold on your card was about to end before the cost of your charge was certain, so "
        "there is nothing to pay."
    ),
    "card_in_debt": N_("An earlier charge with this card was not paid yet."),
    "connector_lost": N_("Somebody else took this connector before your payment was confirmed."),
    "nothing_used": N_("No energy was delivered, so there is nothing to pay."),
    "nothing_told": N_(
        "The station reported neither the end of your charge nor any energy, so there is nothing "
        "to pay."
    ),
    "below_least": N_("The cost is below the least amount a card can be charged: it is on us."),
    "reviewed": N_("We looked at your charge: there is nothing to pay."),
    "stopped_early": N_("The charge was cancelled before it started."),
}
"""Why nothing is paid, by the outcomes that are ours; the provider's codes have three sentences."""

NOT_OPENED = N_("The payment could not be opened. Please try again, or with another card.")
REFUND_FAILED = N_(
    "The refund did not go through, so it is being made again. If it has not reached you after ten "
    "working days, please call the operator named below."
)

DECLINED = {
    "": N_("Your bank declined the payment."),
    "insufficient_funds": N_("Your bank declined the payment for lack of funds."),
    "authentication_required": N_("Your bank wants you to confirm this payment yourself."),
    "payment_intent_authentication_failure": N_(
        "Your bank could not make sure that it was you. Nothing was taken."
    ),
    "hold_gone": N_("Your bank's hold ended before the charge could be settled."),
    "charge_canceled": N_("The payment was cancelled before anything was taken."),
    "expired_card": N_("Your card has expired."),
}
"""Why something is due; a card reported lost or stolen is one that the bank declined."""

IN_DEBT = {
    PlanName.FIXED: N_(
        "An earlier charge with this card is not paid yet. Please settle it first. What you have "
        "just paid goes back to your card in full."
    ),
    PlanName.ESTIMATED: N_(
        "An earlier charge with this card is not paid yet. Please settle it first. Nothing was "
        "taken now; the hold on your card is released."
    ),
    PlanName.DYNAMIC: N_(
        "An earlier charge with this card is not paid yet. Please settle it first. Nothing was "
        "taken now."
    ),
}

PROMISES = {
    PlanName.FIXED: N_(
        "You pay now; the charge stops when the amount is used, and what is left is refunded."
    ),
    PlanName.ESTIMATED: N_(
        "An estimate is held on your card; only the actual cost is taken, and the rest is released."
    ),
    PlanName.DYNAMIC: N_("Your card is charged once, at the end, for what the meter says."),
}
KEPT = N_(
    "You pay now; the charge stops when the amount is used. What you do not use is not refunded."
)
"""The fixed amount's promise where the operator keeps the remainder."""

MANDATE = N_(
    "I authorise %(operator)s to keep my card for this charge and to debit it once, at its end, "
    "without any further action of mine, for the energy and time metered at the prices above, at "
    "most %(ceiling)s. If it is declined, the same amount may be presented again until it is paid "
    "or given up. It serves for nothing else."
)
WAIVER = N_(
    "By ordering, I expressly ask for the charge to begin at once, and I acknowledge that I lose "
    "my right to withdraw once it is fully performed."
)
ORDER = N_("Order with obligation to pay")

REFUSALS = {
    "refused": N_("This is not possible. Please go back and try another way."),
    "code_wrong": N_(
        "This code does not belong to this connector: somebody may have changed it. Do not pay "
        "here. Type the whole address that is printed on the station, or call the operator named "
        "below."
    ),
    "code_missing": N_(
        "This address is not complete. Please scan the code on the station, or type the whole "
        "address that is printed there."
    ),
    "code_stale": N_(
        "This code is no longer valid. Please scan the one that the station shows now."
    ),
    "code_passing": N_(
        "Only the code on the station's display is valid here. Please scan that one; do not trust "
        "a printed one."
    ),
    "unknown_connector": N_("We do not know this connector. Please scan the code again."),
    "unknown_tariff": N_("This connector has no price yet. Please call the operator."),
    "unknown_session": N_("We do not know this charge. Please scan the code again."),
    "unknown_transaction": N_("We do not know this charge. Please scan the code again."),
    "offline": N_("This station is offline just now. Please take another one."),
    "faulted": N_("This connector is out of order. Please take another one."),
    "finishing": N_("A cable from the last charge is still plugged in. Unplug it, then try again."),
    "reserved": N_("This connector is reserved for somebody else. Please take another one."),
    "unavailable": N_("This connector is out of service for now. Please take another one."),
    "connector_busy": N_("Somebody else is using this connector. Please take another one."),
    "amount_refused": N_("This amount cannot be paid here. Please choose another one."),
    "currency_refused": N_("This station has another currency."),
    "invalid": N_("Something is missing or not right in the form. Please check it."),
    "price_changed": N_(
        "The price has changed since you opened this page. Please read the new one, then order "
        "again."
    ),
    "conflict": N_(
        "This charge is not ended here. Please end it where it was started, or call the operator."
    ),
    "checkout_late": N_(
        "The payment page did not open in time. Nothing was charged; please try again."
    ),
    "checkout_refused": N_("The payment could not be opened. Nothing was charged."),
    "not_extended": N_(
        "No more could be held on your card. What is held stays as it is, and your charge goes on."
    ),
    "too_many_requests": N_("That was too fast. Please wait a minute and try again."),
    "not_found": N_("There is no such page. Please scan the code on the station."),
    "unauthorized": N_("This is not your charge. Please open the link you were given."),
    "internal": N_("Something went wrong on our side. Nothing is lost; please try again."),
}
