"""When a running charge must be stopped: never later than its limit, whatever the next reading."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.clock import SharedClock
from irve_bridge.domain.charge_point import ChargePoint
from irve_bridge.domain.metering import Activity, Reading, finish
from irve_bridge.domain.period import Period
from irve_bridge.domain.restrictions import Restrictions
from irve_bridge.domain.session import Session, State
from irve_bridge.domain.tariff import TariffElement
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.handle import Work
from irve_bridge.service.meters import Meters
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import ALONE, Tx
from irve_bridge.service.running import Running
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from tests import sqlite
from tests.unit.domain.sessions import NOW, session, tariff

LEAD = timedelta(seconds=5)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BOUGHT_WH = 50_000
"""What 30.00 buys at 0.50 and 20 % VAT."""


def charging(secured_minor: int | None = 3000) -> Session:
    return session(state=State.CHARGING, secured_at=NOW, secured_minor=secured_minor)


def running(of: Session | None = None, rated_w: int = 22_000) -> Running:
    transaction = Transaction(
        id="7",
        charge_point_id="CP1",
        connector_number=1,
        id_tag="ABCDEF0123456789",
        start_at=NOW,
        meter_start_wh=0,
        accepted=True,
        session_id="ses_1",
    )
    return Running.begin(transaction, of or charging(), rated_w, LEAD)


def reading(minutes: float, register_wh: int, power_w: int) -> Reading:
    return Reading(at=NOW + minutes * MINUTE, register_wh=register_wh, power_w=power_w)


def within_a_second(moment: object, expected: object) -> bool:
    return abs(moment - expected) < timedelta(seconds=1)  # type: ignore[operator, no-any-return]


def test_before_any_reading_the_connectors_rating_says_how_soon_the_limit_comes() -> None:
    fresh = running(rated_w=25_000)
    fresh.read((), NOW)
    assert within_a_second(fresh.limit_at, NOW + 2 * HOUR - LEAD)


def test_a_car_may_draw_again_what_it_drew_before() -> None:
    """The limit is projected with the highest power seen, not with the latest."""
    eased = running()
    eased.read([reading(1, 100, 10_000)], NOW + MINUTE)
    eased.read([reading(2, 200, 2_000)], NOW + 2 * MINUTE)
    left_h = (BOUGHT_WH - 200) / 10_000
    assert within_a_second(eased.limit_at, NOW + 2 * MINUTE + left_h * HOUR - LEAD)


def test_a_stop_is_asked_for_before_the_limit_by_what_it_takes_to_arrive() -> None:
    hasty = running(rated_w=36_000)
    hasty.read([reading(120, BOUGHT_WH - 10, 36_000)], NOW + 2 * HOUR)
    at_once = replace_lead(hasty, timedelta())
    assert at_once.limit_at is not None
    assert hasty.limit_at is not None
    assert at_once.limit_at - hasty.limit_at == LEAD
    assert hasty.limit_at < NOW + 2 * HOUR, "what is left would be drawn before a stop arrives"


def replace_lead(of: Running, lead: timedelta) -> Running:
    other = replace(of, lead=lead)
    other.read((), NOW + 2 * HOUR)
    return other


def test_without_anything_secured_there_is_no_limit_to_project() -> None:
    free = running(charging(secured_minor=None))
    free.read((), NOW)
    assert free.limit_at is None


@pytest.mark.parametrize(("secured_minor", "bought_wh"), [(6000, 100_000), (1500, 25_000)])
def test_a_hold_that_grew_or_shrank_moves_the_limit_at_once(
    secured_minor: int, bought_wh: int
) -> None:
    """A driver who has just agreed to more is not stopped before the next reading."""
    moved = running()
    moved.read([reading(60, 10_000, 10_000)], NOW + HOUR)
    moved.follow(charging(secured_minor))
    left_h = (bought_wh - 10_000) / 10_000
    assert within_a_second(moved.limit_at, NOW + HOUR + left_h * HOUR - LEAD)


def test_what_is_not_secured_money_moves_no_limit() -> None:
    same = running()
    same.read([reading(60, 10_000, 10_000)], NOW + HOUR)
    before = same.limit_at
    same.follow(replace(charging(), dispute="needs_response"))
    assert same.limit_at == before


def by_night(secured_minor: int) -> Session:
    """From 20:00 in Paris on a kWh costs ten times what it costs by day."""
    plain = tariff(ENERGY="0.50").elements[0]
    dear = replace(plain.price_components[0], price=Decimal(5))
    night = TariffElement((dear,), Restrictions(start_time="20:00"))
    priced = replace(tariff(ENERGY="0.50"), elements=(night, plain))
    return replace(charging(secured_minor), tariff=priced)


def test_a_limit_that_only_the_night_brings_is_found_though_nothing_is_read_any_more() -> None:
    """30.00 buy 25 h at 2 kW by day, and 2.5 h by night, which begins after seven."""
    silent = running(by_night(3000), rated_w=2_000)
    silent.read((), NOW)
    assert silent.limit_at is None
    looked = []
    while not silent.reaches_limit(silent.next_at or NOW) and len(looked) < 20:
        looked.append(silent.next_at)
    assert silent.limit_at is not None
    assert looked == sorted(looked)
    spent = silent.pricer.tally(NOW, list(_steady(silent.limit_at + LEAD, 2_000)))
    assert 2990 <= silent.pricer.gross_minor(spent) <= 3000


def _steady(until: datetime, power_w: int) -> Iterator[Period]:
    energy_wh = Fraction(power_w * ((until - NOW) // timedelta(microseconds=1)), 3_600_000_000)
    yield Period(start_at=NOW, end_at=until, energy_wh=energy_wh, charging=until - NOW)


def test_the_running_cost_is_the_bill_of_what_was_read_so_far() -> None:
    charge = running(by_night(100_000), rated_w=11_000)
    told = [reading(60 * hour, 11_000 * hour, 11_000) for hour in range(1, 14)]
    for each in told:
        charge.read([each], each.at)
    metered = finish(NOW, 0, told[-1].at, told[-1].register_wh or 0, told, 11_000)
    bill = charge.pricer.cost(charge.pricer.tally(NOW, metered.periods))
    assert charge.live(told[-1].at).cost_minor == bill.gross_minor


def test_a_register_that_is_not_trusted_does_not_put_off_the_limit() -> None:
    """It restarted, say: energy flows on, though nobody knows how much."""
    restarted = running()
    restarted.read([reading(10, 3000, 20_000)], NOW + 10 * MINUTE)
    before = restarted.limit_at
    restarted.read([reading(11, 5, 20_000)], NOW + 11 * MINUTE)
    assert restarted.limit_at == before
    restarted.read([reading(12, 3700, 20_000)], NOW + 12 * MINUTE)
    assert restarted.limit_at != before


def test_a_power_beyond_the_rating_does_not_bring_the_limit_forward() -> None:
    """A charge point that reports nonsense is not stopped for it: its register counts."""
    nonsense = running(rated_w=25_000)
    nonsense.read([reading(1, 100, 90_000_000)], NOW + MINUTE)
    left_h = (BOUGHT_WH - 100) / 30_000
    assert within_a_second(nonsense.limit_at, NOW + MINUTE + left_h * HOUR - LEAD)


def test_what_tells_no_register_puts_off_no_limit() -> None:
    """Energy flows on, however often the charge point says at what power, or that it charges."""
    charge = running()
    charge.read([reading(60, 22_000, 22_000)], NOW + HOUR)
    before = charge.limit_at
    for minute in range(61, 100):
        power = Reading(at=NOW + minute * MINUTE, power_w=22_000)
        status = Reading(at=NOW + minute * MINUTE, activity=Activity.CHARGING)
        charge.read([power, status], NOW + minute * MINUTE)
    assert within_a_second(charge.limit_at, before)


def test_a_restart_puts_off_no_limit() -> None:
    """After an hour of silence the limit is where it was: the hour may have been charged."""
    charge, again = running(), running()
    told = [reading(30, 11_000, 22_000), reading(60, 22_000, 22_000)]
    for each in told:
        charge.read([each], each.at)
    again.fold(told)
    again.project()
    assert within_a_second(again.limit_at, charge.limit_at)


def test_a_reading_whose_clock_is_a_little_late_counts_from_when_it_was_heard() -> None:
    slow, right = running(), running()
    right.read([reading(60, 22_000, 22_000)], NOW + HOUR)
    slow.read([reading(57, 20_900, 22_000)], NOW + HOUR)
    assert within_a_second(slow.limit_at, right.limit_at + 3 * MINUTE)  # type: ignore[operator]


async def test_an_earlier_start_that_is_told_late_does_not_take_the_readings_of_who_charges(
    tmp_path: Path,
) -> None:
    """Readings that name no transaction are of the charge that began last, also when both told."""
    async with open_storage(sqlite.made(tmp_path / "bridge.db")) as storage:
        meters = Meters(storage, InProcessBus(), SharedClock(), lambda: None)
        guest = running().transaction
        before = replace(guest, id="8", id_tag="BADGE", session_id=None, start_at=NOW - HOUR)
        over = replace(before, stop_at=NOW - MINUTE)

        def unit(tx: Tx) -> list[Work]:
            works = [Work(tx, Policy(), OcmfVerifier()) for _ in range(3)]
            works[0].began.append((guest, charging(), 22_000))
            works[1].plain.append((before, 22_000))
            works[2].plain.append((over, 0))
            return works

        for work in await storage.transact(unit):
            meters.heard(work)
            assert await meters.key("CP1", 1, None) == ("CP1", guest.id)


async def test_a_meter_that_is_here_stays_as_it_is_when_another_is_found_missing(
    tmp_path: Path,
) -> None:
    """That its charge point named it lately stands nowhere else, and keeps it from being ended."""
    async with open_storage(sqlite.made(tmp_path / "bridge.db")) as storage:
        meters = Meters(storage, InProcessBus(), SharedClock(), lambda: None)
        here = replace(running().transaction, session_id=None)
        missing = replace(here, id="8", connector_number=2)

        def unit(tx: Tx) -> Work:
            tx.stations.put(
                ChargePoint(id="CP1", name="Quai", operator_name="Port", operator_phone="+33 1")
            )
            tx.nodes.take(ALONE, "CP1")
            for each in (here, missing):
                tx.transactions.add(each)
            work = Work(tx, Policy(), OcmfVerifier())
            work.plain.append((here, 22_000))
            return work

        meters.heard(await storage.transact(unit))
        meters.named("CP1", here.id, NOW)
        await meters.agree()
        meters.named("CP1", missing.id, NOW)
        for each in (here, missing):
            assert meters.named_since(each, NOW - MINUTE)


@given(
    told=st.lists(st.tuples(st.floats(0.1, 20), st.integers(0, 6000), st.integers(0, 22_000))),
    night=st.booleans(),
)
def test_a_limit_found_out_only_when_it_is_due_is_never_missed(
    told: list[tuple[float, int, int]], *, night: bool
) -> None:
    """Putting it off unseen is all that is saved: the stop is asked for at the same moment."""
    lazy, eager = (running(by_night(3000) if night else None) for _ in range(2))
    minutes, register_wh = 0.0, 0
    for after, grown_wh, power_w in told:
        minutes, register_wh = minutes + after, register_wh + grown_wh
        now = NOW + minutes * MINUTE
        for charge in (lazy, eager):
            charge.read([reading(minutes, register_wh, power_w)], now)
        eager.project()
        if eager.limit_at is not None:
            assert lazy.next_at is not None
            assert lazy.next_at <= eager.limit_at + timedelta(milliseconds=1)
    assert lazy.reaches_limit(NOW + 30 * HOUR) == eager.reaches_limit(NOW + 30 * HOUR)
