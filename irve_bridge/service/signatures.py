"""Signed readings: kept as they come, verified when their transaction has ended."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from irve_bridge.domain.signatures import Check, SignedReading, Verdict, keepable, vouch
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.handle import Work

log = structlog.get_logger()

REUSED = "it was sent for another charge already"


def keep(
    work: Work, charge_point_id: str, transaction_id: str, signed: Sequence[SignedReading]
) -> None:
    """Keep what was sent of a transaction; what comes after its end is verified at once.

    What is too long, or too much of one transaction, is not kept.
    """
    if not signed:
        return
    kept = keepable(signed, work.tx.signatures.count(charge_point_id, transaction_id))
    if len(kept) < len(signed):
        named = {"charge_point_id": charge_point_id, "transaction_id": transaction_id}
        log.warning("signed_readings_left_out", **named, left_out=len(signed) - len(kept))
    work.tx.signatures.add(charge_point_id, transaction_id, kept)
    transaction = work.tx.transactions.get(charge_point_id, transaction_id)
    if transaction is not None and not transaction.running:
        verified(work, transaction)


def verified(work: Work, transaction: Transaction) -> list[SignedReading]:
    """Return the signed readings that tell a transaction's begin and end, each verified once."""
    outlet = work.tx.stations.connector(transaction.charge_point_id, transaction.connector_number)
    public_key = outlet.meter_public_key if outlet else None
    return [
        reading if reading.verdict else _verify(work, transaction, reading, public_key)
        for reading in work.tx.signatures.telling(transaction.charge_point_id, transaction.id)
    ]


def signed_part(work: Work, transaction: Transaction, energy_wh: int) -> tuple[int, str | None]:
    """Return how much of an energy may be billed, and why not all, if signatures are required."""
    signed = verified(work, transaction)
    charge_point = work.tx.stations.charge_point(transaction.charge_point_id)
    if charge_point is None or not charge_point.requires_signatures:
        return energy_wh, None
    vouched = vouch(signed, energy_wh, transaction.meter_start_wh, transaction.meter_stop_wh)
    return vouched.energy_wh, vouched.doubt


def _verify(
    work: Work, transaction: Transaction, reading: SignedReading, public_key: str | None
) -> SignedReading:
    verdict = _verdict(work, transaction, reading, public_key)
    work.tx.signatures.judge(transaction.charge_point_id, transaction.id, reading, verdict)
    return replace(reading, verdict=verdict)


def _verdict(
    work: Work, transaction: Transaction, reading: SignedReading, public_key: str | None
) -> Verdict:
    if reading.ocmf is None:
        return Verdict(outcome=Check.UNVERIFIABLE, note="it is not OCMF")
    if public_key is None:
        return Verdict(outcome=Check.UNVERIFIABLE, note="the meter's public key is not known")
    verdict = work.verifier.verify(reading.ocmf, public_key)
    of_another = work.tx.signatures.vouches_elsewhere
    if verdict.outcome is Check.VALID and of_another(
        transaction.charge_point_id, transaction.id, reading
    ):
        return replace(verdict, outcome=Check.INVALID, note=REUSED)
    return verdict
