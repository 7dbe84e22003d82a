"""One module per kind of intent: what is sent, what its answer proves, where to look for it."""

from irve_bridge.domain.intents import Kind
from irve_bridge.payments.calls.call import Call
from irve_bridge.payments.calls.cancel_payment import CancelPayment
from irve_bridge.payments.calls.capture import Capture
from irve_bridge.payments.calls.close_checkout import CloseCheckout
from irve_bridge.payments.calls.confirm_charge import ConfirmCharge
from irve_bridge.payments.calls.confirm_setup import ConfirmSetup
from irve_bridge.payments.calls.create_charge import CreateCharge
from irve_bridge.payments.calls.create_customer import CreateCustomer
from irve_bridge.payments.calls.forget_card import ForgetCard
from irve_bridge.payments.calls.forget_customer import ForgetCustomer
from irve_bridge.payments.calls.increment_hold import IncrementHold
from irve_bridge.payments.calls.observe_session import ObserveSession
from irve_bridge.payments.calls.open_checkout import OpenCheckout
from irve_bridge.payments.calls.refund import Refund
from irve_bridge.payments.calls.send_receipt import SendReceipt

CALLS: dict[Kind, Call] = {
    Kind.CREATE_CUSTOMER: CreateCustomer(),
    Kind.OPEN_CHECKOUT: OpenCheckout(),
    Kind.CONFIRM_SETUP: ConfirmSetup(),
    Kind.CLOSE_CHECKOUT: CloseCheckout(),
    Kind.OBSERVE: ObserveSession(),
    Kind.CREATE_CHARGE: CreateCharge(),
    Kind.CONFIRM_CHARGE: ConfirmCharge(),
    Kind.CAPTURE: Capture(),
    Kind.CANCEL_CHARGE: CancelPayment(),
    Kind.INCREMENT_HOLD: IncrementHold(),
    Kind.CANCEL_HOLD: CancelPayment(),
    Kind.REFUND: Refund(),
    Kind.SEND_RECEIPT: SendReceipt(),
    Kind.FORGET_CARD: ForgetCard(),
    Kind.FORGET_CUSTOMER: ForgetCustomer(),
}
