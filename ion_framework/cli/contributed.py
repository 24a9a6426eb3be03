"""Commands that the manifests of plugins name; imported when they are called, not before."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cached_property
from importlib import import_module

import attrs
import click

from ion_framework.cli.failures import told
from ion_framework.cli.lazy import LazyCommand
from ion_framework.cli.options import peek
from ion_framework.cli.streams import raw_of
from ion_framework.errors import SettingsError
from ion_framework.manifest.model import CommandSpec
from ion_framework.plugin_host.assessment import assess
from ion_framework.plugin_host.discovery import Candidate, Source, installed
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.trust import distrust_of
from ion_framework.settings.fallback import fallback_settings
from ion_framework.settings.loading import CommandLine, load_settings
from ion_framework.settings.model import LogLevel, Settings, Trust

_META = "ion_framework.cli.contributed"

MISSING = {"serve": "no host is installed: install ion-host-aiohttp"}
"""Commands that no plugin brings yet but people look for, and what would bring them."""


@attrs.frozen
class Offer:
    """A command of one plugin."""

    record: PluginRecord
    spec: CommandSpec

    @property
    def who(self) -> str:
        """The plugin and where it comes from."""
        return f"plugin {self.record.name} ({self.record.distribution} {self.record.version})"


@attrs.frozen
class Running:
    """A command of a plugin that was called.

    Attributes:
        name: the command.
        offer: where it comes from.
        debug: whether whoever called it wants to see where it fails.
    """

    name: str
    offer: Offer
    debug: bool

    def failed(self, error: BaseException) -> click.ClickException:
        """The message for what the command raised."""
        if self.debug:
            import traceback  # only a plugin that fails needs it

            traceback.print_exception(error)
        told = ": ".join(filter(None, (type(error).__name__, str(error))))
        return click.ClickException(f"the command {self.name!r} of {self.offer.who} failed: {told}")


class Contributed:
    """The commands of the installed plugins.

    Args:
        source: where plugins come from.
    """

    def __init__(self, source: Source = installed) -> None:
        self._source = source
        self._running: Running | None = None

    def names(self) -> list[str]:
        """Every command that a readable manifest names, by name."""
        return sorted(_offers(self._records))

    def command(self, name: str) -> click.Command | None:
        """The command of this name, None where no plugin has it."""
        offers = _offers(self._records).get(name)
        if not offers:
            return None
        try:
            summary = _usable(name, offers).spec.summary
        except click.ClickException as error:
            summary = f"Unavailable: {error.message}"
        return LazyCommand(name, summary, lambda arguments: self._load(name, arguments))

    def missing(self, name: str, core: tuple[str, ...]) -> click.ClickException:
        """The error for a command that nobody has: what would bring it, or what was meant."""
        broken = [
            f"{record.name} is {record.status.value}: {record.reason}"
            for record in self._records
            if record.manifest is None and record.status is not Status.DISABLED
        ]
        unread = (
            "\ncommands of these plugins cannot be read: " + "; ".join(broken) if broken else ""
        )
        if name in MISSING:
            return click.ClickException(MISSING[name] + unread)
        import difflib  # only a mistake needs it

        near = difflib.get_close_matches(name, [*core, *self.names()], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return click.UsageError(f"there is no command {name!r}{hint}{unread}")

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Turn what a plugin's command raises into a message that names the plugin.

        What click, Ctrl-C and ``sys.exit`` raise passes, as does a standard output that cannot be
        written, which is not the plugin's doing.
        """
        try:
            yield
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            raw = raw_of(sys.stdout)
            if self._running is None or (raw is not None and raw.failure is error):
                raise
            raise self._running.failed(error) from error

    @cached_property
    def _records(self) -> tuple[PluginRecord, ...]:
        return self._judged(_settings(CommandLine()), tuple(self._source()))

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """The installed plugins, with the manifests that could be read."""
        return tuple(attrs.evolve(r.candidate, read=r.manifest) for r in self._records)

    def _judged(
        self, settings: Settings, candidates: tuple[Candidate, ...]
    ) -> tuple[PluginRecord, ...]:
        """The plugins without a look at their files: only what is imported has to be verified."""
        trusting = attrs.evolve(settings.plugins, trust=Trust.ANY)
        return assess(candidates, attrs.evolve(settings, plugins=trusting), os.environ)

    def _load(self, name: str, arguments: list[str]) -> click.Command:
        """The command itself, by the settings that its own arguments make."""
        settings = _settings(peek(arguments))
        offer = _usable(name, _offers(self._judged(settings, self.candidates)).get(name, []))
        _refuse_untrusted(offer, settings)
        command = _import(name, offer)
        self._running = Running(name, offer, settings.log.level is LogLevel.DEBUG)
        return command


def contributed(context: click.Context) -> Contributed:
    """The commands of plugins, as the process that a context belongs to knows them."""
    found: Contributed = context.meta.setdefault(_META, Contributed())
    return found


def plugin_source(context: click.Context) -> Source:
    """Where a command finds the installed plugins: as they were read to find the command."""
    return lambda: contributed(context).candidates


def _settings(line: CommandLine) -> Settings:
    """The settings as far as they can be read: the command that runs reports what is wrong."""
    try:
        return load_settings(os.environ, line)
    except SettingsError:
        return fallback_settings(os.environ, line)


def _offers(records: tuple[PluginRecord, ...]) -> dict[str, list[Offer]]:
    offers: dict[str, list[Offer]] = {}
    for record in records:
        for name, spec in record.manifest.commands.items() if record.manifest else ():
            offers.setdefault(name, []).append(Offer(record, spec))
    return offers


def _usable(name: str, offers: list[Offer]) -> Offer:
    """The one offer that can be taken.

    Raises:
        click.ClickException: there is none, or more than one; names the plugins and what to do.
    """
    ready = [offer for offer in offers if offer.record.status is Status.READY]
    if len(ready) == 1:
        return ready[0]
    if ready:
        both = " and ".join(offer.who for offer in ready)
        raise click.ClickException(
            f"the command {name!r} is brought by {both}; disable one of them, for example with "
            f"--disable {ready[-1].record.distribution}"
        )
    raise click.ClickException(
        "; ".join(f"{o.who} is {o.record.status.value}: {o.record.reason}" for o in offers)
    )


def _refuse_untrusted(offer: Offer, settings: Settings) -> None:
    """Verify the plugin whose command was called, where only pinned ones may run.

    Raises:
        click.ClickException: it is not as it was pinned, or the pins cannot be read.
    """
    with told():
        doubt = distrust_of(settings.plugins)(offer.record.candidate)
    if doubt:
        raise click.ClickException(f"{offer.who} is {Status.UNTRUSTED.value}: {doubt}")


def _import(name: str, offer: Offer) -> click.Command:
    """Import a command.

    Raises:
        click.ClickException: it cannot be imported, or is no command; names plugin and
            distribution.
    """
    module, _, attribute = offer.spec.run.partition(":")
    try:
        with redirect_stdout(sys.stderr):
            command = getattr(import_module(module), attribute)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise click.ClickException(
            f"the command {name!r} of {offer.who} cannot be imported: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(command, click.Command):
        raise click.ClickException(
            f"the command {name!r} of {offer.who} cannot be used: {offer.spec.run} is "
            f"{type(command).__name__}, not a click command"
        )
    return command
