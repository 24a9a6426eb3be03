"""From ``ion persona new`` to an answer, as somebody does it who has Python, pip and a clone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.environments import Environment, copy_checkout

NEEDED = "plugins/offline plugins/resonance personas/lua personas/elro personas/riri personas/nana"
BUILD = "python -m pip wheel -q --no-deps --wheel-dir dist . " + " ".join(
    f"./{folder}" for folder in NEEDED.split()
)
CONFUSED = "I am confused. How does recursion know when to stop?"
TRY = """
ion persona new sage --yes --into sage
ion persona new mira --code --yes --tones 'calm urgent' --into mira
ion plugin new echo --provides guard --yes --into echo
for folder in sage mira echo; do
    python -m pip install -q --find-links ion/dist -e "./$folder[test]"
    (cd $folder; python -m pytest -q; python -m pip wheel -q --no-deps --wheel-dir ../built .)
done
(cd sage; ion persona check . --json > ../report.json)
"""


# The tutorial goes the same way in every run.
@pytest.mark.slow
@pytest.mark.environment
def test_a_new_persona_from_its_template_to_an_answer(tmp_path: Path) -> None:
    """Untouched, it passes its tests, is gold, and its wheel answers in a fresh environment."""
    author = Environment.create(tmp_path / "author")
    copy_checkout(tmp_path / "ion")
    author.build(BUILD, tmp_path / "ion")
    author.run("python -m pip install -q 'ion/dist/'*.whl", tmp_path)
    told = author.run(TRY, tmp_path)
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))

    user = Environment.create(tmp_path / "user")
    user.run("python -m pip install -q --find-links ion/dist ion/dist/*.whl built/*.whl", tmp_path)
    listed = user.run("ion personas", tmp_path)
    plugins = json.loads(user.run("ion plugins --load --json", tmp_path))
    answer = json.loads(user.run(f'ion chat --json "{CONFUSED}"', tmp_path))
    asked = user.run('ion chat --persona sage "무엇부터 시작할까요?"', tmp_path)

    assert told.count(" passed") == 3
    assert "gold" == report["grade"]
    assert {"sage", "mira", "lua"} <= {line.split()[0] for line in listed.splitlines() if line}
    states = {plugin["name"]: plugin["status"] for plugin in plugins}
    assert ["active"] * 3 == [states[name] for name in ("sage", "mira", "echo")]
    assert "Sage" == answer["persona_used"]
    assert asked.strip()
