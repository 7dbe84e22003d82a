"""A connector is reserved for who paid, only where that can help, and never instead of a start."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.clock import SharedClock
from irve_bridge.domain import facts
from irve_bridge.domain.charge_point import ChargePoint, Connector, ConnectorStatus
from irve_bridge.domain.configuration import ConfigurationKey
from irve_bridge.domain.intents import Do, Intent, Kind, Lane
from irve_bridge.domain.reservation import Reservation
from irve_bridge.domain.session import PlanName, Session, State
from irve_bridge.service import commands, transactions
from irve_bridge.service.charger import ChargerHand
from irve_bridge.service.handle import Work
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Attempt, Done, Failed, Storage, Task, Tx
from irve_bridge.service.reserving import over, reservation_id
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from tests import sqlite
from tests.unit.domain.sessions import NOW, session, tariff

POLICY = Policy()
PROFILES = "SupportedFeatureProfiles"
SECURED = {"state": State.SECURED, "secured_at": NOW, "secured_minor": 3000}


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(sqlite.made(tmp_path / "bridge.db")) as storage:
        yield storage


def place(tx: Tx, status: ConnectorStatus, profiles: str) -> None:
    tx.stations.put(tariff())
    tx.stations.put(ChargePoint(id="CP1", name="CP1", operator_name="O", operator_phone="1"))
    outlet = Connector(charge_point_id="CP1", number=1, evse_id="E", power_w=22_000, tariff_id="T")
    tx.stations.put(outlet)
    tx.stations.reported("CP1", 1, status, None, NOW)
    key = ConfigurationKey(key=PROFILES, value=profiles, read_at=NOW)
    tx.configuration.put("CP1", key)


def asked(tx: Tx) -> list[str]:
    """Return what is to be asked of the charge point, in order; it is done by that."""
    kinds = []
    while due := tx.intents.next_due([Lane.CHARGER], NOW + timedelta(days=1), 1):
        kinds.append(due[0].intent.kind)
        tx.intents.finish(due[0].id, "done", None, NOW)
    return kinds


def secure(work: Work) -> None:
    opened = session(PlanName.ESTIMATED)
    assert work.tx.sessions.add(opened, NOW)
    work.advance(
        opened,
        facts.PaymentSecured(
            at=NOW, session_id=opened.id, secured_minor=3000, payment_intent_id="pi_1"
        ),
    )


def claimed(hand: ChargerHand, of: Session, intent: Intent) -> Task:
    attempt = Attempt(
        number=1, key="k", request=hand.prepare(of, intent), started_at=datetime.now(UTC)
    )
    return Task(
        intent_id=1,
        lease="l",
        subject=of.id,
        owner=of,
        intent=intent,
        attempt=attempt,
        created_at=NOW,
        tries=1,
    )


def standing(tx: Tx) -> list[Reservation]:
    return tx.reservations.standing(NOW, 9)


@pytest.mark.parametrize(
    ("status", "profiles", "policy", "kinds"),
    [
        (ConnectorStatus.AVAILABLE, "Core,Reservation", POLICY, [Kind.RESERVE_NOW]),
        (ConnectorStatus.PREPARING, "Core,Reservation", POLICY, []),
        (ConnectorStatus.AVAILABLE, "Core", POLICY, []),
        (ConnectorStatus.AVAILABLE, "Core,Reservation", replace(POLICY, reserves=False), []),
    ],
    ids=["free and able", "plugged in", "not able", "not wished"],
)
async def test_a_free_connector_is_reserved_before_the_start_where_its_charge_point_can(
    storage: Storage, status: ConnectorStatus, profiles: str, policy: Policy, kinds: list[Kind]
) -> None:
    def unit(tx: Tx) -> None:
        place(tx, status, profiles)
        secure(Work(tx, policy, OcmfVerifier()))
        assert len(standing(tx)) == len(kinds)
        assert asked(tx) == [*kinds, Kind.REMOTE_START]

    await storage.transact(unit)


async def test_a_reservation_is_of_the_guest_s_tag_and_lapses_with_the_wait_for_the_start(
    storage: Storage,
) -> None:
    def unit(tx: Tx) -> None:
        place(tx, ConnectorStatus.AVAILABLE, "Reservation")
        secure(Work(tx, POLICY, OcmfVerifier()))
        (kept,) = standing(tx)
        assert (kept.id_tag, kept.session_id) == (session().id_tag, session().id)
        assert kept.expires_at == NOW + POLICY.start_within

    await storage.transact(unit)


async def test_what_is_given_back_is_freed_once(storage: Storage) -> None:
    def unit(tx: Tx) -> None:
        place(tx, ConnectorStatus.AVAILABLE, "Reservation")
        work = Work(tx, POLICY, OcmfVerifier())
        secure(work)
        assert asked(tx) == [Kind.RESERVE_NOW, Kind.REMOTE_START]
        held = tx.sessions.get(session().id)
        assert held is not None
        work.advance(held, facts.StartRefused(at=NOW, session_id=held.id))
        assert asked(tx) == [Kind.CANCEL_RESERVATION]

    await storage.transact(unit)


async def test_a_reservation_ends_with_the_start_it_was_made_for(storage: Storage) -> None:
    def unit(tx: Tx) -> None:
        place(tx, ConnectorStatus.AVAILABLE, "Reservation")
        work = Work(tx, POLICY, OcmfVerifier())
        secure(work)
        asked(tx)
        start = facts.TransactionStarted(
            at=NOW,
            charge_point_id="CP1",
            connector_number=1,
            id_tag=session().id_tag,
            meter_start_wh=0,
            started_at=NOW,
        )
        assert transactions.started(work, start).authorization.accepted
        assert standing(tx) == []
        assert asked(tx) == []

    await storage.transact(unit)


@pytest.mark.parametrize(
    ("answer", "outcome", "over_"),
    [
        (commands.Answer(payload={"status": "Accepted"}), Done, False),
        (commands.Answer(payload={"status": "Occupied"}), Done, True),
        (commands.Answer(error="NotSupported"), Done, True),
        (None, Failed, False),
    ],
    ids=["accepted", "occupied", "not supported", "no answer"],
)
async def test_whatever_is_answered_a_start_does_not_wait(
    storage: Storage, answer: commands.Answer | None, outcome: type, *, over_: bool
) -> None:
    """And only what certainly stands or may stand is kept."""
    heard: list[Any] = []

    async def reply(command: bytes) -> bytes:
        heard.append(commands.decode_command(command))
        if answer is None:
            raise TimeoutError
        return commands.encode(answer)

    bus = InProcessBus()
    hand = ChargerHand(bus, SharedClock(), POLICY, 1)
    waiting = session(PlanName.ESTIMATED, **SECURED)
    intent = Intent(Do.RESERVE, Kind.RESERVE_NOW)
    async with bus.serve("CP1", reply):
        came = await hand.perform(claimed(hand, waiting, intent))
    assert isinstance(came, outcome)
    assert heard == [
        commands.Reserve(
            1, waiting.id_tag, reservation_id(waiting), (NOW + POLICY.start_within).isoformat()
        )
    ]

    def unit(tx: Tx) -> None:
        place(tx, ConnectorStatus.AVAILABLE, "Reservation")
        secure(Work(tx, POLICY, OcmfVerifier()))
        for fact in came.facts:
            assert isinstance(fact, facts.ReservationOver)
            over(tx, fact)
        assert (standing(tx) == []) is over_

    await storage.transact(unit)


@pytest.mark.parametrize("reserved", [True, False])
async def test_a_start_that_is_refused_for_its_own_reservation_is_asked_again_without_it(
    *, reserved: bool
) -> None:
    """A refusal gives the money back: it must be of the start, and not of the reservation."""
    heard: list[str] = []

    async def reply(command: bytes) -> bytes:
        heard.append(type(commands.decode_command(command)).__name__)
        agreed = heard[-2:] != ["RemoteStart"]
        return commands.encode(commands.Answer({"status": "Accepted" if agreed else "Rejected"}))

    bus = InProcessBus()
    hand = ChargerHand(bus, SharedClock(), POLICY, 1)
    waiting = session(PlanName.ESTIMATED, **SECURED | {"secured_at": datetime.now(UTC)})
    intent = Intent(Do.START, Kind.REMOTE_START, {"reserved": reserved})
    async with bus.serve("CP1", reply):
        came = await hand.perform(claimed(hand, waiting, intent))
    assert isinstance(came, Done)
    expected = facts.StartAccepted if reserved else facts.StartRefused
    assert [type(fact) for fact in came.facts] == [expected]
    free_and_start = ["CancelReservation", "RemoteStart"] if reserved else []
    assert heard == ["RemoteStart", *free_and_start]
