from dataclasses import replace
from datetime import datetime, timedelta

from irve_bridge.domain.signatures import ENDS_MAX, Check, SignedReading, SignedRegister, Verdict
from irve_bridge.service.ports import Storage

TEXT = '  OCMF|{ "RV":1.000 }|{"é":\r\n\'ß\'}\t'
VALID = Verdict(
    outcome=Check.VALID,
    registers=(SignedRegister(name="m", begin_wh=1, end_wh=2**40),),
    public_key="3059",
)


async def test_a_signed_text_is_kept_as_it_came_and_once(storage: Storage, now: datetime) -> None:
    reading = SignedReading(at=now, context="Transaction.End", text=TEXT)
    for _ in range(2):
        await storage.transact(lambda tx: tx.signatures.add("CP1", "7", [reading]))
    assert await storage.read(lambda tx: tx.signatures.of("CP1", "7")) == [reading]
    assert await storage.read(lambda tx: tx.signatures.of("CP1", "8")) == []


async def test_a_verdict_stays_with_its_text(storage: Storage, now: datetime) -> None:
    one = SignedReading(at=now, context="Transaction.Begin", text="1")
    two = replace(one, text="2")
    await storage.transact(lambda tx: tx.signatures.add("CP1", "7", [one, two]))
    await storage.transact(lambda tx: tx.signatures.judge("CP1", "7", two, VALID))
    found = await storage.read(lambda tx: tx.signatures.of("CP1", "7"))
    assert found == [one, replace(two, verdict=VALID)]


async def test_a_text_that_vouches_for_another_charge_is_found(
    storage: Storage, now: datetime
) -> None:
    reading = SignedReading(at=now, context="Transaction.End", text=TEXT)
    for transaction_id in ("7", "8"):
        await storage.transact(
            lambda tx, id_=transaction_id: tx.signatures.add("CP1", id_, [reading])
        )

    async def elsewhere(charge_point_id: str, transaction_id: str) -> bool:
        return await storage.read(
            lambda tx: tx.signatures.vouches_elsewhere(charge_point_id, transaction_id, reading)
        )

    assert not await elsewhere("CP1", "8")
    await storage.transact(lambda tx: tx.signatures.judge("CP1", "7", reading, VALID))
    assert await elsewhere("CP1", "8")
    assert not await elsewhere("CP1", "7")
    assert not await elsewhere("CP2", "8")


async def test_of_a_meter_that_signs_every_sample_few_readings_tell(
    storage: Storage, now: datetime
) -> None:
    """Loading and verifying thousands would hold up everything else."""
    contexts = [
        *["Sample.Periodic"] * 3,
        "Transaction.Begin",
        *["Sample.Clock"] * 50,
        *["Transaction.End"] * ENDS_MAX,
    ]
    readings = [
        SignedReading(at=now + timedelta(seconds=n), context=context, text=str(n))
        for n, context in enumerate(contexts)
    ]
    for of, kept in (("7", readings), ("8", readings[:4]), ("9", readings[:1])):
        await storage.transact(lambda tx, of=of, kept=kept: tx.signatures.add("CP1", of, kept))

    async def told(transaction_id: str) -> list[int]:
        found = await storage.read(lambda tx: tx.signatures.telling("CP1", transaction_id))
        return [int(reading.text) for reading in found]

    assert await told("7") == [0, 1, 3, 52, 53, *range(54, 54 + ENDS_MAX - 1)]
    assert await told("8") == [0, 1, 2, 3]
    assert await told("9") == [0]
    assert await told("10") == []
