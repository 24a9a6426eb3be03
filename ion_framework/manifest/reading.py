"""Reading an ``ion-plugin.toml`` from a package's folder. Nothing is imported, nothing executed."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path

import attrs

from ion_framework.domain.persona import Persona
from ion_framework.errors import ApiMismatchError, ManifestError
from ion_framework.manifest.files import inline_files, read_text
from ion_framework.manifest.model import API_MAJOR, MANIFEST_NAME, Kind, Manifest
from ion_framework.manifest.persona import name_problem, persona_problems, read_persona
from ion_framework.manifest.texts import read_texts
from ion_framework.settings.plugin_values import default_problem
from ion_framework.structuring import structure


def read_manifest(folder: Path, version: str) -> Manifest:
    """Read and check the manifest in a package's folder.

    Args:
        folder: the folder that holds ``ion-plugin.toml`` and the package's ``__init__.py``.
        version: version of the distribution; a persona that states none takes it.

    Raises:
        ApiMismatchError: it was written for another major of the plugin API; nothing else in it is
            looked at, because another major may well have other keys.
        ManifestError: the file is missing, or anything in it is wrong; every problem is named.
    """
    file = folder / MANIFEST_NAME
    try:
        return _manifest(_load(file), folder, version)
    except RecursionError:
        raise ManifestError(f"{file}: is nested too deeply") from None


def _manifest(table: dict[str, object], folder: Path, version: str) -> Manifest:
    file = str(folder / MANIFEST_NAME)
    _check_api(table.get("ion_api"), folder / MANIFEST_NAME)
    persona_table = table.pop("persona", None)
    persona, wrong = _persona(persona_table, folder, str(table.get("name", "")), version)
    try:
        manifest = structure(table, Manifest, "", file)
    except ManifestError as error:
        raise ManifestError(*error.problems, *_name(table.get("name"), file), *wrong) from None
    problems = [*_check(manifest, file), *wrong]
    problems += _check_kinds(manifest, persona_table is not None, file)
    if manifest.texts and Kind.HOST not in manifest.provides:
        sentences, missing = read_texts(folder, manifest.texts, manifest.name)
        manifest, problems = attrs.evolve(manifest, sentences=sentences), [*problems, *missing]
    if problems:
        raise ManifestError(*problems)
    return attrs.evolve(manifest, persona=persona) if persona else manifest


def _persona(
    table: object, folder: Path, name: str, version: str
) -> tuple[Persona | None, tuple[str, ...]]:
    """The persona of a ``[persona]`` table where there is one, and what is wrong with it."""
    if table is None:
        return None, ()
    file = str(folder / MANIFEST_NAME)
    unread = inline_files(table, folder, "persona")
    try:
        persona = read_persona(table, name, version, file)
    except ManifestError as error:
        # A text that could not be read is missing: what follows from that is not told.
        keys = tuple(problem.partition(".file: ")[0] for problem in unread)
        told = (each for each in error.problems if not (keys and each.startswith(keys)))
        return None, (*unread, *told)
    told = (f"{file}: {problem}" for problem in (() if unread else persona_problems(persona)))
    return persona, (*unread, *told)


def _load(file: Path) -> dict[str, object]:
    try:
        text = read_text(file)
    except FileNotFoundError:
        raise ManifestError(
            f"{file}: there is no manifest; put an {MANIFEST_NAME} beside __init__.py"
        ) from None
    except (OSError, ValueError) as error:
        told = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise ManifestError(f"{file}: cannot be read: {told}") from None
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"{file}: is not valid TOML: {error}") from None


def _check_api(wanted: object, file: Path) -> None:
    if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted != API_MAJOR:
        newer = wanted > API_MAJOR
        raise ApiMismatchError(
            f"{file}: ion_api: it needs plugin API {wanted}, this core offers {API_MAJOR}; "
            + ("upgrade ion-framework" if newer else "ask its author for a newer release")
        )


def _check(manifest: Manifest, file: str) -> list[str]:
    problems = _name(manifest.name, file)
    if not manifest.provides:
        problems.append(f"{file}: provides: name at least one of {', '.join(Kind)}")
    for group in manifest.needs:
        problems += [
            f"{file}: needs: {key!r} is not in [settings]; known are: "
            f"{', '.join(manifest.settings) or 'none'}"
            for key in group
            if key not in manifest.settings
        ]
    for key, spec in manifest.settings.items():
        wrong = default_problem(spec)
        if wrong:
            problems.append(f"{file}: settings.{key}.default: {wrong}")
    problems += [
        f"{file}: commands.{name}.run: {command.run!r} is not 'package.module:command'"
        for name, command in manifest.commands.items()
        if not re.fullmatch(r"\w+(\.\w+)*:\w+", command.run)
    ]
    return problems


def _name(name: object, file: str) -> list[str]:
    """What is wrong with a manifest's name; one that is missing is told as a missing key."""
    wrong = name_problem(name) if isinstance(name, str) else ""
    return [f"{file}: name: {wrong}"] if wrong else []


def _check_kinds(manifest: Manifest, has_table: bool, file: str) -> list[str]:
    is_persona = Kind.PERSONA in manifest.provides
    if has_table != is_persona:
        missing = "there is no [persona] table" if is_persona else "provides lacks 'persona'"
        return [f"{file}: provides and the [persona] table go together, but {missing}"]
    if is_persona and len(manifest.provides) > 1:
        return [
            f"{file}: provides: a persona provides nothing else, because its hooks run in its own "
            "turns only; put the rest in a distribution of its own"
        ]
    if is_persona and manifest.texts:
        return [
            f"{file}: texts: a persona brings none, because it speaks in its own turns only; put "
            "them in a distribution of their own"
        ]
    return []
