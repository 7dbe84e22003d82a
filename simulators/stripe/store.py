"""What the simulated Stripe remembers: one space of objects per account."""

import copy
import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import stripe

from simulators.stripe.cards import Card
from simulators.stripe.conditions import Conditions
from simulators.stripe.wire import Object, StripeError, new_id

API_VERSION = stripe.api_version
PLATFORM = "acct_1SimulatedPlatform"
APPLICATION = "ca_SimulatedApplication"


class Clock(Protocol):
    """Where the simulator's time comes from."""

    def timestamp(self) -> float:
        """Return Unix time in seconds."""


class Movement(StrEnum):
    """What can happen to the money on a card, and what the platform takes of it."""

    HOLD = "hold"
    CAPTURE = "capture"
    CHARGE = "charge"
    RELEASE = "release"
    REFUND = "refund"
    REFUND_RETURNED = "refund_returned"
    DISPUTE = "dispute"
    DISPUTE_RETURNED = "dispute_returned"
    FEE = "fee"
    FEE_REFUND = "fee_refund"


@dataclass(frozen=True, slots=True)
class CardMovement:
    """One movement on a card: the statement the cardholder would read."""

    kind: Movement
    payment_intent: str
    amount_minor: int


def missing(kind: str, object_id: str, param: str | None) -> StripeError:
    """Return Stripe's answer to an id it does not know."""
    return StripeError(
        400 if param else 404,
        f"No such {kind.replace('.', ' ')}: '{object_id}'",
        code="resource_missing",
        param=param or "id",
    )


@dataclass(eq=False)
class Account:
    """One Stripe account: its objects, its cards and everything still to happen by time.

    ``objects`` holds what the API shows, by type and id; the other fields what it does not show.
    ``platform`` is whose connected account this is, None for the platform's own.
    """

    id: str
    clock: Clock
    publish: Callable[["Account", Object], None]
    conditions: Conditions = field(default_factory=Conditions)
    platform: "Account | None" = None
    base_url: str = ""
    objects: dict[str, dict[str, Object]] = field(default_factory=lambda: defaultdict(dict))
    movements: list[CardMovement] = field(default_factory=list)
    # by payment method
    cards: dict[str, Card] = field(default_factory=dict)
    set_up: set[str] = field(default_factory=set)
    used_up: set[str] = field(default_factory=set)
    # by intent
    checkout_of: dict[str, str] = field(default_factory=dict)
    increments: Counter[str] = field(default_factory=Counter)
    off_session: set[str] = field(default_factory=set)
    return_urls: dict[str, str] = field(default_factory=dict)
    # by Checkout Session
    line_items: dict[str, Object] = field(default_factory=dict)
    payment_fields: dict[str, Object] = field(default_factory=dict)
    _cause: Object | None = None
    _afterwards: list[Callable[[], None]] = field(default_factory=list)
    _deadlines: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    _count: Iterator[int] = field(default_factory=itertools.count)

    @property
    def application(self) -> str | None:
        """The id of the platform's application, on connected accounts."""
        return APPLICATION if self.platform else None

    def now(self) -> int:
        """Return the account's time in Unix seconds."""
        return int(self.clock.timestamp())

    def add(self, obj: Object) -> Object:
        """Keep a new object and return it."""
        self.objects[obj["object"]][obj["id"]] = obj
        return obj

    def get(self, kind: str, object_id: str, param: str | None = None) -> Object:
        """Return an object of this account, named in the path or in a parameter.

        Raises:
            StripeError: ``resource_missing``, 404 for the path and 400 for a parameter.
        """
        try:
            return self.objects[kind][object_id]
        except KeyError:
            raise missing(kind, object_id, param) from None

    def all(self, kind: str) -> list[Object]:
        """Return the objects of a kind, newest first, as Stripe lists them."""
        return list(reversed(self.objects[kind].values()))

    def move(self, kind: Movement, payment_intent: str, amount_minor: int) -> None:
        """Write one movement of money on a card."""
        self.movements.append(CardMovement(kind, payment_intent, amount_minor))

    def emit(self, kind: str, obj: Object, previous: Object | None = None) -> None:
        """Record an event about an object as it is now, and have it delivered."""
        content: Object = {"object": copy.deepcopy(obj)}
        if previous is not None:
            content["previous_attributes"] = previous
        event = self.add(
            {
                "id": new_id("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": self.now(),
                "data": content,
                "livemode": False,
                "pending_webhooks": 0,
                "request": self._cause or {"id": None, "idempotency_key": None},
                "type": kind,
            }
            | ({"account": self.id} if self.platform else {})
        )
        self.publish(self, event)

    def update(self, obj: Object, event: str, **changes: object) -> None:
        """Change an object and emit an event that carries the previous attributes."""
        previous = {name: obj.get(name) for name, new in changes.items() if obj.get(name) != new}
        obj.update(changes)
        self.emit(event, obj, previous)

    def at(self, timestamp: int, action: Callable[[], None]) -> None:
        """Have an action run once the clock has reached a time."""
        heapq.heappush(self._deadlines, (timestamp, next(self._count), action))

    def afterwards(self, action: Callable[[], None]) -> None:
        """Have an action run when the current turn is over: Stripe's asynchronous part."""
        self._afterwards.append(action)

    @contextmanager
    def turn(self, request_id: str | None = None, key: str | None = None) -> Iterator[None]:
        """Let time catch up, then attribute what happens inside to one request."""
        self.expire()
        self._cause = {"id": request_id, "idempotency_key": key} if request_id else None
        try:
            yield
        finally:
            self._run_afterwards()
            self._cause = None

    def expire(self) -> None:
        """Run every action whose time has come."""
        while self._deadlines and self._deadlines[0][0] <= self.now():
            heapq.heappop(self._deadlines)[2]()
        self._run_afterwards()

    def _run_afterwards(self) -> None:
        self._cause = None
        actions, self._afterwards = self._afterwards, []
        for action in actions:
            action()


@dataclass(eq=False)
class Platform:
    """Every account the simulator serves, made at first use."""

    clock: Clock
    publish: Callable[[Account, Object], None]
    conditions: Conditions = field(default_factory=Conditions)
    accounts: dict[str, Account] = field(default_factory=dict)

    def account(self, account_id: str | None) -> Account:
        """Return the account a request is for; no ``Stripe-Account`` means the platform's own."""
        account_id = account_id or PLATFORM
        if account_id not in self.accounts:
            owner = None if account_id == PLATFORM else self.account(PLATFORM)
            self.accounts[account_id] = Account(
                account_id, self.clock, self.publish, self.conditions, owner
            )
        return self.accounts[account_id]

    def expire(self) -> None:
        """Let time catch up on every account."""
        for account in list(self.accounts.values()):
            account.expire()

    def holder(self, kind: str, object_id: str) -> Account:
        """Return the account that holds an object.

        Raises:
            KeyError: if none does.
        """
        for account in self.accounts.values():
            if object_id in account.objects[kind]:
                return account
        raise KeyError(object_id)
