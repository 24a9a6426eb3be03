"""``ion keys``: create, list and revoke the keys of a host."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from ion_framework.cli.options import common, json_option, language_option, settings_of
from ion_framework.cli.output import Output, note
from ion_framework.cli.texts import locale_language

if TYPE_CHECKING:
    from ion_framework.domain.language import Language
    from ion_framework.settings.model import Settings

MOST_A_DAY = 10**12


@click.group(invoke_without_command=True)
@language_option
@json_option
@common
@click.pass_context
def keys(context: click.Context, *, language: Language | None, as_json: bool) -> None:
    """List, create and revoke the API keys of a host; without a command, list them.

    They are kept in the file that auth.keys_file (ION_KEYS_FILE) names, by default keys.sqlite3 in
    the data folder. A running host needs no restart: it knows of a change within two seconds.
    """
    if context.invoked_subcommand is None:
        _list(settings_of(context), language, as_json=as_json)


@keys.command()
@click.option("--name", default="", help="What the key is for; people see it in the list.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=("chat", "read"),
    show_default="chat and read",
    help="What it may do: chat, read, admin, or what a plugin asks for; repeatable.",
)
@click.option("--tier", default="", help="A tier of rate.tiers.  [default: the common rate limit]")
@click.option("--tenant", help="Whose data its caller works on.  [default: the common ones]")
@click.option(
    "--requests-per-day", type=click.IntRange(1, MOST_A_DAY), help="Requests of a UTC day."
)
@click.option(
    "--tokens-per-day",
    type=click.IntRange(1, MOST_A_DAY),
    help="Tokens of the language model of a UTC day.",
)
@click.option(
    "--expires", metavar="WHEN", help="A day or time (UTC), as 2027-01-31, or a span, as 90d."
)
@language_option
@json_option
@common
@click.pass_context
def create(  # noqa: PLR0913  click gives one argument per option
    context: click.Context,
    *,
    name: str,
    scopes: tuple[str, ...],
    tier: str,
    tenant: str | None,
    requests_per_day: int | None,
    tokens_per_day: int | None,
    expires: str | None,
    language: Language | None,
    as_json: bool,
) -> None:
    """Create a key and print it, once; nobody can show it again.

    Standard output has the key alone. With the first key of a file, a host asks everybody for one.
    """
    from ion_host_aiohttp.access import keys_work, keys_writing

    spoken = language or locale_language(os.environ)
    settings = settings_of(context)
    terms = keys_work.terms_of(
        settings,
        spoken,
        name=name,
        scopes=scopes,
        tier=tier,
        tenant=tenant,
        requests_per_day=requests_per_day,
        tokens_per_day=tokens_per_day,
        expires=expires,
    )
    created = keys_work.create(settings, terms)
    output = Output()
    if as_json:
        output.json(keys_writing.document_of_new(created))
    else:
        output.line(created.key)
    for remark in keys_writing.remarks_of_new(created, settings, spoken):
        note(remark)


@keys.command("list")
@language_option
@json_option
@common
@click.pass_context
def list_(context: click.Context, *, language: Language | None, as_json: bool) -> None:
    """List the keys with what was done with them; never what would let anybody in."""
    _list(settings_of(context), language, as_json=as_json)


@keys.command()
@click.argument("key_id", metavar="ID")
@language_option
@json_option
@common
@click.pass_context
def revoke(
    context: click.Context, *, key_id: str, language: Language | None, as_json: bool
) -> None:
    """Have a key let nobody in any more. It cannot be taken back.

    ID is the middle part of the key, as ion keys list shows it. Other keys stay as they are, and a
    host goes on asking for one, even where this was the last.
    """
    from ion_host_aiohttp.access import keys_work, keys_writing

    spoken = language or locale_language(os.environ)
    was_in_force = keys_work.revoke(settings_of(context), key_id, spoken)
    output = Output()
    if as_json:
        output.json({"id": key_id, "was_in_force": was_in_force})
    else:
        output.line(keys_writing.revoked(key_id, spoken, was_in_force=was_in_force))


def _list(settings: Settings, language: Language | None, *, as_json: bool) -> None:
    from ion_host_aiohttp.access import keys_work, keys_writing

    spoken = language or locale_language(os.environ)
    found = keys_work.listed(settings)
    output = Output()
    if as_json:
        output.json([keys_writing.document_of(item) for item in found])
    elif found:
        output.table(keys_writing.table_of(found, spoken))
    else:
        output.line(keys_writing.none_yet(spoken))
