"""Settings that cannot work are refused with the key, the reason and what is valid."""

import tomllib
from importlib.resources import files

import attrs
import pytest
from ion_gemini.settings import GEMINI_URL, GeminiSettings, is_model_id


def problems(**settings):
    """What is wrong with settings."""
    return tuple(GeminiSettings(**{"model": "gemini-test-1", **settings}).problems())


@pytest.mark.parametrize("model", ["gemini-3.8-flash", "a", "A_b.c-9", "x" * 64])
def test_ids_of_models_are_accepted(model):
    """Letters, digits, dots, underscores and hyphens make an id."""
    assert problems(model=model, fallback_models=(model,)) == ()


@pytest.mark.parametrize(
    "model",
    ["", "gemini#frag", "models/gemini", "../x", "..", "a?b", "a b", "x" * 65, "ä", "a\n", "a%2f"],
)
def test_other_texts_are_no_ids_of_models(model):
    """What could change the meaning of a URL is refused, as a model and as a fallback."""
    assert not is_model_id(model)
    assert [
        problem.split(":")[0] for problem in problems(model=model, fallback_models=(model,))
    ] == [
        "model",
        "fallback_models",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "https://proxy.example/gemini",
        "http://127.0.0.1:8080",
        "http://localhost:1",
        "http://[::1]:9",
    ],
)
def test_addresses_over_tls_or_of_this_machine_are_accepted(url):
    """A host that is asked over https serves, and this machine over http."""
    assert problems(base_url=url) == ()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://proxy.example", "over http:// anybody"),
        ("http://127.0.0.1.proxy.example", "over http:// anybody"),
        ("https://169.254.169.254/", "no address of a model server"),
        ("https://[::ffff:169.254.169.254]/", "no address of a model server"),
        ("https://metadata.google.internal/", "hand out credentials"),
        ("https://proxy.example/gemini/../v1", "a segment '.' or '..'"),
        ("ftp://proxy.example", "neither https:// nor http://"),
        ("https://", "no host"),
        ("proxy.example", "neither https:// nor http://"),
        ("https://me:S3CRET@proxy.example", "holds a user name or password"),
        ("https://proxy.example?key=S3CRET", "a query or a fragment"),
        ("https://proxy.example/#S3CRET", "a query or a fragment"),
        ("https://proxy.example:99999", "no address"),
        ("https://[::1", "no address"),
        ("https://proxy.example/\r\n", "blanks or control characters"),
    ],
)
def test_other_addresses_are_refused_and_not_shown(url, reason):
    """Other addresses are refused with the reason, and without what may be a secret."""
    (problem,) = problems(base_url=url)
    assert problem.startswith("base_url: ")
    assert reason in problem
    assert "S3CRET" not in problem


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"api_key": "AIza S3CRET"}, "api_key"),
        ({"api_key": "AIza-S3CRÉT"}, "api_key"),
        ({"api_version": "../v1"}, "api_version"),
        ({"vertex_project": "a/b"}, "vertex_project"),
        ({"vertex_location": "EU west"}, "vertex_location"),
        ({"thinking_budget": 0, "thinking_level": "low"}, "thinking_level"),
        ({"prices": ("m 1",)}, "prices"),
    ],
)
def test_what_cannot_work_is_named(settings, key):
    """Each wrong setting is named by its key, and a secret is not shown."""
    (problem,) = problems(**settings)
    assert problem.startswith(f"{key}: ")
    assert "S3CR" not in problem


def test_every_problem_is_told_at_once():
    """Several mistakes make one error that lists them all."""
    assert len(problems(model="#", base_url="http://x", prices=("m", "n"))) == 4


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, GEMINI_URL),
        ({"vertex": True}, "https://aiplatform.googleapis.com/"),
        ({"vertex_project": "p"}, "https://aiplatform.googleapis.com/"),
        (
            {"vertex_project": "p", "vertex_location": "europe-west4"},
            "https://europe-west4-aiplatform.googleapis.com/",
        ),
        (
            {"vertex_project": "p", "vertex_location": "eu"},
            "https://aiplatform.eu.rep.googleapis.com/",
        ),
    ],
)
def test_the_address_follows_from_the_mode(settings, url):
    """Without base_url the address is Google's for a key, for express mode and for a location."""
    assert GeminiSettings(model="m", **settings).url == url


def test_the_settings_class_and_the_manifest_agree():
    """Every setting of the manifest is a field with the same default, and the other way round."""
    manifest = tomllib.loads((files("ion_gemini") / "ion-plugin.toml").read_text("utf-8"))
    described = {key: spec.get("default") for key, spec in manifest["settings"].items()}
    fields = {field.name: field.default for field in attrs.fields(GeminiSettings)}

    assert described.pop("model") == "gemini-3.8-flash"
    assert fields.pop("model") is attrs.NOTHING
    described = {key: tuple(v) if isinstance(v, list) else v for key, v in described.items()}
    assert described == fields


OTHERS = (
    {"model": "m2"},
    {"base_url": "https://proxy.example/"},
    {"api_version": "v9"},
    {"vertex": True},
    {"vertex_project": "p"},
    {"vertex_project": "q"},
    {"vertex_project": "p", "vertex_location": "us"},
    {"safety_threshold": "OFF"},
    {"safety_threshold": "BLOCK_NONE"},
    {"thinking_budget": 0},
    {"thinking_level": "low"},
)


def test_what_decides_an_answer_is_in_its_identity():
    """Model, service, safety and thinking make different identities, and nothing else does."""
    made = {GeminiSettings(**{"model": "m", **other}).cache_identity for other in ({}, *OTHERS)}
    other = GeminiSettings(model="m", api_key="S3CRET", tries=1, fallback_models=("n",))

    assert len(made) == 1 + len(OTHERS)
    assert other.cache_identity == GeminiSettings(model="m").cache_identity


def test_the_key_is_not_shown():
    """The settings' repr has no key in it."""
    assert "S3CRET" not in repr(GeminiSettings(model="m", api_key="S3CRET"))
