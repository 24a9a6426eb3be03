"""The JSON Schema of manifests agrees with what reads them."""

import copy
import json
import tomllib

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator

from ion_framework.cards.exporting import export
from ion_framework.cli.plugins_schema import schema
from ion_framework.manifest.reading import read_manifest
from ion_framework.manifest.schema import manifest_schema
from tests.support.cards import EVERY_FIELD, imported, packed
from tests.support.repository import Distribution, plugins

SCHEMA = manifest_schema()
EVERY_PLUGIN = pytest.mark.parametrize("plugin", plugins(), ids=lambda plugin: plugin.name)


def problems(manifest: object) -> list[str]:
    """What the schema finds, each with its place."""
    found = Draft7Validator(SCHEMA).iter_errors(manifest)
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in found]


def lua(**changes: object) -> dict:
    """The manifest of a persona with other values, by key path."""
    manifest = copy.deepcopy(next(p.manifest for p in plugins() if p.name == "ion-persona-lua"))
    for path, value in changes.items():
        *above, last = path.split("__")
        table = manifest
        for key in above:
            table = table[key]
        table[last] = value
    return manifest


def test_it_is_a_schema():
    """The schema is valid in the dialect that it names."""
    Draft7Validator.check_schema(SCHEMA)


@EVERY_PLUGIN
def test_it_accepts_ours(plugin: Distribution):
    """Every manifest of this repository is valid by the schema."""
    assert problems(plugin.manifest) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"nmae": "lua"},
        {"persona__rnak": 3},
        {"persona__affinities__tone__frustrated": 1.5},
        {"persona__affinities__tone__grumpy": 0.5},
        {"persona__cache__ttl_s": 0},
        {"persona__cache__scope": "everybody"},
        {"persona__parameters__temperature": 2.5},
        {"persona__description": {"xx": "?"}},
        {"persona__prompts__system": {"en": {"file": 3}}},
        {"provides": ["person"]},
        {"ion_api": 2},
        {"name": "Lua"},
        {"commands": {"x": {"summary": "without run"}}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_it_refuses_what_reading_refuses(changes):
    """A key that is unknown, missing or out of its range is found by the schema too."""
    assert problems(lua()) == []
    assert problems(lua(**changes))


def card(length):
    """A card with an example and a lorebook, whose texts have so many characters."""
    document = copy.deepcopy(EVERY_FIELD)
    words = "wave " * (length // 5)
    document["data"]["mes_example"] = f"<START>\n{{{{user}}}}: {words}?\n{{{{char}}}}: {words}."
    document["data"]["first_mes"] = document["data"]["tags"][0] = f"{words}."
    return document


@pytest.mark.parametrize("length", [20, 2000])
def test_it_accepts_what_an_import_writes(tmp_path, length):
    """A package of a card with examples, greetings and a lorebook has a valid manifest."""
    folder, _ = imported(packed(card(length)), tmp_path / "pack")
    manifest = tomllib.loads((folder / "ion-plugin.toml").read_text())

    assert problems(manifest) == []
    assert (length > 400) == isinstance(manifest["persona"]["examples"][0]["reply"], dict)


def test_it_accepts_ours_exported_and_imported(tmp_path):
    """Lua as a card and a package again has a valid manifest, her affinities in it."""
    package = next(p for p in plugins() if p.name == "ion-persona-lua")
    folder = package.source / package.package
    lua_now = read_manifest(folder, "1").persona
    again, persona = imported(export(lua_now, folder, 3).text(), tmp_path / "pack")
    manifest = tomllib.loads((again / "ion-plugin.toml").read_text())

    assert problems(manifest) == []
    assert lua_now.affinities == persona.affinities


def test_a_required_key():
    """A manifest without a name is refused."""
    manifest = lua()
    del manifest["name"]
    assert problems(manifest) == [": 'name' is a required property"]


def test_every_key_has_a_meaning():
    """Every key of every table says what it means."""
    tables = {"": SCHEMA, **SCHEMA["definitions"]}

    assert not [
        f"{table}.{key}"
        for table, definition in tables.items()
        for key, item in definition["properties"].items()
        if not item.get("description")
    ]


def test_the_command_prints_it():
    """``ion plugins schema`` prints the schema."""
    assert json.loads(CliRunner().invoke(schema).stdout) == SCHEMA
