"""Reading an ``ion-plugin.toml`` from a package's folder. Nothing is imported, nothing executed."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path

import attrs

from ion_framework.domain.key import Tone
from ion_framework.domain.persona import (
    Affinities,
    Persona,
    PersonaPrompts,
    Voice,
)
from ion_framework.domain.template import GUIDANCE_NAMES, SYSTEM_NAMES, unknown_names
from ion_framework.errors import ApiMismatchError, ManifestError
from ion_framework.manifest.model import (
    API_MAJOR,
    MANIFEST_NAME,
    Kind,
    Manifest,
    PersonaTable,
)
from ion_framework.settings.plugin_values import default_problem
from ion_framework.structuring import structure

MAX_FILE_BYTES = 256 * 1024
"""Size up to which a manifest, or a text file that it names, is read."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MAX_NAME = 64


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
    file = folder / MANIFEST_NAME
    _check_api(table.get("ion_api"), file)
    persona_table = table.pop("persona", None)
    manifest = structure(table, Manifest, "", str(file))
    problems = list(_check(manifest, str(file)))
    if persona_table is not None:
        _inline_files(persona_table, folder, "persona", problems)
        if not problems:
            persona = _persona(persona_table, manifest.name, version, str(file))
            manifest = attrs.evolve(manifest, persona=persona)
    problems += _check_persona(manifest, persona_table is not None, str(file))
    if problems:
        raise ManifestError(*problems)
    return manifest


def _load(file: Path) -> dict[str, object]:
    try:
        text = _read_text(file)
    except FileNotFoundError:
        raise ManifestError(
            f"{file}: there is no manifest; put an {MANIFEST_NAME} beside __init__.py"
        ) from None
    except (OSError, ValueError) as error:
        raise ManifestError(f"{file}: cannot be read: {error}") from None
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


def _read_text(file: Path) -> str:
    with file.open("rb") as stream:
        data = stream.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ValueError(f"larger than {MAX_FILE_BYTES} bytes")
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from None


def _check(manifest: Manifest, file: str) -> list[str]:
    problems = []
    if not _NAME.fullmatch(manifest.name) or len(manifest.name) > _MAX_NAME:
        problems.append(
            f"{file}: name: {manifest.name!r} is not valid; use up to {_MAX_NAME} lower-case "
            "letters, digits and single dashes, a letter first"
        )
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


def _check_persona(manifest: Manifest, has_table: bool, file: str) -> list[str]:
    is_persona = Kind.PERSONA in manifest.provides
    if has_table != is_persona:
        missing = "there is no [persona] table" if is_persona else "provides lacks 'persona'"
        return [f"{file}: provides and the [persona] table go together, but {missing}"]
    if is_persona and len(manifest.provides) > 1:
        return [
            f"{file}: provides: a persona provides nothing else, because its hooks run in its own "
            "turns only; put the rest in a distribution of its own"
        ]
    if manifest.persona is None:
        return []
    prompts = manifest.persona.prompts
    problems = []
    for key, texts, names in (
        ("system", prompts.system, SYSTEM_NAMES),
        ("guidance", prompts.guidance, GUIDANCE_NAMES),
    ):
        for language, text in texts.items():
            where = f"{file}: persona.prompts.{key}.{language.value}"
            problems += [
                f"{where}: unknown placeholder {{{{{name}}}}}; valid are: {', '.join(names)}"
                for name in unknown_names(text, names)
            ]
            if not text.strip():
                problems.append(f"{where}: is empty")
    if not prompts.system:
        problems.append(f"{file}: persona.prompts.system: give a text in at least one language")
    problems += [
        f"{file}: persona.voice.opening.{key}: is no tone; valid are: {', '.join(_OPENINGS)}"
        for key in manifest.persona.voice.opening
        if key not in _OPENINGS
    ]
    return problems


_OPENINGS = (*Tone, "any")


def _inline_files(value: object, folder: Path, path: str, problems: list[str]) -> None:
    """Put the text of a file in the place of every ``{ file = "…" }``, in place."""
    entries = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value if isinstance(value, list) else ())
    )
    for key, item in list(entries):
        where = f"{path}.{key}"
        if isinstance(item, dict) and set(item) == {"file"}:
            try:
                value[key] = _package_text(folder, item["file"])  # type: ignore[index]  # entries came from a dict or a list
            except (OSError, ValueError) as error:
                problems.append(f"{folder / MANIFEST_NAME}: {where}.file: {error}")
        else:
            _inline_files(item, folder, where, problems)


def _package_text(folder: Path, name: object) -> str:
    if not isinstance(name, str):
        raise ValueError(f"must be a path inside the package, is {name!r}")  # noqa: TRY004  one kind of error for all that is wrong with a path
    root = folder.resolve()
    file = root / name
    if root not in file.resolve().parents:
        raise ValueError(f"{name!r} lies outside the package")
    step = root
    for part in file.relative_to(root).parts:
        step /= part
        if step.is_symlink():
            raise ValueError(f"{name!r} goes through a link; put the text itself there")
    return _read_text(file)


def _persona(table: object, name: str, version: str, file: str) -> Persona:
    if not isinstance(table, dict):
        raise ManifestError(f"{file}: persona: must be a table")
    raw = structure(table, PersonaTable, "persona", file)
    shown = raw.display_name or {language: name.capitalize() for language in raw.prompts.system}
    return Persona(
        name=name,
        version=raw.version or version,
        display_name=shown,
        description=raw.description,
        traits=raw.traits,
        strengths=raw.strengths,
        affinities=Affinities(raw.affinities.tone, raw.affinities.pace, raw.affinities.intent),
        prompts=PersonaPrompts(raw.prompts.system, raw.prompts.guidance),
        rank=raw.rank,
        keywords=raw.keywords,
        prompt_style=raw.prompt_style,
        preferred_tones=raw.preferred_tones,
        examples=raw.examples,
        voice=Voice(raw.voice.opening, raw.voice.closing),
        cache=raw.cache,
        parameters=raw.parameters,
    )
