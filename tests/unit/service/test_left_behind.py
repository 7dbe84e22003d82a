"""What proves that a transaction without a stop is over, and what does not."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.domain import facts
from irve_bridge.domain.charge_point import ChargePoint, Connector, ConnectorStatus
from irve_bridge.domain.id_tag import IdTag
from irve_bridge.domain.intents import Do, Lane
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.session import PlanName, State
from irve_bridge.service import reports, transactions
from irve_bridge.service.handle import Handler, Work
from irve_bridge.service.meters import Meters
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Storage, TakenReading, Tx
from irve_bridge.service.sweep import Sweep
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from tests.unit.domain.sessions import NOW, session, tariff

POLICY = Policy()
MINUTE = timedelta(minutes=1)
S = ConnectorStatus
Happening = Callable[[Work], object]


@pytest.fixture
async def storage(sqlite_url: str) -> AsyncIterator[Storage]:
    async with open_storage(sqlite_url) as storage:
        yield storage


def after(minutes: float) -> datetime:
    return NOW + minutes * MINUTE


def charging(tx: Tx) -> None:
    """A charge point online since long ago, with a session whose charge began now."""
    tx.stations.put(tariff())
    tx.stations.put(ChargePoint(id="CP1", name="CP1", operator_name="O", operator_phone="1"))
    tx.stations.put(
        Connector(charge_point_id="CP1", number=1, evse_id="E", power_w=22_000, tariff_id="T")
    )
    tx.stations.connected("CP1", after(-60))
    secured = {"state": State.SECURED, "secured_at": NOW, "secured_minor": 3000}
    assert tx.sessions.add(session(PlanName.DYNAMIC, **secured, payment_method_id="pm_1"), NOW)
    transactions.started(
        Work(tx, POLICY, OcmfVerifier()),
        facts.TransactionStarted(
            at=NOW,
            charge_point_id="CP1",
            connector_number=1,
            id_tag=session().id_tag,
            meter_start_wh=1000,
            started_at=NOW,
        ),
    )


def says(status: ConnectorStatus, minutes: float = 0, number: int = 1) -> Happening:
    at = after(minutes)
    fact = facts.ConnectorStatusChanged(
        at=at, charge_point_id="CP1", connector_number=number, status=status, since=at
    )
    return lambda work: reports.status_changed(work, fact)


def reads(register_wh: int, minutes: float) -> Happening:
    def happen(work: Work) -> None:
        (running,) = work.tx.transactions.running("CP1")
        reading = Reading(at=after(minutes), register_wh=register_wh)
        work.tx.transactions.add_readings([TakenReading("CP1", running.id, reading)])

    return happen


def boots(minutes: float) -> Happening:
    fact = facts.ChargePointBooted(at=after(minutes), charge_point_id="CP1", vendor="V", model="M")
    return lambda work: reports.booted(work, fact)


def connects(minutes: float | None) -> Happening:
    at = None if minutes is None else after(minutes)
    return lambda work: work.tx.stations.connected("CP1", at)


def is_behind(minutes: float) -> Happening:
    return lambda work: work.tx.stations.behind("CP1", after(minutes))


@dataclass(frozen=True, slots=True)
class Standing:
    """A clock that stands."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    async def sleep(self, _: timedelta) -> None:
        raise AssertionError("one look waits for nothing")


async def looked_at(storage: Storage, minutes: float, *happenings: Happening) -> State:
    """Let things happen to a charge, look once after so many minutes, and return its state."""
    await storage.transact(charging)
    bus, clock = InProcessBus(), Standing(after(minutes))
    handler = Handler(storage, bus, POLICY, OcmfVerifier())
    for happening in happenings:
        await handler.run(happening)
    await Sweep(storage, handler, clock).once(Meters(storage, bus, clock, lambda: None))
    found = await storage.read(lambda tx: tx.sessions.get("ses_1"))
    assert found
    return found.state


IDLE = POLICY.idle_end / MINUTE


@pytest.mark.parametrize("status", [S.AVAILABLE, S.RESERVED])
async def test_a_connector_that_stays_free_ends_the_charge(
    storage: Storage, status: ConnectorStatus
) -> None:
    """At its last reading, and it stands in storage that it did."""
    state = await looked_at(storage, 10 + IDLE, reads(3000, 5), says(status, 10))
    assert state is State.SETTLING
    session = await storage.read(lambda tx: tx.sessions.get("ses_1"))
    assert session
    assert (session.stopped_at, session.energy_wh) == (after(5), 2000)

    def left(tx: Tx) -> tuple[object, ...]:
        assert tx.transactions.running("CP1") == []
        (ended,) = tx.transactions.unheard("CP1")
        return ended.stop_at, ended.meter_stop_wh, ended.presumed

    assert await storage.read(left) == (after(5), 3000, True)


@pytest.mark.parametrize("status", [s for s in S if not s.vacant])
async def test_no_other_status_ends_anything(storage: Storage, status: ConnectorStatus) -> None:
    """A car may be there still, and what is out of order may go on."""
    state = await looked_at(storage, 10 + 2 * IDLE, reads(3000, 5), says(status, 10))
    assert state is State.CHARGING


@pytest.mark.parametrize(
    "happenings",
    [
        (says(S.AVAILABLE, 10.1),),
        (says(S.AVAILABLE, 2), says(S.CHARGING, 11), says(S.AVAILABLE, 12)),
        (says(S.AVAILABLE, 2), connects(12)),
        (says(S.AVAILABLE, 2), connects(None)),
        (says(S.AVAILABLE, 2), is_behind(12)),
        (says(S.AVAILABLE, 2), reads(3000, 12)),
        (says(S.AVAILABLE, 2, number=0),),
        (boots(2),),
    ],
    ids=[
        "not long enough",
        "not all the time",
        "offline meanwhile",
        "offline",
        "its queue was not empty",
        "something was metered since",
        "only the charge point as a whole",
        "a boot alone",
    ],
)
async def test_what_proves_nothing_ends_nothing(
    storage: Storage, happenings: tuple[Happening, ...]
) -> None:
    assert await looked_at(storage, 10 + IDLE, *happenings) is State.CHARGING


async def test_a_charge_that_is_named_goes_on_though_nothing_of_it_can_be_read(
    storage: Storage,
) -> None:
    """Values that are signed only, or not readable, give no reading."""
    await storage.transact(charging)
    bus, clock = InProcessBus(), Standing(after(10 + IDLE))
    handler = Handler(storage, bus, POLICY, OcmfVerifier())
    meters = Meters(storage, bus, clock, lambda: None)
    await meters.rebuild()
    (running,) = await storage.read(lambda tx: tx.transactions.running("CP1"))
    for happening in (reads(3000, 5), says(S.AVAILABLE, 10)):
        await handler.run(happening)
    meters.named("CP1", running.id, after(11))
    await Sweep(storage, handler, clock).once(meters)
    assert [running.id] == [
        t.id for t in await storage.read(lambda tx: tx.transactions.running("CP1"))
    ]
    silent = Standing(after(11 + IDLE))
    await Sweep(storage, handler, silent).once(meters)
    assert await storage.read(lambda tx: tx.transactions.running("CP1")) == []


async def presumed(storage: Storage, *happenings: Happening) -> list[tuple[str, str]]:
    """Presume the end of a charge at 3000 Wh, let things happen; return what is asked of CP1."""
    await looked_at(storage, 10 + IDLE, reads(3000, 5), says(S.AVAILABLE, 10))
    handler = Handler(storage, InProcessBus(), POLICY, OcmfVerifier())
    for happening in happenings:
        await handler.run(happening)
    waiting = await storage.read(lambda tx: tx.intents.next_due([Lane.CHARGER], after(90), 9))
    return [(due.intent.do, due.intent.parameters["transaction_id"]) for due in waiting]


@pytest.mark.parametrize(
    "status", [S.CHARGING, S.SUSPENDED_EV, S.SUSPENDED_EVSE], ids=lambda each: each.value
)
async def test_a_charge_that_shows_that_it_goes_on_is_asked_to_stop_once(
    storage: Storage, status: ConnectorStatus
) -> None:
    said = [says(status, 11 + IDLE), says(S.PREPARING, 12 + IDLE), says(status, 13 + IDLE)]
    asked = await presumed(storage, *said)
    (over,) = await storage.read(lambda tx: tx.transactions.unheard("CP1"))
    assert asked == [(Do.REFUSE, over.id)]
    assert over.ran_on_at == after(11 + IDLE)


async def test_what_charges_elsewhere_or_starts_anew_is_not_the_charge_that_is_over(
    storage: Storage,
) -> None:
    def another_pays(work: Work) -> None:
        work.tx.sessions.add(
            session(PlanName.DYNAMIC, id="ses_2", token="2", id_tag="T2", state=State.SECURED),
            after(60),
        )

    elsewhere = says(S.CHARGING, 11 + IDLE, number=2)
    assert await presumed(storage, elsewhere, another_pays, says(S.CHARGING, 12 + IDLE)) == []


async def test_a_start_heard_only_now_is_given_time_for_its_stop(storage: Storage) -> None:
    """The connector was free before: the queue is being told."""
    assert await looked_at(storage, IDLE - 1, says(S.AVAILABLE, -60)) is State.CHARGING


async def test_a_status_repeated_all_the_time_is_still_one(storage: Storage) -> None:
    repeated = [says(S.AVAILABLE, minutes) for minutes in range(1, int(IDLE) + 1)]
    assert await looked_at(storage, 1 + IDLE, reads(1900, 1), *repeated) is State.SETTLING


@pytest.mark.parametrize(
    ("days", "read_days", "running"), [(7, 0.1, False), (7, 7, True), (6.9, 0.1, True)]
)
async def test_an_own_customer_s_charge_of_which_nothing_more_is_heard_is_told_in_the_end(
    storage: Storage, days: float, read_days: float, *, running: bool
) -> None:
    """Its connector is never free again: it was taken away, or is out of order for good."""
    day = 24 * 60
    await storage.transact(charging)
    bus, clock = InProcessBus(), Standing(after(days * day))
    handler = Handler(storage, bus, POLICY, OcmfVerifier())
    badge = facts.TransactionStarted(
        at=NOW,
        charge_point_id="CP1",
        connector_number=1,
        id_tag="BADGE",
        meter_start_wh=1000,
        started_at=NOW + MINUTE,
    )
    await handler.run(lambda work: work.tx.id_tags.put(IdTag(id_tag="BADGE")))
    reply = await handler.run(lambda work: transactions.started(work, badge))
    await handler.run(reads(3000, read_days * day))
    await Sweep(storage, handler, clock).once(Meters(storage, bus, clock, lambda: None))

    def told(tx: Tx) -> tuple[bool, int]:
        of = ("CP1", reply.transaction_id)
        charge = tx.transactions.get(*of)
        return charge is not None and charge.running, len(tx.cdrs.of_transaction(*of))

    assert await storage.read(told) == (running, not running)
