"""A CDR is what OCPI's tables say, and its parts add up to its totals, digit by digit."""

import json
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.cdr import Cdr, Concluded, Cost, Location, Token, cdr, credit
from irve_bridge.domain.ocpi import moment
from irve_bridge.domain.period import Period
from irve_bridge.domain.pricing import Pricer
from irve_bridge.domain.projection import charge, quote
from irve_bridge.domain.receipt import split_of
from irve_bridge.domain.signatures import Check, SignedReading, Verdict
from irve_bridge.domain.signed_data import signed_data
from irve_bridge.domain.tariff import PriceComponent, Tariff, TariffElement
from tests import ocpi
from tests.unit.domain.sessions import LATER, NOW, session

TARIFF = Tariff(
    id="T",
    currency="EUR",
    type="AD_HOC_PAYMENT",
    elements=(
        TariffElement(
            (
                PriceComponent(Dimension.ENERGY, Decimal("0.3250"), vat=Decimal(20)),
                PriceComponent(Dimension.TIME, Decimal("1.2345"), vat=Decimal("5.5")),
                PriceComponent(Dimension.PARKING_TIME, Decimal(3), vat=Decimal(20)),
                PriceComponent(Dimension.FLAT, Decimal("0.25"), vat=Decimal(20)),
            )
        ),
    ),
)
LOCATION = Location(
    id="CP1",
    name="Parking de la République",
    address="12 place de la République, 75003 Paris, at the very end of it",
    city="Paris",
    postal_code="75003",
    country="FRA",
    latitude="48.867350",
    longitude="2.363770",
    evse_id="FR*EXA*E0001*1",
    connector_id="1",
    standard="IEC_62196_T2",
    format="SOCKET",
    power_type="AC_3_PHASE",
)
SECOND = timedelta(seconds=1)
PRICER = Pricer(TARIFF, UTC)


def concluded(periods: tuple[Period, ...], **changes: Any) -> Concluded:
    """Tell a charge of these periods at its full cost."""
    cost = PRICER.cost(PRICER.tally(periods[0].start_at, periods))
    told = Concluded(
        cdr_id="ses_1-1",
        at=LATER,
        token=Token(uid="ABCDEF0123456789", contract_id="ses_1"),
        location=LOCATION,
        tariff=TARIFF,
        periods=periods,
        cost=Cost(
            currency="EUR",
            net_minor=cost.net_minor,
            gross_minor=cost.gross_minor,
            breakdown=cost,
        ),
        session_id="ses_1",
    )
    return replace(told, **changes)


def read(document: dict[str, Any]) -> ocpi.Cdr:
    """Return what a receiver reads."""
    return ocpi.Cdr.model_validate(json.loads(json.dumps(document)))


@st.composite
def charges(draw: st.DrawFn) -> tuple[Period, ...]:
    """Draw periods one after the other; the last energy makes the sum whole watt-hours."""
    lengths = draw(st.lists(st.integers(1, 10**10), min_size=1, max_size=12))
    moments = [NOW]
    for length_us in lengths:
        moments.append(moments[-1] + timedelta(microseconds=length_us))
    periods = [_period(draw, *pair) for pair in pairwise(moments)]
    odd = sum((Fraction(period.energy_wh) for period in periods), Fraction(0)) % 1
    last = periods[-1]
    return (*periods[:-1], changed(last, energy_wh=Fraction(last.energy_wh) + (1 - odd) % 1))


def _period(draw: st.DrawFn, start_at: datetime, end_at: datetime) -> Period:
    elapsed = end_at - start_at
    parking = timedelta(microseconds=draw(st.integers(0, elapsed // timedelta(microseconds=1))))
    known = draw(st.booleans())
    return Period(
        start_at=start_at,
        end_at=end_at,
        energy_wh=draw(st.fractions(0, 50_000, max_denominator=1000)),
        charging=elapsed - parking,
        parking=parking,
        min_power_w=Fraction(10_000, 3) if known else None,
        max_power_w=draw(st.integers(0, 400_000)) if known else None,
        max_current_ma=draw(st.integers(0, 500_000)) if known else None,
    )


@given(charges())
def test_every_cdr_is_what_ocpi_says_and_its_periods_add_up(periods: tuple[Period, ...]) -> None:
    told = read(cdr(concluded(periods)))
    assert len(told.charging_periods) == len(periods)
    for name, total in (
        ("ENERGY", told.total_energy),
        ("PARKING_TIME", told.total_parking_time or 0),
        ("RESERVATION_TIME", 0),
    ):
        assert _exact(sum(_units(p.volume(name)) for p in told.charging_periods)) == _exact(
            _units(total)
        )
    timed = sum(
        _units(p.volume(n)) for p in told.charging_periods for n in ("TIME", "PARKING_TIME")
    )
    assert timed == _units(told.total_time)
    energy_wh = sum(Fraction(period.energy_wh) for period in periods)
    assert Decimal(str(told.total_energy)) == Decimal(int(energy_wh)) / 1000


@given(charges())
def test_costs_add_up_net_and_gross(periods: tuple[Period, ...]) -> None:
    charge = concluded(periods)
    told = read(cdr(charge))
    parts = [
        told.total_fixed_cost,
        told.total_energy_cost,
        told.total_time_cost,
        told.total_parking_cost,
    ]
    for name in ("excl_vat", "incl_vat"):
        summed = sum(_units(getattr(part, name)) for part in parts if part)
        assert summed == _units(getattr(told.total_cost, name))
    breakdown = charge.cost.breakdown
    assert breakdown is not None
    vat_minor = sum(line.amount_minor for line in breakdown.vat)
    gross_minor = _units(told.total_cost.incl_vat or 0) // 100
    assert _units(told.total_cost.excl_vat) // 100 + vat_minor == gross_minor


@given(charges(), st.integers(0, 100_000))
def test_a_credit_is_all_of_the_original_with_its_total_negated(
    periods: tuple[Period, ...], owed_minor: int
) -> None:
    """Also where less was billed than the tariff makes of it."""
    charge = concluded(periods)
    billed = split_of(session(cost=charge.cost.breakdown, tariff=TARIFF)).part(owed_minor)
    cost = replace(charge.cost, net_minor=billed.net_minor, gross_minor=billed.gross_minor)
    first = _kept(replace(charge, cost=cost))
    credited = credit(first, LATER + SECOND)
    told, before = read(credited.document), read(first.document)
    assert (told.credit, told.credit_reference_id) == (True, before.id)
    assert (credited.credits, credited.total_minor) == (first.id, -first.total_minor)
    assert told.id != before.id
    assert told.total_cost.incl_vat == -(before.total_cost.incl_vat or 0)
    assert told.total_cost.excl_vat == -before.total_cost.excl_vat
    changed = {"id", "total_cost", "credit", "credit_reference_id", "last_updated"}
    assert told.model_dump(exclude=changed) == before.model_dump(exclude=changed)


def test_a_period_in_which_nothing_happened_says_so() -> None:
    still = Period(start_at=NOW, end_at=NOW)
    (told,) = read(cdr(concluded((still,)))).charging_periods
    assert [(d.type, d.volume) for d in told.dimensions] == [("ENERGY", 0)]


def ocmf(context: str, text: str, key: str | None = None) -> SignedReading:
    verdict = Verdict(outcome=Check.VALID, public_key=key)
    return SignedReading(at=NOW, context=context, text=text, verdict=verdict)


def told_signed(*signed: SignedReading) -> ocpi.SignedData | None:
    hour = Period(start_at=NOW, end_at=LATER, energy_wh=7000, charging=LATER - NOW)
    return read(cdr(concluded((hour,), signed_data=signed_data(signed)))).signed_data


def test_what_the_meter_signed_goes_along_as_it_was_signed() -> None:
    """A receiver that decodes it has the text over which the signature stands, and the key."""
    texts = {
        "Transaction.Begin": 'OCMF|{"RV":1.000}|{}',
        "Sample.Periodic": 'OCMF|{"é":2}|{}',
        "Transaction.End": "OCMF|{}|{}",
    }
    told = told_signed(*(ocmf(context, text, "3059FF") for context, text in texts.items()))
    assert told is not None
    assert told.encoding_method == "OCMF"
    assert b64decode(told.public_key or "").hex().upper() == "3059FF"
    assert [value.nature for value in told.signed_values] == ["Start", "Intermediate", "End"]
    assert [value.plain_data for value in told.signed_values] == list(texts.values())
    assert [b64decode(v.signed_data).decode() for v in told.signed_values] == list(texts.values())


def test_what_ocpi_cannot_carry_is_left_out_whole_and_no_key_goes_without_a_value() -> None:
    fits = "OCMF|" + "x" * (5000 // 4 * 3 - 5)
    others = [f"{fits}x", "OCMF|{\n}|{}", "another format"]
    left_out = [ocmf("Transaction.End", text, "3059") for text in others]
    told = told_signed(*left_out, ocmf("Transaction.End", fits, "3059"))
    assert told is not None
    assert [value.plain_data for value in told.signed_values] == [fits]
    assert told_signed(*left_out) is None
    assert told_signed() is None


def test_a_key_that_is_not_known_or_is_not_one_is_left_out() -> None:
    for keys in ((None, None), ("3059", "3060"), ("30" * 400,)):
        told = told_signed(*(ocmf("Transaction.End", "OCMF|{}|{}", key) for key in keys))
        assert told is not None
        assert told.public_key is None


def test_a_tariff_whose_file_names_no_party_is_told_as_its_operator_s() -> None:
    nameless = replace(TARIFF, country_code="", party_id="")
    period = Period(start_at=NOW, end_at=LATER, energy_wh=1000, charging=LATER - NOW)
    told = cdr(concluded((period,), tariff=nameless))
    (tariff,) = told["tariffs"]
    assert (tariff["country_code"], tariff["party_id"]) == ("FR", "EXA")
    assert (told["country_code"], told["party_id"]) == ("FR", "EXA")


def test_moments_are_in_utc_with_a_z() -> None:
    zone = datetime.fromisoformat("2026-06-01T14:00:00.123456+02:00")
    assert moment(zone) == "2026-06-01T12:00:00.123Z"
    assert moment(NOW) == "2026-03-01T12:00:00Z"


def test_numbers_are_written_with_their_digits() -> None:
    period = Period(start_at=NOW, end_at=LATER, energy_wh=12_345_678, charging=LATER - NOW)
    text = json.dumps(cdr(concluded((period,))))
    assert '"total_energy": 12345.678,' in text
    assert '"price": 0.325,' in text


def _kept(charge: Concluded) -> Cdr:
    return Cdr(
        id=charge.cdr_id,
        created_at=charge.at,
        charge_point_id="CP1",
        session_id=charge.session_id,
        total_minor=charge.cost.gross_minor,
        document=cdr(charge),
    )


def _units(number: float) -> int:
    """Return a number in ten-thousandths; that it has no finer ones was checked."""
    return round(number * 10_000)


def _exact(units: int) -> Decimal:
    return Decimal(units).scaleb(-4)


@given(st.integers(1, 80_000), st.integers(1_400, 350_000))
def test_what_was_quoted_for_a_charge_is_what_its_cdr_comes_to(
    energy_wh: int, power_w: int
) -> None:
    """One engine: if it charges as was wished, it costs what was said."""
    said = quote(PRICER, NOW, power_w, energy_wh, None)
    charged = charge(NOW, power_w, energy_wh, None)
    told = read(cdr(concluded(tuple(PRICER.cut(NOW, [charged])))))
    total = told.total_cost
    assert (total.incl_vat, total.excl_vat) == (said.gross_minor / 100, said.net_minor / 100)
    assert told.total_energy == energy_wh / 1000
