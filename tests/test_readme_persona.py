"""A persona in five minutes: the README's section, followed to the letter."""

from pathlib import Path

import pytest

from tests.support.environments import Environment, copy_checkout, free_port, run_curl
from tests.support.repository import Block, blocks

SECTION = "A persona in five minutes"
FOLDER = "ion-persona-sage"


def steps() -> tuple[list[Block], list[str], str, str]:
    """The section's files, its shell lines, the line that serves, and the one that asks."""
    section = [block for block in blocks("README.md") if block.section == SECTION]
    written = [block for block in section if block.title]
    lines = [block.text.strip() for block in section if block.language == "sh"]
    return written, lines[:-2], lines[-2], lines[-1]


def write(files: list[Block], folder: Path) -> None:
    """Write the section's files where their titles say."""
    for file in files:
        path = folder / file.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, "utf-8")


def test_the_section_is_complete():
    """The section shows a whole package: pyproject, package and manifest, in this order."""
    written, lines, serve, ask = steps()

    assert [
        f"{FOLDER}/pyproject.toml",
        f"{FOLDER}/src/ion_persona_sage/__init__.py",
        f"{FOLDER}/src/ion_persona_sage/ion-plugin.toml",
    ] == [file.title for file in written]
    assert len(lines) == 3
    assert serve == "ion serve"
    assert ask.startswith("curl ")


@pytest.mark.environment
def test_a_persona_in_five_minutes(tmp_path: Path):
    """The README's persona, outside the repository, is listed, chosen and served from wheels."""
    environment = Environment.create(tmp_path)
    checkout = copy_checkout(tmp_path / "ion")
    written, (build, install, try_out), serve, ask = steps()
    write(written, tmp_path)
    persona = tmp_path / FOLDER

    environment.build(build, checkout)
    listed = environment.run(install, persona)
    answers = environment.run(f". .venv/bin/activate\n{try_out}", persona)
    port = free_port()
    with environment.started(f". .venv/bin/activate; {serve}", persona, port) as server:
        server.wait_for("curl ")
        served = run_curl(ask.replace(":8080/", f":{port}/"))

    rows = {line.split()[0]: line for line in listed.splitlines()[1:]}
    assert {"sage", "lua", "elro", "riri", "nana"} <= set(rows)
    assert "sage" in answers
    assert "Sage" == served["persona_used"]
    assert "confused-medium-learning" == served["resonance_key"]
    assert served["content"].strip()
