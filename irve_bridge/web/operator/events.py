"""The words for what happened to a session, what was to be done for it, and how its money moved."""

from irve_bridge.domain.intents import Kind
from irve_bridge.domain.lifecycle import Event
from irve_bridge.i18n import N_

EVENTS = {
    Event.CUSTOMER_CREATED: N_("Customer made at Stripe"),
    Event.CHECKOUT_OPENED: N_("Payment page opened"),
    Event.CHECKOUT_OVERDUE: N_("Payment page overdue"),
    Event.CHECKOUT_ENDED: N_("Payment page expired or refused"),
    Event.GIVEN_UP: N_("Given up by the driver"),
    Event.SECURED: N_("Payment secured"),
    Event.SECURED_FOR_CSMS: N_("Payment secured, the CSMS meters"),
    Event.SECURED_IN_VAIN: N_("Payment secured in vain: connector lost, or card in debt"),
    Event.START_SENT: N_("Start sent to the station"),
    Event.START_REFUSED: N_("Start refused by the station"),
    Event.PLUGGED: N_("Cable plugged in"),
    Event.NO_START: N_("Nothing started in time"),
    Event.STARTED: N_("Charge started"),
    Event.STARTED_TO_STOP: N_("Charge started, though it was to stop already"),
    Event.STOP_ASKED: N_("Stop asked for"),
    Event.STOP_ASKED_OF_CSMS: N_("Stop asked for, the CSMS meters"),
    Event.STOP_BEFORE_START: N_("Stop asked for before the start"),
    Event.MORE_ASKED: N_("Larger hold asked for"),
    Event.HELD_MORE: N_("Hold extended"),
    Event.HELD_NO_MORE: N_("Larger hold refused"),
    Event.HELD_LESS: N_("Hold covers less than was promised"),
    Event.BILLABLE: N_("Charge over, to be billed"),
    Event.UNBILLABLE: N_("Charge over, nothing to bill"),
    Event.SUSPECT: N_("Charge over, its readings are not to be trusted"),
    Event.LESS: N_("Told later: less to bill"),
    Event.NOTHING: N_("Told later: nothing to bill"),
    Event.NO_LESS: N_("Told later: no less to bill"),
    Event.END_OVERDUE: N_("End never reported by the CSMS"),
    Event.CHARGE_CREATED: N_("Charge to the card prepared"),
    Event.CHARGE_IN_VAIN: N_("Charge to the card prepared while the driver pays"),
    Event.PAID: N_("Paid"),
    Event.OVERPAID: N_("Paid more than is owed by now"),
    Event.PAID_OTHERWISE: N_("Paid or refunded another amount than was decided"),
    Event.DECLINED: N_("Declined by the bank"),
    Event.REFUSED: N_("Refused by Stripe"),
    Event.HOLD_GONE: N_("Hold gone"),
    Event.RELEASED: N_("Released"),
    Event.FORGOTTEN: N_("Card or customer forgotten at Stripe"),
    Event.PAY_ASKED: N_("The driver pays what is due"),
    Event.PAYING: N_("The driver pays what is due, again"),
    Event.RETRY_DUE: N_("Time to charge the card again"),
    Event.TERM_PASSED: N_("Term of the debt over"),
    Event.LOWERED: N_("Decided: less is due"),
    Event.FORGIVEN: N_("Decided: nothing more is due"),
    Event.EXTRA: N_("Paid a second time"),
    Event.EXTRA_LOST: N_("A second payment could not be given back"),
    Event.KNOWN: N_("Known already"),
    Event.REFUND_ASKED: N_("Refund asked for"),
    Event.REFUNDED: N_("Refunded"),
    Event.REFUND_FAILED: N_("Refund failed"),
    Event.REFUND_LOST: N_("Refund failed for good"),
    Event.REFUND_MADE_GOOD: N_("Refund failed, made good since"),
    Event.DISPUTED: N_("Disputed by the cardholder"),
    Event.DISPUTE_MOVED: N_("Dispute goes on"),
    Event.DISPUTE_CLOSED: N_("Dispute closed"),
    Event.CUSTOMER_TERM: N_("Customer at Stripe no longer needed"),
    Event.DATA_TERM: N_("Term of the personal data over"),
}

DECIDED = N_("Decided by a person")
"""What an event of a review is where a person's decision led to it."""

KINDS = {
    Kind.CREATE_CUSTOMER: N_("Make a customer"),
    Kind.OPEN_CHECKOUT: N_("Open the payment page"),
    Kind.CONFIRM_SETUP: N_("Keep the card"),
    Kind.CLOSE_CHECKOUT: N_("Close the payment page"),
    Kind.OBSERVE: N_("Look at the payment"),
    Kind.CREATE_CHARGE: N_("Prepare the charge to the card"),
    Kind.CONFIRM_CHARGE: N_("Charge the card"),
    Kind.CANCEL_CHARGE: N_("Cancel the charge to the card"),
    Kind.CAPTURE: N_("Capture the hold"),
    Kind.INCREMENT_HOLD: N_("Extend the hold"),
    Kind.CANCEL_HOLD: N_("Release the hold"),
    Kind.REFUND: N_("Refund"),
    Kind.SEND_RECEIPT: N_("Send Stripe's receipt"),
    Kind.FORGET_CARD: N_("Forget the card"),
    Kind.FORGET_CUSTOMER: N_("Forget the customer"),
    Kind.RESERVE_NOW: N_("Reserve the connector"),
    Kind.CANCEL_RESERVATION: N_("Reserve it no more"),
    Kind.REMOTE_START: N_("Start the charge"),
    Kind.REMOTE_STOP: N_("Stop the charge"),
    Kind.CALLBACK: N_("Tell the CSMS"),
    Kind.MAIL: N_("Mail the driver"),
}

STATUSES = {
    "waiting": N_("waiting"),
    "done": N_("done"),
    "failed": N_("given up"),
    "refused": N_("refused for good"),
    "cancelled": N_("no longer needed"),
}

MOVEMENTS = {
    "hold": N_("Held"),
    "charge": N_("Charged"),
    "capture": N_("Captured"),
    "refund": N_("Refunded"),
    "refund_returned": N_("Refund came back"),
    "refund_failed": N_("Refund failed, nothing moved"),
    "release": N_("Hold released"),
    "dispute": N_("Dispute opened"),
    "dispute_won": N_("Dispute won"),
    "dispute_lost": N_("Dispute lost"),
}
"""How money moved; of other ends of a dispute Stripe's own word stands there."""

REASONS = {
    "end_overdue": N_("The CSMS never reported the end of the charge."),
    "paid_otherwise": N_("At Stripe another amount was paid or refunded than was decided here."),
    "hold_ending": N_("The hold was about to end before the cost was certain."),
    "insufficient_funds": N_("The card has not enough funds."),
    "authentication_required": N_("The bank wants the cardholder to confirm the payment."),
    "hold_gone": N_("The hold ended before it was captured."),
    "refund_failed": N_("A refund did not go through."),
    "checkout_expired": N_("The payment page expired unpaid."),
    "paid_late": N_("The payment came after the session was given up."),
    "given_up": N_("The driver left the payment page."),
    "start_refused": N_("The station refused to start."),
    "no_start": N_("Nothing started in time."),
    "card_in_debt": N_("The card still owes an earlier charge."),
    "connector_lost": N_("Somebody else had the connector before the payment was confirmed."),
    "nothing_used": N_("No energy was delivered."),
    "nothing_told": N_("The station told neither the end of the charge nor any energy."),
    "below_least": N_("The cost is below what a card can be charged."),
    "reviewed": N_("A person decided."),
    "stopped_early": N_("Stopped before it had started."),
}
"""Why a session is where it is, by the outcomes that have words; others are told as noted."""
DECLINE = N_("The bank declined the payment: %(code)s.")
"""Why something is due, by the bank's own code."""
