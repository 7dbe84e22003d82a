"""What must hold: at every moment, once the money of a session rests, and in the end."""

from collections import Counter
from collections.abc import Container, Sequence
from pathlib import Path

from irve_bridge.domain.intents import Do
from irve_bridge.domain.lifecycle import DONE
from irve_bridge.domain.session import MeteredBy, State
from irve_bridge.service.books import left_minor
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Movement
from simulators import pricing
from tests import ocpi
from tests.stateful.charger import Charge
from tests.stateful.records import UNHEARD, Line, Record

TARIFF = pricing.load(Path(__file__).parents[2] / "config" / "tariffs")["ac"]
LONGEST_WAIT = Policy().start_within_most
ENDED = DONE | {State.REVIEW}


def always(records: Sequence[Record]) -> None:
    """Assert what holds at every moment, whatever is under way."""
    for record in records:
        _settled_once(record)
        _never_above_secured(record)
        _nothing_let_go_after_capture(record)
        _callbacks_in_order(record)
        _price_is_the_meters(record)
        _presumed_is_never_more(record)
        if record.money_rests and record.session.state is State.SETTLED:
            _books_are_exact(record)
        _papers_say_what_is_owed(record)
    _numbers_have_no_gap(records)
    _one_session_per_connector(records)


def in_the_end(records: Sequence[Record], kept_from_refunds: Container[str]) -> None:
    """Assert what holds once nothing is left to do; of those payments refunds failed."""
    for record in records:
        _nothing_dangles(record)
        _told_everything(record)
        _books_equal_ledger(record)
        _pays_what_is_decided(record)
        _no_energy_forgotten(record)
        _released_on_proof(record)
        _person_is_called_for_a_reason(record, kept_from_refunds)


def expected_minor(record: Record) -> int | None:
    """Return what the charge costs by the charge point's own memory; None if that is no guide."""
    charge, session = record.charge, record.session
    if charge is None or charge.stopped_at is None or charge.lied:
        return None
    if session.cost is None or record.presumed:
        return None
    return _price(charge)


def _price(charge: Charge) -> int:
    return pricing.expected_minor(TARIFF, charge.energy_wh, charge.charging_s, charge.suspended_s)


def owed_minor(record: Record) -> int | None:
    """Return what the driver owes: the price, of what was secured, less the operator's refunds."""
    session, cost_minor = record.session, expected_minor(record)
    if record.presumed:
        return None
    if record.decided_by_person is not None:
        decided_minor = min(record.decided_by_person, session.secured_minor or 0)
        return decided_minor - record.refunds_asked_minor
    if record.reported_minor is not None:
        owed = min(record.reported_minor, session.secured_minor or 0)
    elif cost_minor is None:
        return None
    else:
        owed = min(cost_minor, session.secured_minor or 0)
    if owed < session.least_minor and not session.taken:
        owed = 0
    return owed - record.refunds_asked_minor


def _settled_once(record: Record) -> None:
    """One capture, one charge without the driver: never two, even if one were given back."""
    by_bridge = [line for line in record.payments if _taken_by_bridge(record, line)]
    assert len(by_bridge) <= 1, f"settled {len(by_bridge)} times: {by_bridge}"


def _taken_by_bridge(record: Record, line: Line) -> bool:
    if line["id"] in record.beside:
        return False
    off_session = line["charged_minor"] > 0 and line["checkout_session"] is None
    return line["captured_minor"] > 0 or off_session


def _never_above_secured(record: Record) -> None:
    """Neither decided nor taken is more than was ever secured, at the latest by now."""
    session, most_minor = record.session, record.most_secured_minor
    assert (session.decided_minor or 0) <= most_minor, f"{most_minor} secured, {session}"
    for line in record.payments:
        assert line["refunded_minor"] <= line["charged_minor"], f"refunded too much: {line}"
        if session.secured_at and _taken_by_bridge(record, line):
            assert line["charged_minor"] <= most_minor, f"{most_minor} secured, {line}"


def _nothing_let_go_after_capture(record: Record) -> None:
    """The books never let go of what they have captured, nor of more than was held."""
    for payment_id in {m.payment_id for m in record.movements}:
        held_minor = sum(_of_hold(m) for m in record.movements if m.payment_id == payment_id)
        assert held_minor >= 0, f"let go of more than was held: {record.movements}"


def _of_hold(movement: Movement) -> int:
    if movement.kind in ("capture", "release"):
        return -movement.amount_minor
    return movement.amount_minor if movement.kind == "hold" else 0


def _callbacks_in_order(record: Record) -> None:
    """Repeats and what was given up aside, the CSMS hears each number after the one before it."""
    first = [n for n in dict.fromkeys(record.told) if n not in record.given_up]
    missing = [n for n in range(1, max(first, default=0)) if n not in record.told]
    assert first == sorted(first), f"told in the order {record.told}"
    assert set(missing) <= set(record.given_up), f"told without {missing}: {record.told}"


def _price_is_the_meters(record: Record) -> None:
    session, cost_minor = record.session, expected_minor(record)
    if cost_minor is None or session.cost is None or session.energy_wh is None:
        return
    assert record.charge is not None
    told = f"{session.energy_wh} Wh for {record.charge}"
    assert session.energy_wh == record.charge.energy_wh, told
    if session.energy_wh:
        assert session.cost.gross_minor == cost_minor, f"{session.cost} for {record.charge}"


def _presumed_is_never_more(record: Record) -> None:
    """An end that was presumed costs at most what was delivered, or what a stop after all says.

    What was given back before counts, too.
    """
    charge, session = record.charge, record.session
    if charge is None or charge.stopped_at is None or session.cost is None:
        return
    if not session.energy_wh:  # without energy there is no bill
        return
    believable = charge.told if charge.short else not charge.lied
    if record.presumed and believable and charge.id != UNHEARD:
        cost_minor = session.cost.gross_minor
        billed_minor = cost_minor if session.decided_minor is None else session.decided_minor
        told = f"{billed_minor} of {session.cost} for {charge}"
        assert min(cost_minor, billed_minor) <= _price(charge), told


def _books_are_exact(record: Record) -> None:
    """A settled session's own payment is what was decided, as far as the bridge can know."""
    session = record.session
    left = left_minor(record.movements, session.payment_intent_id)
    assert left == session.decided_minor == session.paid_minor, f"{left=}, {session}"


def _papers_say_what_is_owed(record: Record) -> None:
    """Receipts less credit notes, and CDRs less what credits them, from the moment it is final."""
    session = record.session
    if session.state not in DONE:
        return
    owed_minor = 0 if session.state is State.RELEASED else session.decided_minor or 0
    billed_minor = sum(paper.signed_minor for paper in record.papers)
    told_minor = sum(cdr.total_minor for cdr in record.cdrs)
    paid = session.state is State.SETTLED
    assert billed_minor == (owed_minor if paid else 0), f"{record.papers} for {session}"
    if session.started_at is not None:
        assert record.cdrs, f"no CDR of {session}"
        assert told_minor == owed_minor, f"{record.cdrs} for {session}"
    for cdr in record.cdrs:
        ocpi.Cdr.model_validate(cdr.document)


def _numbers_have_no_gap(records: Sequence[Record]) -> None:
    numbers = sorted(paper.number for record in records for paper in record.papers)
    assert numbers == list(range(1, len(numbers) + 1)), f"numbered {numbers}"


def _one_session_per_connector(records: Sequence[Record]) -> None:
    using = (State.SECURED, State.CHARGING, State.STOPPING)
    held = Counter(r.session.connector_number for r in records if r.session.state in using)
    assert all(count == 1 for count in held.values()), f"connectors held twice: {held}"


def _nothing_dangles(record: Record) -> None:
    session = record.session
    assert session.state in ENDED, f"left {session.state}, {record.unfinished}"
    waiting = [i for i in record.waiting if i.kind != Do.FORGET_CUSTOMER]
    assert not waiting, f"{session.state} and still to do: {waiting}"
    assert record.held_minor == 0, f"{session.state} and still held: {record.payments}"
    booked_minor = sum(_of_hold(m) for m in record.movements)
    known = session.state is not State.REVIEW  # there a hold may end without having been asked for
    assert booked_minor == 0 or not known, f"{booked_minor} still held: {record.movements}"


def _told_everything(record: Record) -> None:
    assert len(set(record.told)) == record.session.callback_sequence, f"told {record.told}"


def _books_equal_ledger(record: Record) -> None:
    known = {m.payment_id for m in record.movements} | {line["id"] for line in record.payments}
    ledger = {
        line["id"]: line["charged_minor"] - line["refunded_minor"] for line in record.payments
    }
    for payment_id in known - {None}:
        booked = left_minor(record.movements, payment_id)
        assert booked == ledger.get(payment_id), f"{payment_id}: booked {booked}, {record.payments}"


def _pays_what_is_decided(record: Record) -> None:
    session, kept_minor = record.session, record.kept_minor
    match session.state:
        case State.SETTLED:
            assert kept_minor == session.decided_minor, (
                f"{kept_minor=}, {session}, {record.payments}"
            )
            owed = owed_minor(record)
            less = record.by_hand_minor
            assert owed is None or owed - less <= kept_minor <= owed, (
                f"{kept_minor=}, {owed=}, {less=}"
            )
        case State.RELEASED | State.ABANDONED | State.WRITTEN_OFF:
            assert kept_minor == 0, f"{session.state} and kept {kept_minor}: {record.payments}"
        case State.REVIEW:
            assert kept_minor <= max(session.secured_minor or 0, session.amount_minor)


def _no_energy_forgotten(record: Record) -> None:
    """What was metered and can be billed is billed, or a person knows."""
    session, owed = record.session, owed_minor(record)
    if session.metered_by is MeteredBy.BRIDGE and record.charge and owed is not None and owed > 0:
        assert session.state is not State.RELEASED, f"{owed} owed for {record.charge}"


def _released_on_proof(record: Record) -> None:
    """Nothing goes back while a charge runs on the tag, before the longest wait is over.

    But for a start that its charge point never managed to tell.
    """
    session = record.session
    if session.state is not State.RELEASED or session.transaction_id or not session.secured_at:
        return
    assert session.ended_at is not None
    if session.ended_at >= session.secured_at + LONGEST_WAIT:
        return
    ran = [each for each in record.charges if each.id != UNHEARD and each.energy_wh > 0]
    early = [each for each in ran if each.started_at < session.ended_at]
    assert not early, f"{session.outcome} at {session.ended_at}, but there ran {early}"


def _person_is_called_for_a_reason(record: Record, kept_from_refunds: Container[str]) -> None:
    """Nobody is called out at night for what the bridge could have settled by itself."""
    session = record.session
    if session.state is not State.REVIEW:
        return
    assert record.called, "for a person, who was not called"
    reasons = {
        "its start or stop cannot be relied on": _not_to_be_trusted(record),
        "its end was never reported": session.metered_by is MeteredBy.CSMS
        and record.reported_minor is None,
        "its money was moved by hand": bool(record.by_hand_minor or record.beside),
        "a refund failed or could not be made": any(
            line["id"] in kept_from_refunds for line in record.payments
        ),
    }
    assert any(reasons.values()), f"nothing explains {session.outcome}: {session}"


def _not_to_be_trusted(record: Record) -> bool:
    return record.charge is None or record.charge.lied
