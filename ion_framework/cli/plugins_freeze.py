"""``ion plugins freeze``: exactly which plugins are installed, for a file."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

import click

from ion_framework.cli.options import json_option
from ion_framework.cli.output import Output, note
from ion_framework.cli.texts import locale_language
from ion_framework.cli.translating import translated
from ion_framework.domain.language import Language
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.trust_freeze import freeze as take_down
from ion_framework.plugin_host.trust_freeze import requirement_lines
from ion_framework.plugin_host.trust_pins import pins_text

_TEXTS = {
    Language.ENGLISH: (
        "warning",
        "changed",
        "Nothing was written: reinstall these distributions, or see to what changed them.",
    ),
    Language.KOREAN: (
        "경고",
        "변경됨",
        "아무것도 쓰지 않았습니다. 배포 패키지를 다시 설치하거나, 무엇이 바꾸었는지 확인하세요.",
    ),
}


@click.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file.  [default: standard output]",
)
@click.option("--requirements", is_flag=True, help="Write lines for pip instead.")
@json_option
@click.pass_context
def freeze(context: click.Context, out: Path | None, requirements: bool, as_json: bool) -> None:
    """Write down exactly which plugins are installed, with a digest of their files.

    Every distribution that brings a plugin, and the core: version, digest of what RECORD lists
    (after every file was compared with it), digest of the manifest. Nothing is imported. Where a
    file is not as it was installed, nothing is written and the exit code is 1.

    ``ion plugins verify FILE`` compares later; with plugins.trust = "pinned" and plugins.pins =
    FILE nothing else runs. --requirements writes name==version, with hashes where the installer
    has noted them.
    """
    frozen = take_down(installed())
    language = locale_language(os.environ)
    warned, changed, nothing = _TEXTS[language]
    for text in frozen.remarks:
        note(f"{warned}: {translated(text, language)}")
    if frozen.problems:
        for text in frozen.problems:
            note(f"{changed}: {translated(text, language)}")
        note(nothing)
        context.exit(1)
    if as_json:
        Output().json(frozen.pins)
        return
    lines = "".join(f"{line}\n" for line in requirement_lines(frozen.pins))
    text = lines if requirements else pins_text(frozen.pins)
    if out is None:
        Output().piece(text)
    else:
        _write(out, text)


def _write(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    try:
        with NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as part:
            part.write(text)
        # Read by whoever runs the host, which is often not the user who froze.
        Path(part.name).chmod(0o644)
        os.replace(part.name, file)  # noqa: PTH105  one step, where a rename on Windows is none
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
