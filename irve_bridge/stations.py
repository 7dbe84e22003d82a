"""The operator's file of stations: read, compared with the database, applied."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from irve_bridge.domain import credentials, tariff_loading
from irve_bridge.domain.charge_point import ChargePoint, CodeDisplay, Connector, SecurityProfile
from irve_bridge.domain.errors import BridgeError, Refusal
from irve_bridge.domain.tariff import Tariff
from irve_bridge.service.passwords import hash_password, matches
from irve_bridge.service.ports import Stations, Tx
from irve_bridge.stations_file import ChargePointEntry, ConnectorEntry, OperatorEntry, StationsFile
from irve_bridge.yaml_file import Written

_WITH_PASSWORD = frozenset({SecurityProfile.BASIC, SecurityProfile.TLS})
Thing = ChargePoint | Connector | Tariff


class FileRefused(BridgeError):
    """The file cannot be applied; nothing was."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the file wants registered."""

    tariffs: dict[str, Tariff]
    charge_points: dict[str, ChargePointEntry]
    operator: OperatorEntry


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the file and the database; `thing` None means that it goes.

    `replaces`: a charge point has another one's place, and what that was told is forgotten.
    """

    name: str
    sign: str
    thing: Thing | None
    key: tuple[str, int] | None = None
    replaces: bool = False
    before: Thing | None = None


def read(path: Path) -> Wanted:
    """Return what a stations file wants.

    Raises:
        FileRefused: Not readable, or something in it is wrong; the sentence names the place.
    """
    try:
        written = Written(path.read_text(encoding="utf-8"))
        file = _valid(path, written)
        loaded = [_tariff(entry, path.parent) for entry in file.tariffs]
        _refuse_repeats(file, loaded)
        wanted = Wanted(
            tariffs={tariff.id: tariff for tariff in loaded},
            charge_points={entry.id: entry for entry in file.charge_points},
            operator=file.operator,
        )
        _refuse_contradictions(wanted)
    except UnicodeDecodeError as error:
        raise FileRefused(f"{path}: save it as UTF-8 ({error})") from error
    except (OSError, yaml.YAMLError, Refusal) as error:
        raise FileRefused(f"{path}: {error}") from error
    return wanted


def _valid(path: Path, written: Written) -> StationsFile:
    try:
        return StationsFile.model_validate(written.said)
    except ValidationError as error:
        lines = [written.line(details["loc"]) for details in error.errors()]
        sentences = zip(lines, sentences_of(error), strict=True)
        raise FileRefused("\n".join(f"{path}:{line}: {s}" for line, s in sentences)) from error


def alone(entry: ChargePointEntry, tx: Tx) -> Wanted:
    """Return one entry by itself as a file would want it, with the tariffs that are registered.

    Where it names no operator it keeps its own, or gets the only one that there is.

    Raises:
        FileRefused: Something in it contradicts itself or what is registered.
        TariffRefused: A tariff that is not lawful at its power.
    """
    names = {name for outlet in entry.connectors for name in outlet.tariff_ids}
    found = {name: tx.stations.tariff(name) for name in names}
    wanted = Wanted(
        tariffs={name: tariff for name, tariff in found.items() if tariff},
        charge_points={entry.id: entry},
        operator=entry.operator or _operator_of(entry.id, tx),
    )
    numbers = (f"{entry.id}/{outlet.number}" for outlet in entry.connectors)
    _refuse_twice("connector", numbers)
    _refuse_contradictions(wanted)
    for outlet in entry.connectors:
        for holder in tx.listings.at_evse(outlet.evse_id):
            _refuse_same_evse(outlet.evse_id, holder.charge_point_id, entry.id)
    return wanted


def refuse_where_it_holds(tariff: Tariff, tx: Tx) -> None:
    """Raise for a tariff that cannot hold at a connector that names it.

    Raises:
        FileRefused: Another tariff of the connector has another currency.
        TariffRefused: It is not lawful at the connector's power.
    """
    for outlet in tx.listings.priced_by(tariff.id):
        tariff_loading.refuse_unlawful(tariff, outlet.power_w)
        others = (tx.stations.tariff(name) for name in outlet.tariff_ids if name != tariff.id)
        if any(other and other.currency != tariff.currency for other in others):
            raise FileRefused(
                f"{outlet.charge_point_id}/{outlet.number} has another tariff in another currency"
            )


def differences(
    wanted: Wanted, stations: Stations, replaced: Collection[str] = ()
) -> Iterator[Change]:
    """Yield what applying would change, tariffs first.

    Of charge points that were `replaced` by others neither key nor security profile is kept.

    Raises:
        FileRefused: A charge point would be less secure than it is.
    """
    for tariff in wanted.tariffs.values():
        yield from _change(f"tariff {tariff.id}", stations.tariff(tariff.id), tariff)
    for entry in wanted.charge_points.values():
        before = stations.charge_point(entry.id)
        replaces = before is not None and entry.id in replaced
        base = credentials.forgotten(before) if before and replaces else before
        after = _charge_point(entry, wanted.operator, base)
        for change in _change(f"charge point {entry.id}", before, after):
            yield replace(change, replaces=replaces)
        yield from _connector_changes(entry, stations)


def refuse_unknown(charge_point_ids: Iterable[str], wanted: Wanted) -> None:
    """Refuse charge points that the file does not name.

    Raises:
        FileRefused: One of them is not in it.
    """
    for charge_point_id in charge_point_ids:
        if charge_point_id not in wanted.charge_points:
            raise FileRefused(f"The charge point {charge_point_id} is not in the file.")


def not_named(wanted: Wanted, stations: Stations) -> list[str]:
    """Return the charge points that the file does not name; applying it keeps them."""
    return [p.id for p in stations.charge_points() if p.id not in wanted.charge_points]


def apply(changes: list[Change], stations: Stations) -> None:
    """Make the database say what the file says.

    Raises:
        FileRefused: A charge point took a key or a profile since the file was compared.
    """
    for change in changes:
        if isinstance(change.before, ChargePoint) and not change.replaces:
            _refuse_older_word(change.before, stations)
        if change.thing is not None:
            stations.put(change.thing)
            if change.replaces and isinstance(change.thing, ChargePoint):
                stations.secured(change.thing)
        elif change.key is not None:
            stations.remove_connector(*change.key)


def _refuse_older_word(before: ChargePoint, stations: Stations) -> None:
    now = stations.charge_point(before.id)
    if now is not None and credentials.of(now) != credentials.of(before):
        raise FileRefused(f"{before.id} took a key or a profile meanwhile: apply the file again.")


def _operator_of(charge_point_id: str, tx: Tx) -> OperatorEntry:
    registered = tx.stations.charge_point(charge_point_id)
    known = [registered] if registered else tx.listings.operators(2)
    if len(known) != 1:
        raise FileRefused("operator: name who operates it; that does not follow from the others")
    point = known[0]
    try:
        return OperatorEntry(
            name=point.operator_name,
            phone=point.operator_phone,
            requires_signatures=point.requires_signatures,
            address=point.operator_address,
            siren=point.operator_siren or None,
            vat_number=point.operator_vat_number or None,
            email=point.operator_email or None,
        )
    except ValidationError as error:
        sentences = "; ".join(sentences_of(error))
        raise FileRefused(f"operator: what is registered does not suffice: {sentences}") from error


def _tariff(entry: str | dict[str, object], folder: Path) -> Tariff:
    if isinstance(entry, str):
        return tariff_loading.load((folder / entry).read_bytes())
    return tariff_loading.load(dict(entry))


def _refuse_repeats(file: StationsFile, loaded: list[Tariff]) -> None:
    _refuse_twice("tariff", (tariff.id for tariff in loaded))
    _refuse_twice("charge point", (entry.id for entry in file.charge_points))
    for entry in file.charge_points:
        _refuse_twice("connector", (f"{entry.id}/{outlet.number}" for outlet in entry.connectors))
    holders: dict[str, str] = {}
    for entry in file.charge_points:
        for outlet in entry.connectors:
            holder = holders.setdefault(outlet.evse_id, entry.id)
            _refuse_same_evse(outlet.evse_id, holder, entry.id)


def _refuse_same_evse(evse_id: str, holder: str, charge_point_id: str) -> None:
    """Drivers compare it with what stands on the connector; plugs of one EVSE may share it."""
    if holder != charge_point_id:
        raise FileRefused(f"{charge_point_id} has the evse_id {evse_id}, which is {holder}'s")


def _refuse_twice(kind: str, names: Iterable[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise FileRefused(f"The {kind} {name} stands {times} times in the file.")


def _refuse_contradictions(wanted: Wanted) -> None:
    for entry in wanted.charge_points.values():
        for connector in entry.connectors:
            _refuse_tariffs(entry.id, connector, wanted.tariffs)
            if not connector.meter_public_key and _requires_signatures(entry, wanted.operator):
                raise FileRefused(
                    f"{entry.id}/{connector.number} requires signatures, "
                    "but it has no meter_public_key"
                )


def _refuse_tariffs(charge_point_id: str, outlet: ConnectorEntry, known: dict[str, Tariff]) -> None:
    for tariff_id in outlet.tariff_ids:
        if tariff_id not in known:
            raise FileRefused(
                f"{charge_point_id}/{outlet.number} names the tariff {tariff_id}, "
                "which is not known"
            )
        tariff_loading.refuse_unlawful(known[tariff_id], int(outlet.power_kw * 1000))
    if len({known[tariff_id].currency for tariff_id in outlet.tariff_ids}) > 1:
        raise FileRefused(f"{charge_point_id}/{outlet.number} has tariffs in several currencies")


def sentences_of(error: ValidationError) -> Iterator[str]:
    """Yield each fault that pydantic found, with its place."""
    for details in error.errors():
        where = ".".join(str(part) for part in details["loc"])
        yield f"{where}: {details['msg'].removeprefix('Value error, ')}"


def _charge_point(
    entry: ChargePointEntry, operator: OperatorEntry, before: ChargePoint | None
) -> ChargePoint:
    operator = entry.operator or operator
    base = before or ChargePoint(id=entry.id, name="", operator_name="", operator_phone="")
    return replace(
        base,
        name=entry.name,
        address=entry.address,
        city=entry.city,
        postal_code=entry.postal_code,
        country=entry.country,
        latitude=f"{entry.latitude:.6f}",
        longitude=f"{entry.longitude:.6f}",
        time_zone=entry.time_zone,
        account=entry.account,
        application_fee_bps=int(entry.application_fee_percent * 100),
        operator_name=operator.name,
        operator_phone=operator.phone,
        requires_signatures=_requires_signatures(entry, operator),
        operator_address=operator.address,
        operator_siren=operator.siren or "",
        operator_vat_number=operator.vat_number or "",
        operator_email=operator.email or "",
        serial_number=entry.serial_number,
        **_security(entry, base),
        display=CodeDisplay(**entry.display.model_dump()) if entry.display else None,
    )


def _requires_signatures(entry: ChargePointEntry, operator: OperatorEntry) -> bool:
    """A station's own word goes before its operator's."""
    if entry.requires_signatures is not None:
        return entry.requires_signatures
    return (entry.operator or operator).requires_signatures


def _security(entry: ChargePointEntry, base: ChargePoint) -> dict[str, Any]:
    """Return profile and key; neither goes back to what it was before it changed over OCPP."""
    password_hash, given = _password_hashes(entry.password, base)
    least = SecurityProfile.BASIC if entry.password else SecurityProfile.OPEN
    wanted = entry.security_profile
    profile = max(base.security_profile, least) if wanted is None else wanted
    if profile < base.security_profile:
        raise FileRefused(
            f"{entry.id} has security_profile {base.security_profile:d}, "
            f"which is never lowered to {profile:d}: was it replaced? (--replaced {entry.id})"
        )
    if profile in _WITH_PASSWORD and not password_hash:
        raise FileRefused(f"{entry.id} has security_profile {profile:d}: give its password")
    return {
        "security_profile": profile,
        "password_hash": password_hash,
        "given_password_hash": given,
    }


def _password_hashes(password: str | None, base: ChargePoint) -> tuple[str | None, str | None]:
    """Return what opens, and what the file gave before a key over OCPP took its place.

    A salted hash differs each time: keep the one that fits. What the file gave last time is no
    news; only another password goes before the key that was sent since.
    """
    given = base.given_password_hash
    if given is not None and _fits(password, given):
        return base.password_hash, given
    if _fits(password, base.password_hash or ""):
        return base.password_hash, given
    return password and hash_password(password), None


def _fits(password: str | None, stored: str) -> bool:
    return matches(password, stored) if password and stored else not password and not stored


def _connector_changes(entry: ChargePointEntry, stations: Stations) -> Iterator[Change]:
    registered = {c.number: c for c in stations.connectors(entry.id)}
    for outlet in entry.connectors:
        before = registered.pop(outlet.number, None)
        base = before or Connector(
            charge_point_id=entry.id, number=outlet.number, evse_id="", power_w=0, tariff_id=""
        )
        first, *later = outlet.tariff_ids
        standard, form, power_type = outlet.plug
        after = replace(
            base,
            evse_id=outlet.evse_id,
            power_w=int(outlet.power_kw * 1000),
            tariff_id=first,
            next_tariff_ids=tuple(later),
            meter_public_key=outlet.meter_public_key,
            standard=standard,
            format=form,
            power_type=power_type,
        )
        yield from _change(f"connector {entry.id}/{outlet.number}", before, after)
    for number in registered:
        yield Change(f"connector {entry.id}/{number}", "-", None, (entry.id, number))


def _change(name: str, before: Thing | None, after: Thing) -> Iterator[Change]:
    if before != after:
        yield Change(name, "+" if before is None else "~", after, before=before)
