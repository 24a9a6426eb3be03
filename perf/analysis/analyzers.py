"""The seam to analysers: whatever makes a `Resonance` of a text can be evaluated."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Protocol

import attrs

from ion_framework.cli.failures import sentence
from ion_framework.cli.opening import logging_to_stderr
from ion_framework.domain.resonance import Resonance
from ion_framework.errors import IonError
from ion_framework.ion import Ion
from ion_framework.manifest.model import Kind
from ion_framework.settings.loading import load_settings
from ion_framework.settings.model import SelectionLayer, Settings
from perf.analysis.rows import InputError

DEFAULT = "resonance"
"""The analyser that is called directly, without an `Ion` around it."""


class Analyzer(Protocol):
    """Reads one message. Any ``Callable[[str], Resonance]`` is one."""

    def __call__(self, text: str, /) -> Resonance:
        """The reading of a message."""


def no_training_sources() -> frozenset[str]:
    """The sources of an analyser that learned from no labelled file, or does not say."""
    return frozenset()


@attrs.frozen
class Evaluated:
    """An analyser with what its evaluation has to know of it.

    Attributes:
        name: name for the report.
        read: the analyser.
        training_sources: names of the sources that it learned from. Rows of these sources count
            as seen: their scores say less of messages from elsewhere.
    """

    name: str
    read: Analyzer
    training_sources: Callable[[], frozenset[str]] = no_training_sources


@contextmanager
def opened(name: str, environ: Mapping[str, str] | None = None) -> Iterator[Evaluated]:
    """The analyser of a plugin, ready to read.

    Args:
        name: name of the plugin; ``resonance`` is called directly, any other through an `Ion`
            with the settings of the environment and no other analyser.
        environ: the environment; by default that of the process.

    Raises:
        InputError: there is no such analyser, or it cannot start; says why.
    """
    environ = os.environ if environ is None else environ
    if name == DEFAULT:
        yield Evaluated(name, _resonance(), resonance_training_sources)
        return
    try:
        settings = _alone(name, load_settings(environ), environ)
        with logging_to_stderr(settings), asyncio.Runner() as runner:
            ion = Ion(settings, environ=environ)
            runner.run(ion.__aenter__())
            try:
                yield Evaluated(name, lambda text: runner.run(ion.analyze(text)))
            finally:
                runner.run(ion.close())
    except IonError as error:
        raise InputError(f"analyser {name}: {sentence(error)}") from error


def resonance_training_sources() -> frozenset[str]:
    """The sources that the weights of the plugin ``resonance`` were trained on."""
    provenance = import_module("ion_resonance.model").provenance
    return frozenset(source.name for source in provenance())


def _resonance() -> Analyzer:
    try:
        # Late, and by name: perf must run where the plugin is not installed.
        analyze: Callable[..., Resonance] = import_module("ion_resonance.analyzer").analyze
    except ModuleNotFoundError as error:
        raise InputError(
            f"analyser {DEFAULT}: {error}; install the distribution ion-resonance, or name "
            "another analyser with --analyzer"
        ) from error
    return lambda text: analyze(text, source=DEFAULT)


def _alone(name: str, settings: Settings, environ: Mapping[str, str]) -> Settings:
    """The settings with every other analyser disabled: none may answer in its place."""
    analysers = sorted(
        record.name
        for record in Ion(settings, environ=environ).plugins
        if Kind.ANALYZER in record.provides
    )
    if name not in analysers:
        raise InputError(
            f"--analyzer: there is no analyser {name!r}; installed are: {', '.join(analysers)}"
        )
    others = tuple(other for other in analysers if other != name)
    layer = SelectionLayer("--analyzer", (), others)
    plugins = attrs.evolve(settings.plugins, overrides=(*settings.plugins.overrides, layer))
    return attrs.evolve(settings, plugins=plugins)
