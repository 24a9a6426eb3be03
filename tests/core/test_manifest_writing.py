"""What is written as a manifest reads back as the same values."""

from __future__ import annotations

import tomllib
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.domain.key import Tone
from ion_framework.domain.language import Language
from ion_framework.domain.lorebook import Lorebook, LoreEntry
from ion_framework.domain.persona import Affinities, Example, PersonaPrompts
from ion_framework.manifest.persona import read_persona
from ion_framework.manifest.writing import lean_table, persona_manifest, toml_text
from ion_framework.testing import make_persona

TEXT = st.text(st.characters(exclude_categories=("Cs",)) | st.sampled_from('"\\\n\t\r'))
VALUES = st.recursive(
    TEXT
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.decimals(-999, 999, places=2, allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_every_table_reads_back(table):
    """Whatever characters and tables there are, the text says the same."""
    assert table == tomllib.loads(toml_text(table), parse_float=Decimal)


@pytest.mark.parametrize("text", ['"', '""', '"""', '\\"""', 'a\n"""', '\n"', "\r\n", "\\\n"])
def test_quotation_marks_end_no_text_early(text):
    """Runs of quotation marks, backslashes and line ends stay what they are."""
    assert {"a": text} == tomllib.loads(toml_text({"a": text}))


def test_a_value_without_a_form_is_refused():
    """What TOML cannot say is an error that names the type."""
    with pytest.raises(TypeError, match="NoneType has no form in TOML"):
        toml_text({"a": [None]})


def test_a_persona_reads_back_from_its_manifest():
    """A persona's shortest table makes the same persona, and says nothing that is the default."""
    persona = make_persona(
        tone={Tone.CALM: Decimal("0.75")},
        prompts=PersonaPrompts({Language.ENGLISH: "You are\n{{persona_name}}."}),
        examples=(Example("Hi", "", Language.ENGLISH),),
        lorebook=Lorebook((LoreEntry("", keys=("a",)), LoreEntry("x", constant=True)), 3),
    )
    text = persona_manifest("sage", "Wise.", lean_table(persona))
    table = tomllib.loads(text, parse_float=Decimal)["persona"]

    assert persona == read_persona(table, "sage", "9", "file")
    assert {"cache", "parameters", "voice", "rank", "greetings"} & set(table) == set()
    assert "affinities" not in lean_table(attrs.evolve(persona, affinities=Affinities()))
