"""Names of new plugins: which are refused, and in which words."""

from __future__ import annotations

import pytest

from ion_framework.scaffolding.errors import AnswerError
from ion_framework.scaffolding.names import Names, check_name
from ion_framework.testing import make_persona
from ion_framework.testing.builders import persona_plugin


def refusal(names, *installed):
    """Why a name is refused."""
    with pytest.raises(AnswerError) as caught:
        check_name(names, installed)
    assert "name" == caught.value.what
    return str(caught.value)


def test_names_follow_from_one():
    """Distribution, package and part of file names are made of the plugin's name."""
    assert Names("my-sage", "ion-persona-my-sage", "ion_persona_my_sage", "my_sage") == (
        Names.of_persona("my-sage")
    )
    assert Names("router-x", "ion-router-x", "ion_router_x", "router_x") == (
        Names.of_plugin("router-x")
    )


@pytest.mark.parametrize("name", ["sage", "a", "my-sage-2", "class", "x" * 64])
def test_good_names_pass(name):
    """Small letters, digits and single dashes make a name, words of Python among them."""
    check_name(Names.of_persona(name), ())


@pytest.mark.parametrize(
    "name",
    ["", "Sage", "세이지", "1st", "a_b", "a--b", "-a", "a-", "a.b", "../up", "a b", "x" * 65],
)
def test_bad_names_are_told_what_is_valid(name):
    """Any other name is refused with the rule of manifests."""
    message = refusal(Names.of_persona(name))

    assert repr(name) in message
    assert "lower-case letters, digits and single dashes, a letter first" in message


@pytest.mark.parametrize(
    ("names", "owner"),
    [
        (Names.of_persona("lua"), "ion-persona-lua"),
        (Names.of_plugin("lua"), "ion-persona-lua"),
        (Names.of_persona("resonance"), "ion-resonance"),
        (Names.of_plugin("aiohttp"), "ion-host-aiohttp"),
        (Names.of_plugin("framework"), "ion-framework"),
        (Names.of_plugin("persona-lua"), "ion-persona-lua"),
    ],
    ids=str,
)
def test_names_of_ions_own_are_taken(names, owner):
    """A name of ION's own is refused whether or not that is installed."""
    assert owner in refusal(names)


def test_names_of_what_is_installed_are_taken():
    """A name that an installed plugin has is refused, and the distribution is named."""
    other = persona_plugin(make_persona("mira"))

    assert f"taken by {other.distribution}" in refusal(Names.of_persona("mira"), other)
    check_name(Names.of_persona("miro"), (other,))


@pytest.mark.parametrize("name", ["auto", "ion", "ion-auto"])
def test_words_for_nobody_in_particular_are_no_names(name):
    """What callers write to have the router decide is no name of a persona."""
    assert "kept for ION" in refusal(Names.of_persona(name))
