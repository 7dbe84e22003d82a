"""The id tags of the operator's own customers."""

import argparse
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError
from rich.table import Column, Table

from irve_bridge import id_tags
from irve_bridge.cli.common import PAGE, Actions, add, console, every, group, open_database
from irve_bridge.cli.progress import busy
from irve_bridge.domain.errors import Refusal
from irve_bridge.domain.id_tag import IdTag, IdTagStatus
from irve_bridge.service.ports import Tx


def add_to(commands: Actions) -> None:
    """Add these commands."""
    tag = group(commands, "id-tags", "the id tags (RFID) of your own customers")
    add(tag, "list", list_tags, "show them")
    putting = add(tag, "put", put, "add one, or put it in place of what it was")
    putting.add_argument("id_tag")
    putting.add_argument("--status", default="Accepted", choices=[s.value for s in IdTagStatus])
    putting.add_argument("--parent", help="the group whose members may stop each other")
    putting.add_argument("--expires", type=datetime.fromisoformat, help="2027-01-31, say, in UTC")
    putting.add_argument("--name", default="", help="your own note of whose it is")
    removing = add(tag, "remove", remove, "forget one")
    removing.add_argument("id_tag")
    applying = add(tag, "apply", apply, "add and change what a CSV file lists")
    applying.add_argument("file", type=Path)
    applying.add_argument("--dry-run", action="store_true", help="only show the difference")


async def list_tags(arguments: argparse.Namespace) -> int:
    """Show every tag."""
    table = Table(Column("id tag", no_wrap=True), "status", "parent", "expires", "name")
    async with open_database(arguments) as storage:
        found = await every(
            storage,
            lambda after, tx: tx.id_tags.after(after, PAGE),
            "",
            lambda last: last.id_tag,
        )
    for each in found:
        expires = f"{each.expires_at:%F %T}" if each.expires_at else ""
        row = (each.id_tag, each.status.value, each.parent_id_tag or "", expires)
        table.add_row(*row, each.name)
    console.print(table)
    return 0


async def put(arguments: argparse.Namespace) -> int:
    """Add or change one."""
    tag = _tag(arguments)
    async with open_database(arguments) as storage:
        await storage.transact(lambda tx: tx.id_tags.put(tag))
    console.print(f"{tag.id_tag} is {tag.status.value}.")
    return 0


def _tag(arguments: argparse.Namespace) -> IdTag:
    try:
        entry = id_tags.IdTagRow(
            id_tag=arguments.id_tag,
            status=arguments.status,
            parent_id_tag=arguments.parent,
            expires_at=arguments.expires,
            name=arguments.name,
        )
    except ValidationError as error:
        raise id_tags.IdTagsRefused("\n".join(id_tags.sentences(error))) from error
    return entry.tag


async def remove(arguments: argparse.Namespace) -> int:
    """Forget one."""
    async with open_database(arguments) as storage:
        if not await storage.transact(lambda tx: tx.id_tags.remove(arguments.id_tag)):
            raise Refusal(f"There is no id tag {arguments.id_tag}.", "unknown_id_tag")
    console.print(f"{arguments.id_tag} is forgotten.")
    return 0


async def apply(arguments: argparse.Namespace) -> int:
    """Show what differs, and change it; tags that the file does not name are kept."""
    wanted = id_tags.read(arguments.file)
    async with open_database(arguments) as storage:
        with busy("Comparing with the database"):
            changed = await storage.read(lambda tx: _changed(tx, wanted))
        for sign, tag in changed:
            console.print(f"{sign} {tag.id_tag} {tag.status.value}")
        if arguments.dry_run or not changed:
            console.print("Nothing to change." if not changed else "Nothing was changed (dry run).")
            return 0
        with busy(f"Applying {len(changed)} changes"):
            await storage.transact(lambda tx: _put(tx, changed))
    console.print(f"{len(changed)} changes applied.")
    return 0


def _put(tx: Tx, changed: list[tuple[str, IdTag]]) -> None:
    for _, tag in changed:
        tx.id_tags.put(tag)


def _changed(tx: Tx, wanted: list[IdTag]) -> list[tuple[str, IdTag]]:
    before = ((tx.id_tags.get(tag.id_tag), tag) for tag in wanted)
    return [("~" if was else "+", tag) for was, tag in before if was != tag]
