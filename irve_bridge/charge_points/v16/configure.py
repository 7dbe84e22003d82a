"""A charge point's configuration: read whole, set where payment needs it, remembered."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from ocpp.v16.enums import ConfigurationStatus

from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.charge_points.v16.calls import Ask, CallInvalid, CallRefused
from irve_bridge.charge_points.v16.schema import Payload
from irve_bridge.charge_points.v16.wishes import LISTS, REGISTER, ListWish, Wish, keys_of, wishes
from irve_bridge.domain.configuration import KEYS_MOST, ConfigurationKey, listed
from irve_bridge.service.masking import masked
from irve_bridge.service.ports import Clock, Storage, Tx

STORED = frozenset({ConfigurationStatus.accepted, ConfigurationStatus.reboot_required})
"""What needs a reboot is stored all the same, and will hold after it (§5.3)."""
READ_ONLY = "ReadOnly"
NOT_SUPPORTED = ConfigurationStatus.not_supported.value
REJECTED = ConfigurationStatus.rejected.value
MAX_KEYS = "GetConfigurationMaxKeys"

log = structlog.get_logger()


@dataclass(slots=True)
class Known:
    """The keys of a charge point, found whatever the case of their letters (CiString)."""

    keys: dict[str, ConfigurationKey] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)

    def get(self, key: str) -> ConfigurationKey | None:
        """Return a key that it told."""
        return self.keys.get(key.casefold())

    def value(self, key: str) -> str:
        """Return a key's value, "" for none."""
        known = self.get(key)
        return (known.value if known else None) or ""

    def put(self, key: ConfigurationKey) -> None:
        """Take a key as it is now; of too many the first."""
        if self.get(key.key) or len(self.keys) < KEYS_MOST:
            self.keys[key.key.casefold()] = key

    def drop_unsupported(self, key: str) -> None:
        """Forget a key that turned out not to be there, and need not be."""
        known = self.get(key)
        if known is not None and known.refused == NOT_SUPPORTED:
            del self.keys[key.casefold()]

    def lacks(self, key: str) -> bool:
        """Return whether it said that it does not know this key."""
        return key.casefold() in self.missing

    def unheard(self, keys: Iterable[str]) -> list[str]:
        """Return those of which it said nothing at all."""
        return [key for key in keys if self.get(key) is None and not self.lacks(key)]


class Configure:
    """Reads and sets one charge point's keys; never from within a handler."""

    def __init__(
        self,
        charge_point_id: str,
        ask: Ask,
        storage: Storage,
        clock: Clock,
        settings: DoorSettings,
    ) -> None:
        self._id = charge_point_id
        self._ask = ask
        self._storage = storage
        self._clock = clock
        self._settings = settings
        self._known = Known()
        self._kept: dict[str, ConfigurationKey] = {}

    async def run(self) -> None:
        """Read everything, and set what differs from what payment needs; tell what was refused.

        Raises:
            TimeoutError: It does not answer.
            TooManyCalls: It answers too slowly.
            websockets.exceptions.ConnectionClosed: Its socket closed.
        """
        before = await self._storage.read(lambda tx: tx.configuration.of(self._id))
        self._kept = {key.key: key for key in before}
        await self._read()
        await self._keep()
        if not self._settings.configures:
            return
        try:
            for wish in wishes(self._settings):
                await self._fulfil(wish)
            for list_wish in LISTS:
                await self._fulfil_list(list_wish)
        finally:
            await self._keep()
        self._tell(before)

    async def _keep(self) -> None:
        """Remember what is news; nothing learnt leaves what was known before.

        Most boots bring no news: after a power cut a thousand of them write nothing.
        """
        keys = {key.key: key for key in self._known.keys.values()}
        news = [key for key in keys.values() if not key.says_what(self._kept.get(key.key))]
        gone = bool(keys) and not keys.keys() >= self._kept.keys()

        def unit(tx: Tx) -> None:
            if gone:
                tx.configuration.replace(self._id, list(keys.values()))
                return
            for key in news:
                tx.configuration.put(self._id, key)

        if news or gone:
            await self._storage.transact(unit)
            self._kept = keys

    def _tell(self, before: Sequence[ConfigurationKey]) -> None:
        """Log what it refuses and did not refuse before: an operator is told once."""
        told = {key.key: key.refused for key in before if key.refused}
        refused = {key.key: key.refused for key in self._known.keys.values() if key.refused}
        if news := {key: why for key, why in refused.items() if told.get(key) != why}:
            log.warning("configuration_refused", refused=news)

    # Reading

    async def _read(self) -> None:
        """Ask for all keys, then by name for those it did not tell (§5.8).

        Some answer only so many at once, some nothing useful to a request for all, or nothing.
        """
        self._known = Known()
        with suppress(TimeoutError):
            await self._get()
        wanted = keys_of(self._settings)
        if self._known.unheard(wanted):
            for key in self._known.unheard([MAX_KEYS]):
                await self._get(key)
            size = _count(self._known.value(MAX_KEYS)) or 1
            for piece in _pieces(self._known.unheard(wanted), size):
                if not await self._get(*piece):
                    return

    async def _get(self, *keys: str) -> bool:
        """Take what it answers, but no secrets; return whether it did not refuse.

        Some tell even AuthorizationKey, which is write-only (security whitepaper §7.2).
        """
        try:
            asked = {"key": list(keys)} if keys else {}
            answer = masked(await self._ask("GetConfiguration", asked))
        except CallRefused as refused:
            log.info("configuration not told", keys=keys, error=refused.code)
            return False
        now = self._clock.now()
        for told in _told(answer, "configurationKey"):
            if name := _text(told.get("key")):
                read_only = told.get("readonly") in (True, "true")
                value = _text(told.get("value"))
                kept = self._kept.get(name)
                key = ConfigurationKey(
                    key=name,
                    value=value,
                    readonly=read_only,
                    read_at=now,
                    missing=kept.still_missing(value) if kept else (),
                )
                self._known.put(key)
        unknown = answer.get("unknownKey")
        if isinstance(unknown, list):
            self._known.missing |= {str(key).casefold() for key in unknown}
        return True

    # Setting

    async def _fulfil(self, wish: Wish) -> None:
        known = self._known.get(wish.key)
        if known is None and wish.optional and self._known.lacks(wish.key):
            return
        if known is None or not wish.suffices(known.value or ""):
            await self._set(wish.key, wish.value)
            if wish.optional:
                self._known.drop_unsupported(wish.key)

    async def _fulfil_list(self, wish: ListWish) -> None:
        """Have the register listed, and what is useful, beside what the operator listed.

        One measurand that is not supported rejects the whole list, and a list may hold a single
        one (§5.3): then they are tried one by one, the register before the others.
        """
        present = listed(self._known.value(wish.key))
        missing = [item for item in (REGISTER, *wish.useful) if item not in present]
        whole = _merged(present, missing, self._room(wish.key))
        if whole != present and not await self._set(wish.key, ",".join(whole)):
            await self._one_by_one(wish.key, present, missing)
        known = self._known.get(wish.key)
        if known is not None and REGISTER in (present := listed(known.value)):
            lacking = tuple(item for item in wish.useful if item not in present)
            self._known.put(replace(known, refused=None, missing=lacking))

    def _room(self, key: str) -> int | None:
        most = _count(self._known.value(f"{key}MaxLength"))
        return None if most is None else max(most, 1)

    async def _one_by_one(self, key: str, present: Sequence[str], missing: Sequence[str]) -> None:
        """Find out which are taken; a list that cannot be changed at all is left alone."""
        known = self._known.get(key)
        if known is None or known.refused != REJECTED:
            return
        taken, rest = list(present), list(missing)
        if REGISTER in missing:
            if not await self._set(key, REGISTER):
                return
            taken, rest = [REGISTER], [*present, *missing]
        for item in rest:
            if item not in taken and await self._set(key, ",".join([*taken, item])):
                taken.append(item)

    async def _set(self, key: str, value: str) -> bool:
        """Ask for a value and remember what came of it; return whether it was taken."""
        known = self._known.get(key)
        if known is not None and known.readonly:
            self._known.put(replace(known, refused=READ_ONLY))
            return False
        status = await self._status({"key": key, "value": value})
        now = self._clock.now()
        known = known or ConfigurationKey(key=key, value=None, read_at=now)
        if status in STORED:
            self._known.put(replace(known, value=value, read_at=now, refused=None))
            return True
        self._known.put(replace(known, refused=status))
        return False

    async def _status(self, payload: Payload) -> str:
        try:
            answer = await self._ask("ChangeConfiguration", payload)
            status = str(answer.get("status"))
        except CallRefused as refused:
            status = refused.code
        except CallInvalid:
            status = "Invalid"
        log.info("asked", action="ChangeConfiguration", request=payload, status=status)
        return status


def _merged(present: Sequence[str], missing: Sequence[str], room: int | None) -> list[str]:
    """Return the list that is wished for: what was there, the register before it, the rest after.

    Where there is no room for all, the register stays.
    """
    others = [item for item in missing if item != REGISTER]
    if REGISTER in present:
        free = len(others) if room is None else max(room - len(present), 0)
        return [*present, *others[:free]]
    return [REGISTER, *present, *others][:room]


def _pieces(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for first in range(0, len(keys), size):
        yield keys[first : first + size]


def _count(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() else None


def _told(answer: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    listed_ = answer.get(name)
    for each in listed_ if isinstance(listed_, list) else ():
        if isinstance(each, Mapping):
            yield each


def _text(value: Any) -> str | None:
    """Return a value as text: some charge points send numbers and booleans as they are."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
