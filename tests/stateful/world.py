"""The world of a story: real service, storage and payments, a simulated Stripe, one charge point.

Everything happens when it is told to, in one event loop, on one clock that only a story moves.
"""

import json
import shutil
from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import stripe

from irve_bridge import stations
from irve_bridge.domain.errors import Refusal
from irve_bridge.domain.intents import Lane
from irve_bridge.domain.session import PlanName, Session, State
from irve_bridge.service.desk import Opening
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Confirmation, ProviderUnreachable, Tx
from irve_bridge.service.reconcile import Finding
from irve_bridge.storage import open_storage
from simulators.clock import ManualClock
from tests.stateful import promises
from tests.stateful.bridge import WEBHOOK_SECRET, Bridge
from tests.stateful.charger import Charger, ChargerMood
from tests.stateful.clock import BEGINS_S
from tests.stateful.csms import Csms, CsmsMood
from tests.stateful.provider import Fault, Provider
from tests.stateful.records import SESSIONS_MAX, Asked, Record, put_together, stored

ROOT = Path(__file__).parents[2]
LOOKS_MAX = 12
"""How often an awake bridge looks up while a longer time passes."""
DAY_S = 86_400
ENDED_DAYS = 45
"""Beyond every hold and every debt's term."""
NIGHTS_MOST = 6
"""A session has few payments, and at least one of them is told each night."""
NEEDS_OPERATOR = frozenset({"payment_call_refused"})
"""What is logged as an error because a person should look, not because the bridge is wrong."""


@dataclass(eq=False)
class World:
    """Everybody, and how a story acts. `mail`: webhooks that Stripe has still to deliver.

    `confirmations`: what drivers' browsers were ever given, and may use at any time.
    """

    folder: TemporaryDirectory[str]
    clock: ManualClock
    provider: Provider
    csms: Csms
    charger: Charger
    bridge: Bridge
    logged: Sequence[Mapping[str, Any]]
    asked: Asked = field(default_factory=Asked)
    most_secured_minor: Counter[str] = field(default_factory=Counter)
    mail: list[dict[str, Any]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    payable: list[dict[str, Any]] = field(default_factory=list)
    confirmations: list[Confirmation] = field(default_factory=list)
    pending_refunds: list[dict[str, Any]] = field(default_factory=list)

    @property
    def policy(self) -> Policy:
        """Return the terms that hold."""
        return self.bridge.policy

    @classmethod
    async def begin(cls, logged: Sequence[Mapping[str, Any]]) -> "World":
        """Make a world in which nothing has happened, its charge point online."""
        folder = TemporaryDirectory(prefix="stateful-")
        database = Path(folder.name) / "bridge.db"
        shutil.copy(await _empty_database(), database)
        clock, csms = ManualClock(BEGINS_S), Csms()
        provider = await Provider.start(clock)
        bridge = await Bridge.start(_url(database), clock, provider, csms)
        world = cls(folder, clock, provider, csms, Charger(clock), bridge, logged)
        await world.charger.connect(bridge)
        await world.talk()
        return world

    async def end(self) -> None:
        """Close everything."""
        await self.charger.disconnect(None)
        await self.bridge.die()
        await self.provider.stop()
        self.folder.cleanup()

    # What everybody remembers

    async def check(self) -> None:
        """Look at everything, and assert what holds always."""
        rows = await self.bridge.storage.read(stored)
        ledger = await self.provider.ledger()
        for session, *_ in rows:
            secured_minor = max(session.secured_minor or 0, self.most_secured_minor[session.id])
            self.most_secured_minor[session.id] = secured_minor
        self.records = put_together(
            rows, ledger, self.charger.charges, self.csms, self.asked, self.most_secured_minor
        )
        self.payable = await self.provider.open_checkouts()
        self.pending_refunds = await self.provider.pending_refunds()
        self.mail += await self.provider.new_events()
        promises.always(self.records)
        wrong = [line for line in self.logged if line["log_level"] == "error"]
        assert all(line["event"] in NEEDS_OPERATOR for line in wrong), wrong

    def sessions(self, *states: State) -> list[Session]:
        """Return the sessions in one of these states, oldest first; all without a state."""
        found = [record.session for record in self.records]
        return [session for session in found if not states or session.state in states]

    def session(self, session_id: str) -> Session:
        """Return one session as it was last seen."""
        return next(session for session in self.sessions() if session.id == session_id)

    def record(self, session_id: str) -> Record:
        """Return what everybody remembers of one session."""
        return next(record for record in self.records if record.session.id == session_id)

    # The driver, the CSMS and the operator

    async def open(self, plan: PlanName, connector: int, **choice: Any) -> str:
        """Open a session; return what came of it."""
        opening = Opening(
            plan=plan, charge_point_id=self.charger.id, connector_number=connector, **choice
        )
        return await self.ask(self.bridge.desk.open(opening))

    async def ask_to_confirm(self, session: Session) -> str:
        """Ask, as the driver's browser, for what confirms the payment of a debt."""

        async def asked() -> Session:
            self.confirmations.append(await self.bridge.desk.authenticate(session.id))
            return session

        return await self.ask(asked())

    async def ask(self, request: Awaitable[Session]) -> str:
        """Await what somebody asks of the desk; return what came of it, a refusal too."""
        try:
            return str((await request).state)
        except Refusal as refusal:
            return f"refused, {refusal.code}"
        except ProviderUnreachable as silence:
            return f"nothing known, {silence}"

    async def come_back(self, session: Session) -> str:
        """Open the page that the checkout leads back to; it asks Stripe."""
        return await self.ask(self.bridge.desk.look(session))

    async def leave(self, session: Session) -> str:
        """Leave the checkout, as the page does: one that was paid after all is not left."""
        desk = self.bridge.desk
        with suppress(ProviderUnreachable):
            session = await desk.look(session)
        return await self.ask(desk.give_up(session.id)) if session.state is State.OPEN else "paid"

    async def decide(self, session: Session, amount_minor: int) -> str:
        """Decide, as a person, what is owed."""
        answer = await self.ask(self.bridge.desk.decide(session.id, amount_minor))
        if not answer.startswith("refused"):
            chargeable = session.taken or amount_minor >= session.least_minor
            self.asked.decided[session.id] = amount_minor if chargeable else 0
            self.asked.refunds_minor.pop(session.id, None)  # a decision counts what went back
        return answer

    async def refund(self, session: Session, amount_minor: int) -> str:
        """Give back, as the operator."""
        answer = await self.ask(self.bridge.desk.refund(session.id, amount_minor, "goodwill"))
        if not answer.startswith("refused"):
            asked = self.asked.refunds_minor
            asked[session.id] = asked.get(session.id, 0) + amount_minor
        return answer

    async def refund_by_hand(self, payment_id: str, amount_minor: int) -> bool:
        """Give back at Stripe's own pages, without the bridge."""
        done = await self.provider.refund(payment_id, amount_minor)
        if done:
            self.asked.by_hand_minor[payment_id] += amount_minor
        return done

    async def let_go(self, payment_id: str) -> bool:
        """Let go of a hold at Stripe's own pages, without the bridge."""
        done = await self.provider.cancel(payment_id)
        if done:
            self.asked.let_go.add(payment_id)
        return done

    async def pay_beside(self, session: Session, amount_minor: int | None = None) -> bool:
        """Have a session paid, or held for, a second time, as by a checkout nobody remembers."""
        amount_minor = session.amount_minor if amount_minor is None else amount_minor
        form = {"amount": str(amount_minor), "currency": session.currency.lower()}
        if session.plan is PlanName.ESTIMATED:
            form["capture_method"] = "manual"
        payment_id = await self.provider.pay_beside(session.customer_id or "", session.id, form)
        if payment_id:
            self.asked.beside.add(payment_id)
        return payment_id is not None

    async def report_end(self, session: Session, amount_minor: int) -> str:
        """End a charge that the CSMS meters, by its amount."""
        answer = await self.ask(self.bridge.desk.report_end(session.id, None, amount_minor))
        if not answer.startswith("refused"):
            self.asked.reported[session.id] = amount_minor
        return answer

    async def deliver(self, event: Mapping[str, Any]) -> None:
        """Have a signed webhook heard, as the door does."""
        body = json.dumps(event)
        signature = stripe.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET)
        bridge, now = self.bridge, self.clock.now()
        await bridge.desk.hear(bridge.payments.read_webhook(body.encode(), signature, now))

    # The charge point

    async def talk(self) -> None:
        """Let the charge point say everything, if it is online."""
        while self.charger.online and self.charger.outbox:
            await self.charger.say(self.bridge)

    # Time and crashes

    async def pass_time(self, duration_s: int, *, awake: bool) -> None:
        """Let time pass; a bridge that is awake does at each moment what is due then."""
        if not awake:
            self._pass(duration_s)
            return
        ends_at = self.clock.now() + timedelta(seconds=duration_s)
        shortest_s = max(duration_s // LOOKS_MAX, 1)
        while True:
            await self.everybody_works()
            left_s = int((ends_at - self.clock.now()).total_seconds())
            if left_s <= 0:
                return
            next_s = ceil((await self._next_moment(ends_at) - self.clock.now()).total_seconds())
            self._pass(min(max(next_s, shortest_s), left_s))

    async def work_through(self, lane: Lane) -> None:
        """Do what is due in one lane, once."""
        for flight in await self.bridge.claim(lane):
            await self.bridge.perform(flight)
            await self.bridge.conclude(flight)

    async def everybody_works(self) -> None:
        """Let the bridge do and the charge point say what there is, until both rest."""
        await self.talk()
        await self.bridge.work()
        while self.charger.online and self.charger.outbox:
            await self.talk()
            await self.bridge.work()

    async def crash(self, *, back_at_once: bool) -> None:
        """Throw away everything that the bridge has in memory, and start it again."""
        was_online = self.charger.online
        if was_online:
            await self.charger.disconnect(None)
        await self.bridge.die()
        database = Path(self.folder.name) / "bridge.db"
        self.bridge = await Bridge.start(_url(database), self.clock, self.provider, self.csms)
        if was_online and back_at_once:
            await self.charger.connect(self.bridge)

    async def drain(self) -> None:
        """Let everything fail no more and come to its end, then assert what must hold."""
        await self._recover()
        await self.everybody_works()
        for outlet in self.charger.outlets:
            if outlet.plugged or outlet.charge:
                self.charger.unplug(outlet)
        await self.pass_time(DAY_S, awake=True)
        await self._until_all_rest()
        found = await self._nights()
        promises.in_the_end(self.records, await self.provider.kept_from_refunds())
        assert found == [], f"after reconciling, reconciling still finds {found}"

    async def _nights(self) -> list[Finding]:
        """Reconcile night after night until nothing is found; return what is found to the last.

        While one payment of a session goes back, another of it waits for the next night.
        """
        found: list[Finding] = []
        for _ in range(NIGHTS_MOST):
            found = [f for f in await self.reconcile() if not self._for_a_person(f)]
            if not found:
                break
            await self._until_all_rest()
        return found

    async def _until_all_rest(self) -> None:
        await self._post()
        for _ in range(ENDED_DAYS):
            if all(_rests(record) for record in self.records):
                return
            await self.pass_time(DAY_S, awake=True)
            await self._post()

    def _for_a_person(self, finding: Finding) -> bool:
        """Energy on a tag that was used up, and what cannot be given back, are named each time."""
        lost = finding.kind == "paid_twice" and finding.session_id in self.csms.called
        return lost or finding.kind in ("unbilled_energy", "unbilled_after_end")

    async def _recover(self) -> None:
        """Everything works from now on; what was under way is stored, or was on its way."""
        await self.provider.strike(Fault.NONE, "*")
        await self.provider.arrive()
        await self.provider.decree("refunds", mode="succeed", times=0)
        self.csms.mood, self.charger.mood = CsmsMood.TAKES, ChargerMood.OBEYS
        for flight in self.bridge.performable():
            await self.bridge.perform(flight)
        for flight in self.bridge.concludable():
            await self.bridge.conclude(flight)
        if not self.charger.online:
            await self.charger.connect(self.bridge)

    async def _post(self) -> None:
        """Deliver every webhook that was not lost, and do what it leads to."""
        for refund in await self.provider.pending_refunds():
            await self.provider.decree(f"refunds/{refund['id']}/settle", status="succeeded")
        await self.check()
        while self.mail:
            posted, self.mail = self.mail, []
            for event in posted:
                await self.deliver(event)
            await self.everybody_works()
            await self.check()

    async def reconcile(self) -> list[Finding]:
        """Compare the books with Stripe's, and do what comes of it; return what differed."""
        since = min((session.opened_at for session in self.sessions()), default=self.clock.now())
        found = await self.bridge.reconciler.run(since, self.clock.now())
        await self.everybody_works()
        await self.check()
        return found

    def _pass(self, duration_s: int) -> None:
        self.clock.advance(duration_s)
        self.charger.pass_time(duration_s)

    async def _next_moment(self, latest: datetime) -> datetime:
        node_id = self.bridge.handler.node_id

        def moments(tx: Tx) -> list[datetime | None]:
            lanes = [tx.intents.next_moment([lane], node_id) for lane in self.bridge.dispatchers]
            deadlines = [session.deadline_at for session in tx.sessions.search(limit=SESSIONS_MAX)]
            return [*lanes, *deadlines]

        found = [*await self.bridge.storage.read(moments), self.bridge.meters.next_limit()]
        return min((m for m in found if m and m > self.clock.now()), default=latest)


def _rests(record: Record) -> bool:
    ended = record.session.state in promises.ENDED
    return ended and not record.waiting and not record.held_minor


def _url(database: Path) -> str:
    return f"sqlite:///{database}"


async def _empty_database() -> Path:
    """Return a database with the stations and nothing else: quicker to copy than to make."""
    if not _TEMPLATE:
        folder = TemporaryDirectory(prefix="stateful-")
        database = Path(folder.name) / "empty.db"
        wanted = stations.read(ROOT / "config" / "stations.yaml")
        async with open_storage(_url(database)) as storage:
            await storage.transact(
                lambda tx: stations.apply(
                    list(stations.differences(wanted, tx.stations)), tx.stations
                )
            )
        _TEMPLATE.append((folder, database))
    return _TEMPLATE[0][1]


_TEMPLATE: list[tuple[TemporaryDirectory[str], Path]] = []
