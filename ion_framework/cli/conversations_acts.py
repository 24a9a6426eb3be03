"""What each command of ``ion conversations`` does."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import click

from ion_framework.cli.conversations_store import opened_store
from ion_framework.cli.conversations_texts import say
from ion_framework.cli.conversations_work import by_latest, find, listed, owners_of, table_of, told
from ion_framework.cli.output import Output, note
from ion_framework.conversations.exporting import Selection, conversation_line, exported
from ion_framework.conversations.store import ConversationStore
from ion_framework.domain.language import Language
from ion_framework.settings.model import Settings


@attrs.frozen
class Order:
    """What the options of a command say.

    Attributes:
        settings: gives the settings, or raises what is wrong with them.
        selection: which conversations are meant.
        language: of what is said to people.
        as_json: whether to write JSON.
        output: standard output.
    """

    settings: Callable[[], Settings]
    selection: Selection
    language: Language
    as_json: bool = attrs.field(kw_only=True)
    output: Output = attrs.field(factory=Output)

    @asynccontextmanager
    async def store(self) -> AsyncIterator[ConversationStore]:
        """The store, while nobody else may write to standard output."""
        settings = self.settings()
        with self.output.reserved():
            async with opened_store(settings) as store:
                yield store

    def tell(self, document: dict[str, object], name: str, **gaps: object) -> None:
        """Write what was done, as JSON or as a sentence."""
        if self.as_json:
            self.output.json(document)
        else:
            self.output.line(say(name, self.language, **gaps))

    def agreed(self, yes: bool, name: str, **gaps: object) -> bool:
        """Whether the person at the terminal agrees; nobody is asked who has said yes.

        Raises:
            click.UsageError: there is no terminal to ask at.
        """
        if yes:
            return True
        if not sys.stdin.isatty():
            raise click.UsageError(say("ask_how", self.language))
        if click.confirm(say(name, self.language, **gaps), err=True):
            return True
        note(say("left", self.language))
        return False


async def show_list(order: Order) -> None:
    """List the conversations that are meant."""
    async with order.store() as store:
        found, now = await by_latest(store, order.selection), time.time()
    if order.as_json:
        order.output.json([listed(conversation, now) for conversation in found])
    elif found:
        order.output.table(table_of(found, now))
    else:
        order.output.line(say("none", order.language))


async def show_one(order: Order, name: str) -> int:
    """Show a conversation; returns the exit code."""
    async with order.store() as store:
        found = await find(store, name, order.selection)
    if found is None:
        note(say("missing", order.language, id=name))
        return 1
    if order.as_json:
        order.output.json(conversation_line(*found))
    else:
        for line in told(*found, time.time()):
            order.output.line(line)
    return 0


async def export_all(order: Order) -> None:
    """Write everything that is meant, one object a line."""
    async with order.store() as store:
        async for line in exported(store, order.selection):
            order.output.json_line(line)


async def delete_named(order: Order, names: Sequence[str], *, yes: bool) -> int:
    """Delete conversations by name; returns the exit code."""
    async with order.store() as store:
        found = {name: await find(store, name, order.selection) for name in dict.fromkeys(names)}
        meant = [held[0] for held in found.values() if held is not None]
        missing = [name for name, held in found.items() if held is None]
        for name in missing:
            note(say("missing", order.language, id=name))
        if meant and not order.agreed(yes, "ask_delete", count=len(meant)):
            return 1
        gone = [item.id for item in meant if await store.delete(item.owner, item.id)]
    order.tell({"deleted": len(gone), "missing": missing}, "deleted", count=len(gone))
    return 1 if missing else 0


async def delete_user(order: Order, *, yes: bool) -> int:
    """Delete what is kept of a user; returns the exit code."""
    user = order.selection.user_id or ""
    async with order.store() as store:
        meant = await by_latest(store, order.selection)
        owners = await owners_of(store, order.selection)
        if not order.agreed(yes, "ask_delete_user", count=len(meant), user=user):
            return 1
        gone = sum([await store.delete_user(owner, user) for owner in owners])
    order.tell({"deleted": gone, "missing": []}, "deleted", count=gone)
    return 0


async def back_up(order: Order, file: Path) -> None:
    """Write a backup.

    Raises:
        click.ClickException: it cannot be written.
    """
    async with order.store() as store:
        try:
            await store.backup(file)
            size = file.stat().st_size  # noqa: ASYNC240  nothing else runs in this command
        except (OSError, ValueError) as error:
            raise click.ClickException(f"the backup cannot be written: {error}") from error
    order.tell({"file": file, "bytes": size}, "backed_up", file=file, bytes=size)


async def restore(order: Order, file: Path, *, yes: bool) -> int:
    """Restore a backup; returns the exit code.

    Raises:
        click.ClickException: it is none, or a damaged one.
    """
    async with order.store() as store:
        if not order.agreed(yes, "ask_restore", file=file):
            return 1
        try:
            count = await store.restore(file)
        except (OSError, ValueError) as error:
            raise click.ClickException(f"nothing was restored: {error}") from error
    order.tell({"restored": count}, "restored", count=count)
    return 0
