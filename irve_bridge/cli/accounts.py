"""Who may use the operator's pages."""

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime
from getpass import getpass
from typing import Any

from rich.table import Column, Table

from irve_bridge.cli.common import Actions, add, console, group, open_database
from irve_bridge.domain.account import Account, Role
from irve_bridge.domain.errors import Refusal
from irve_bridge.service import accounts
from irve_bridge.service.ports import Tx

ROLES = [role.value for role in Role]


def add_to(commands: Actions) -> None:
    """Add these commands."""
    account = group(commands, "accounts", "who may use the operator's pages")
    add(account, "list", list_accounts, "show them")
    adding = add(account, "add", make, "make one; its password is asked for, or read from stdin")
    adding.add_argument("name")
    adding.add_argument(
        "--role", default=Role.VIEWER.value, choices=ROLES, help="a viewer only reads (default)"
    )
    changing = add(account, "password", set_password, "give it another password; it signs out")
    changing.add_argument("name")
    role = add(account, "role", set_role, "let it act, or only read")
    role.add_argument("name")
    role.add_argument("role", choices=ROLES)
    disabling = add(account, "disable", disable, "let it in no more; it signs out")
    disabling.add_argument("name")
    enabling = add(account, "enable", enable, "let it in again")
    enabling.add_argument("name")


async def list_accounts(arguments: argparse.Namespace) -> int:
    """Show every account."""
    table = Table(Column("name", no_wrap=True), "role", "since", "disabled")
    async with open_database(arguments) as storage:
        found = await storage.read(lambda tx: tx.accounts.all())
    for each in found:
        disabled = f"{each.disabled_at:%F %T}" if each.disabled_at else ""
        table.add_row(each.name, each.role.value, f"{each.created_at:%F %T}", disabled)
    console.print(table)
    return 0


async def make(arguments: argparse.Namespace) -> int:
    """Make an account."""
    password, role = _password(), Role(arguments.role)
    async with open_database(arguments) as storage:
        made = await accounts.add(storage, arguments.name, role, password, datetime.now(UTC))
    console.print(f"{made.name} may sign in at /operator as {made.role.value}.")
    return 0


async def set_password(arguments: argparse.Namespace) -> int:
    """Give an account another password; wherever it is signed in, it is so no more."""
    hashed = await accounts.new_hash(_password())

    account = await _changed(arguments, out=True, password_hash=hashed)
    console.print(f"{account.name} has another password, and is signed out everywhere.")
    return 0


async def set_role(arguments: argparse.Namespace) -> int:
    """Let an account act, or only read; it holds from its next page on."""
    account = await _changed(arguments, out=False, role=Role(arguments.role))
    console.print(f"{account.name} is {account.role.value}.")
    return 0


async def disable(arguments: argparse.Namespace) -> int:
    """Let an account in no more."""
    account = await _changed(arguments, out=True, disabled_at=datetime.now(UTC))
    console.print(f"{account.name} is let in no more.")
    return 0


async def enable(arguments: argparse.Namespace) -> int:
    """Let an account in again."""
    account = await _changed(arguments, out=False, disabled_at=None)
    console.print(f"{account.name} is let in again.")
    return 0


async def _changed(arguments: argparse.Namespace, *, out: bool, **changes: Any) -> Account:
    def unit(tx: Tx) -> Account:
        return accounts.change(tx, arguments.name, lambda a: replace(a, **changes), out=out)

    async with open_database(arguments) as storage:
        return await storage.transact(unit)


def _password() -> str:
    """Ask for a password, twice at a terminal; arguments are seen by everybody on the machine.

    Raises:
        Refusal: The two differ.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass("Password: ")
    if getpass("Once more: ") != password:
        raise Refusal("The two passwords differ.")
    return password
