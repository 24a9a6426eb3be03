"""What a manifest may say of how a persona works with others."""

from __future__ import annotations

import pytest

from ion_framework.domain.persona import Collaboration
from ion_framework.errors import ManifestError
from ion_framework.manifest.persona import check_provided
from ion_framework.manifest.reading import read_manifest
from ion_framework.testing import make_persona

HEAD = (
    'name = "sage"\nsummary = "Wise."\nprovides = ["persona"]\nion_api = 1\n'
    '[persona]\ndescription = "A sage."\nprompts.system = "You are {{persona_name}}."\n'
)


def read(folder, table):
    """The persona of a manifest with this table."""
    (folder / "ion-plugin.toml").write_text(HEAD + table, "utf-8")
    return read_manifest(folder, "1.0").persona


def test_role_and_after_are_read(tmp_path):
    """A role and the personas and roles that it builds on stand in the manifest."""
    table = '[persona.ensemble]\nrole = "wisdom"\nafter = ["elro", "role:evidence"]\n'

    found = read(tmp_path, table)

    assert found.ensemble == Collaboration("wisdom", ("elro", "role:evidence"))
    assert found.ensemble.builds_on(make_persona("elro"))
    assert found.ensemble.builds_on(make_persona("x", ensemble=Collaboration("evidence")))
    assert not found.ensemble.builds_on(make_persona("y"))


def test_a_persona_need_not_say_anything(tmp_path):
    """A manifest written before there were ensembles stays valid."""
    assert read(tmp_path, "").ensemble == Collaboration()


WRONG = {
    "unknown key": ("[persona.ensemble]\nbefore = []\n", "unknown key before"),
    "role": ('[persona.ensemble]\nrole = "Big Role"\n', "persona.ensemble.role: 'Big Role'"),
    "name": ('[persona.ensemble]\nafter = ["Elro"]\n', "persona.ensemble.after.0: 'Elro'"),
    "itself": ('[persona.ensemble]\nafter = ["sage"]\n', "is the persona itself"),
    "own role": (
        '[persona.ensemble]\nrole = "a"\nafter = ["role:a"]\n',
        "persona.ensemble.after.0: 'role:a' is the persona itself",
    ),
    "no role": ('[persona.ensemble]\nafter = ["role:"]\n', "persona.ensemble.after.0: ''"),
}


@pytest.mark.parametrize(("table", "said"), WRONG.values(), ids=WRONG)
def test_mistakes_are_named(tmp_path, table, said):
    """What is wrong is named with its key."""
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, table)

    assert said in str(caught.value)


def test_personas_made_in_code_are_checked_alike():
    """A persona that a plugin makes itself keeps what it says, and is refused as a manifest is."""
    good = make_persona("sage", ensemble=Collaboration("wisdom", ("elro",)))

    assert check_provided(good, "1").ensemble == good.ensemble
    with pytest.raises(ManifestError, match="is the persona itself"):
        check_provided(make_persona("sage", ensemble=Collaboration(after=("sage",))), "1")
