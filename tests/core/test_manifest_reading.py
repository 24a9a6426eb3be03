"""Manifests: what they may say, and errors that name the file, the key and what is valid."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ion_framework.domain.key import Tone
from ion_framework.domain.language import Language
from ion_framework.errors import ApiMismatchError, ManifestError
from ion_framework.manifest.files import MAX_FILE_BYTES
from ion_framework.manifest.model import FileAccess, Kind, SettingSpec, SettingType
from ion_framework.manifest.reading import read_manifest

HEAD = 'name = "echo"\nsummary = "Echoes."\nprovides = ["extension"]\nion_api = 1\n'
PERSONA = (
    'name = "sage"\nsummary = "Wise."\nprovides = ["persona"]\nion_api = 1\n'
    '[persona]\ndescription = "A sage."\nprompts.system = "You are {{persona_name}}."\n'
)
SETTING = HEAD + '[settings.size]\ndescription = "Size."\n'


def read(folder, text, version="1.0"):
    """The manifest of a folder with this text."""
    (folder / "ion-plugin.toml").write_bytes(text.encode("utf-8"))
    return read_manifest(folder, version)


def problems_of(folder, text):
    """What is wrong with a manifest; the name of the file, with which each begins, left out."""
    file = folder / "ion-plugin.toml"
    with pytest.raises(ManifestError) as caught:
        read(folder, text)
    assert all(problem.startswith(f"{file}: ") for problem in caught.value.problems)
    found = [problem.removeprefix(f"{file}: ") for problem in caught.value.problems]
    assert f"{file}: " + "; ".join(found) == str(caught.value)
    return found


def replaced(old, new, text=HEAD):
    """A manifest with one part of it replaced."""
    assert text.count(old) == 1
    return text.replace(old, new)


# manifest -> how its only problem begins, what else it names
WRONG = {
    "unknown key": (HEAD + "colour = 1\n", "top level: unknown key colour; known are: after,", ()),
    "persona is a key": (HEAD + "colour = 1\n", "top level: ", ("persona", "settings")),
    "name missing": (replaced('name = "echo"\n', ""), "name: the key 'name' is required", ()),
    "summary missing": (replaced('summary = "Echoes."\n', ""), "summary: ", ("required",)),
    "provides missing": (replaced('provides = ["extension"]\n', ""), "provides: ", ("required",)),
    "ion_api missing": (replaced("ion_api = 1\n", ""), "ion_api: ", ("required",)),
    "name no string": (replaced('"echo"', "3"), "name: must be a string, is 3", ()),
    "name not valid": (
        replaced('"echo"', '"Echo_1"'),
        "name: 'Echo_1' is not valid",
        ("lower-case", "a letter first"),
    ),
    "name too long": (replaced('"echo"', f'"{"e" * 65}"'), "name: ", ("up to 64",)),
    "kind unknown": (
        replaced('"extension"', '"extnsion"'),
        "provides[0]: 'extnsion' is not valid",
        ("persona, analyzer, router",),
    ),
    "no kind": (replaced('"extension"', ""), "provides: name at least one of persona,", ()),
    "kinds no list": (replaced('["extension"]', '"cache"'), "provides: must be a list", ()),
    "ion_api text": (replaced("= 1", '= "1"'), "ion_api: must be an integer, is '1'", ()),
    "ion_api true": (replaced("= 1", "= true"), "ion_api: must be an integer", ()),
    "ion_api fraction": (replaced("= 1", "= 1.5"), "ion_api: must be an integer", ()),
    "before no list": (HEAD + 'before = "x"\n', "before: must be a list, is 'x'", ()),
    "after of numbers": (HEAD + "after = [1]\n", "after[0]: must be a string, is 1", ()),
    "fallback text": (HEAD + 'fallback = "yes"\n', "fallback: must be true or false", ("'yes'",)),
    "needs no groups": (HEAD + 'needs = ["a"]\n', "needs[0]: must be a list", ()),
    "needs unknown": (
        SETTING.replace("[s", 'needs = [["sise"]]\n[s') + 'type = "string"\n',
        "needs: 'sise' is not in [settings]",
        ("known are: size",),
    ),
    "capabilities": (HEAD + "capabilities = 3\n", "capabilities: must be a table, is 3", ()),
    "file access": (
        HEAD + 'capabilities.files = "all"\n',
        "capabilities.files: 'all' is not valid",
        ("none, read, write",),
    ),
    "capability": (HEAD + "capabilities.gpu = true\n", "capabilities: unknown key gpu", ("files",)),
    "settings": (HEAD + "settings = []\n", "settings: must be a table, is []", ()),
    "setting": (HEAD + "settings.size = 3\n", "settings.size: must be a table, is 3", ()),
    "setting type missing": (SETTING, "settings.size.type: ", ("required",)),
    "setting type": (
        SETTING + 'type = "int"\n',
        "settings.size.type: 'int' is not valid",
        ("integer",),
    ),
    "setting key": (
        SETTING + 'type = "integer"\ndefalt = 1\n',
        "settings.size: unknown key defalt",
        ("default",),
    ),
    "default of another type": (
        SETTING + 'type = "integer"\ndefault = "big"\n',
        "settings.size.default: must be an integer",
        (),
    ),
    "default out of range": (
        SETTING + 'type = "integer"\nminimum = 2\ndefault = 1\n',
        "settings.size.default: must be at least 2, is 1",
        (),
    ),
    "default no choice": (
        SETTING + 'type = "string"\nchoices = ["s", "m"]\ndefault = "x"\n',
        "settings.size.default: must be one of s, m",
        (),
    ),
    "default table": (
        SETTING + 'type = "string"\ndefault = {}\n',
        "settings.size.default: must be",
        ("list of strings",),
    ),
    "default nan": (
        SETTING + 'type = "number"\ndefault = nan\n',
        "settings.size.default: must be a finite number",
        (),
    ),
    "minimum": (
        SETTING + 'type = "integer"\nminimum = "a"\n',
        "settings.size.minimum: must be a n",
        ("'a'",),
    ),
    "command": (HEAD + "commands.go = 3\n", "commands.go: must be a table, is 3", ()),
    "command without module": (
        HEAD + 'commands.go = "go"\n',
        "commands.go.run: 'go' is not",
        ("package.module:command",),
    ),
    "command key": (
        HEAD + 'commands.go = { run = "a:b", x = 1 }\n',
        "commands.go: unknown key x",
        ("run, summary",),
    ),
    "persona no table": (
        replaced("extension", "persona") + "persona = 3\n",
        "persona: must be a table",
        (),
    ),
    "persona table missing": (
        replaced("extension", "persona"),
        "provides and the [persona] table",
        ("there is no [persona] table",),
    ),
    "persona not provided": (
        replaced('"persona"', '"extension"', PERSONA),
        "provides and the [persona] table",
        ("provides lacks 'persona'",),
    ),
    "persona and more": (
        replaced('"persona"', '"persona", "cache"', PERSONA),
        "provides: a persona provides nothing else",
        ("distribution of its own",),
    ),
    "persona key": (PERSONA + "rnak = 1\n", "persona: unknown key rnak", ("rank",)),
    "rank": (PERSONA + 'rank = "1"\n', "persona.rank: must be an integer, is '1'", ()),
    "tone": (
        PERSONA + "affinities.tone.happy = 1\n",
        "persona.affinities.tone.happy: 'happy' is n",
        ("frustrated, playful",),
    ),
    "pace": (PERSONA + "affinities.pace.glacial = 1\n", "persona.affinities.pace.glacial: ", ()),
    "above one": (
        PERSONA + "affinities.tone.calm = 1.01\n",
        "persona.affinities.tone.calm: ",
        ("between 0 and 1, is 1.01",),
    ),
    "below zero": (
        PERSONA + "affinities.intent.learning = -0.1\n",
        "persona.affinities.intent.learning: must be between 0 and 1, is -0.1",
        (),
    ),
    "no affinity": (
        PERSONA + "affinities.tone.calm = nan\n",
        "persona.affinities.tone.calm: ",
        ("between 0 and 1, is NaN",),
    ),
    "affinity text": (
        PERSONA + 'affinities.tone.calm = "high"\n',
        "persona.affinities.tone.calm: ",
        ("must be a number, is 'high'",),
    ),
    "affinities": (PERSONA + "affinities = []\n", "persona.affinities: must be a table, is []", ()),
    "tones": (PERSONA + "affinities.tone = 3\n", "persona.affinities.tone: must be a table", ()),
    "preferred": (
        PERSONA + 'preferred_tones = ["calm", "glum"]\n',
        "persona.preferred_tones[1]: ",
        ("'glum' is not valid",),
    ),
    "ttl": (PERSONA + "cache.ttl_s = 0\n", "persona.cache.ttl_s: must be >= 1, is 0", ()),
    "scope": (
        PERSONA + 'cache.scope = "all"\n',
        "persona.cache.scope: 'all' is not valid",
        ("principal, shared",),
    ),
    "temperature": (
        PERSONA + "parameters.temperature = 2.5\n",
        "persona.parameters.temperature: must be <= 2, is 2.5",
        (),
    ),
    "top_p": (PERSONA + "parameters.top_p = 0.0\n", "persona.parameters.top_p: must be > 0", ()),
    "infinite": (
        PERSONA + "parameters.temperature = inf\n",
        "persona.parameters.temperature: ",
        ("finite",),
    ),
    "language": (
        PERSONA + 'display_name.fr = "Sage"\n',
        "persona.display_name.fr: 'fr' is not va",
        ("en, ko",),
    ),
    "traits": (PERSONA + 'traits.en = "wise"\n', "persona.traits.en: must be a list", ()),
    "example": (
        PERSONA + 'examples = [{ user = "a", reply = "b", language = "xx" }]\n',
        "persona.examples[0].language: 'xx' is not valid",
        (),
    ),
    "opening": (
        PERSONA + 'voice.opening.angry = ["Oh."]\n',
        "persona.voice.opening.angry: is no t",
        ("frustrated", "any"),
    ),
    "template": (
        replaced("persona_name", "user", PERSONA),
        "persona.prompts.system.en: unknown pl",
        ("{{user}}", "valid are: persona_name"),
    ),
    "guidance": (
        PERSONA + 'prompts.guidance.ko = "{{nope}}"\n',
        "persona.prompts.guidance.ko: ",
        ("{{nope}}", "resonance_key"),
    ),
    "empty prompt": (
        replaced('"You are {{persona_name}}."', '" "', PERSONA),
        "persona.prompts.system.en: is empty",
        (),
    ),
    "no prompt": (
        replaced('"You are {{persona_name}}."', "{}", PERSONA),
        "persona.prompts.system: give a text",
        (),
    ),
    "no TOML": ("name echo", "is not valid TOML: ", ()),
    "twice": ("a = 1\na = 2\n", "is not valid TOML: ", ("line 2",)),
    "too large": (HEAD + "#" * MAX_FILE_BYTES, f"cannot be read: larger than {MAX_FILE_BYTES}", ()),
    "deep lists": (HEAD + "x = " + "[" * 9000 + "]" * 9000, "is nested too deeply", ()),
    "deep tables": (PERSONA + "a." * 1500 + "b = 1\n", "is nested too deeply", ()),
}


@pytest.mark.parametrize(("text", "start", "words"), WRONG.values(), ids=WRONG)
def test_one_fault_is_one_problem_that_names_file_and_key(tmp_path, text, start, words):
    """The problem begins with file and key path and says what is valid."""
    (problem,) = problems_of(tmp_path, text)
    assert start == problem[: len(start)]
    assert [] == [word for word in words if word not in problem]


def test_every_fault_is_named_at_once(tmp_path):
    """A manifest with several faults lists all of them."""
    text = PERSONA.replace("[persona]\n", "[persona]\nrank = true\n") + "affinities.tone.calm = 7\n"
    starts = [problem.partition(":")[0] for problem in problems_of(tmp_path, text)]
    assert ["persona.affinities.tone.calm", "persona.rank"] == sorted(starts)


def test_faults_of_all_tables_are_named_at_once(tmp_path):
    """What is wrong with the persona is told beside what is wrong above it, with what was meant."""
    text = PERSONA.replace("summary", "sumary") + 'rnak = 1\nprompts.reminder.file = "gone.md"\n'
    found = problems_of(tmp_path, text.replace('name = "sage"', 'name = "A Sage"'))

    assert [problem.partition(": ")[0] for problem in found] == [
        "summary",
        "top level",
        "name",
        "persona.prompts.reminder.file",
        "persona",
    ]
    assert found[1].endswith("; did you mean summary?")
    assert found[3].endswith("in the package: put it there, or correct its path")
    assert found[4].endswith("; did you mean rank?")


@pytest.mark.parametrize("rest", ["", "news = { a = 1 }\n", "summary = 3\npersona = 4\n"])
@pytest.mark.parametrize("api", [0, 2, 99])
def test_another_api_is_all_that_is_said(tmp_path, api, rest):
    """A manifest for another API major is refused for that alone, whatever else it holds."""
    with pytest.raises(ApiMismatchError) as caught:
        read(tmp_path, f"ion_api = {api}\n{rest}")
    (problem,) = caught.value.problems
    start = (
        f"{tmp_path / 'ion-plugin.toml'}: ion_api: it needs plugin API {api}, this core offers 1"
    )
    assert start == problem.partition(";")[0]


def test_no_manifest_says_where_to_put_one(tmp_path):
    """A package without a manifest is told where it goes."""
    with pytest.raises(ManifestError) as caught:
        read_manifest(tmp_path, "1.0")
    place = tmp_path / "ion-plugin.toml"
    wanted = f"{place}: there is no manifest; put an ion-plugin.toml beside __init__.py"
    assert wanted == str(caught.value)


def test_not_utf8_says_where(tmp_path):
    """A manifest in another encoding names the byte at which it stops being UTF-8."""
    (tmp_path / "ion-plugin.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(ManifestError) as caught:
        read_manifest(tmp_path, "1.0")
    assert "cannot be read: not UTF-8 at byte 8" in str(caught.value)


FULL = """
name = "echo"
summary = "Echoes."
provides = ["generator", "monitor"]
ion_api = 1
before = ["a"]
after = ["b", "c"]
fallback = true
blocking = true
needs = [["key", "size"]]
[capabilities]
network = true
files = "write"
environment = ["HOME"]
[settings.key]
type = "secret"
description = "Key."
env = ["ECHO_KEY"]
[settings.size]
type = "number"
description = "Size."
default = 1.5
minimum = 1
maximum = 2.5
[commands]
go = "pack.module:go"
[commands.stop]
run = "pack:stop"
summary = "Stop."
"""


@pytest.mark.parametrize("text", [FULL, FULL.replace("\n", "\r\n")], ids=["LF", "CRLF"])
def test_everything_that_a_manifest_says_is_read(tmp_path, text):
    """All keys arrive in their fields, with either line ending."""
    manifest = read(tmp_path, text)
    assert ("echo", "Echoes.", 1) == (manifest.name, manifest.summary, manifest.ion_api)
    assert (Kind.GENERATOR, Kind.MONITOR) == manifest.provides
    assert (("a",), ("b", "c")) == (manifest.before, manifest.after)
    assert manifest.fallback
    assert manifest.blocking
    assert (("key", "size"),) == manifest.needs
    assert manifest.capabilities.network
    assert (FileAccess.WRITE, ("HOME",)) == (
        manifest.capabilities.files,
        manifest.capabilities.environment,
    )
    assert {
        "key": SettingSpec(SettingType.SECRET, "Key.", ("ECHO_KEY",)),
        "size": SettingSpec(SettingType.NUMBER, "Size.", (), 1.5, (), 1, 2.5),
    } == manifest.settings
    assert ["pack.module:go", "pack:stop"] == [c.run for c in manifest.commands.values()]
    assert "Stop." == manifest.commands["stop"].summary


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_persona_is_read_with_exact_decimals_and_defaults(tmp_path, ending):
    """Affinities are exact, texts without a language are English, the rest has its defaults."""
    text = PERSONA + 'affinities.tone.calm = 0.1\ntraits = ["wise"]\nexamples = []\n'
    persona = read(tmp_path, text.replace("\n", ending), version="2.3").persona
    assert ("sage", "2.3", 1000) == (persona.name, persona.version, persona.rank)
    assert {Tone.CALM: Decimal("0.1")} == persona.affinities.tone
    assert {Language.ENGLISH: "Sage"} == persona.display_name
    assert {Language.ENGLISH: ("wise",)} == persona.traits
    assert {Language.ENGLISH: "You are {{persona_name}}."} == persona.prompts.system
    assert 600 == persona.cache.ttl_s


def test_a_persona_may_state_its_own_version(tmp_path):
    """The version that a persona states goes before that of its distribution."""
    assert "7" == read(tmp_path, PERSONA + 'version = "7"\n', version="2.3").persona.version
