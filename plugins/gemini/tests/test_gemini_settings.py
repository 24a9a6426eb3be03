"""Settings that cannot work are refused with the key, the reason and what is valid."""

import tomllib
from importlib.resources import files

import attrs
import pytest
from ion_gemini.prices import PriceTable
from ion_gemini.settings import GEMINI_URL, GeminiSettings, is_model_id, problems_of

from ion_framework.pipeline.chunks import Usage


def problems(**settings):
    """What is wrong with settings."""
    return tuple(problems_of(GeminiSettings(**{"model": "gemini-test-1", **settings})))


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
        ("http://proxy.example", "must begin with https://"),
        ("http://127.0.0.1.proxy.example", "must begin with https://"),
        ("http://169.254.169.254", "must begin with https://"),
        ("ftp://proxy.example", "must begin with https:// and name a host"),
        ("https://", "must begin with https:// and name a host"),
        ("proxy.example", "must begin with https:// and name a host"),
        ("https://me:S3CRET@proxy.example", "must not hold a user or password"),
        ("https://proxy.example?key=S3CRET", "scheme, host and path alone"),
        ("https://proxy.example/#S3CRET", "scheme, host and path alone"),
        ("https://proxy.example:99999", "is not a URL"),
        ("https://[::1", "is not a URL"),
        ("https://proxy.example/\r\n", "scheme, host and path alone"),
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
    ("line", "reason"),
    [
        ("m 1", "must be a model and two or three prices"),
        ("m 1 2 3 4", "must be a model and two or three prices"),
        ("", "must be a model and two or three prices"),
        ("m 1 two", "has 'two' where US dollars"),
        ("m -1 2", "has '-1' where US dollars"),
        ("m nan 2", "has 'nan' where US dollars"),
    ],
)
def test_wrong_prices_say_what_is_right(line, reason):
    """A line that is no price says so, with an example."""
    (problem,) = PriceTable.problems((line,))
    assert reason in problem


def test_a_model_has_one_price():
    """A model that is listed twice is refused."""
    assert "for the second time" in PriceTable.problems(("m 1 2", "m 1 2"))[0]


def test_an_answer_costs_what_its_tokens_cost():
    """Input, cached input and output each have their price, per million tokens."""
    table = PriceTable.read(("m 0.30 2.50 0.075", "n 1 2"))
    usage = Usage(input_tokens=1_000_000, output_tokens=200_000, cached_tokens=400_000)

    assert table.cost_usd("m", usage) == pytest.approx(0.6 * 0.30 + 0.4 * 0.075 + 0.2 * 2.50)
    assert table.cost_usd("n", usage) == pytest.approx(1.4)


def test_what_is_not_known_costs_nothing_known():
    """Without a price, or without a count of tokens, there is no cost instead of a wrong one."""
    table = PriceTable.read(("m 1 2",))

    assert table.cost_usd("other", Usage(1, 1)) is None
    assert table.cost_usd("m", Usage(1, None)) is None


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


def test_the_key_is_not_shown():
    """The settings' repr has no key in it."""
    assert "S3CRET" not in repr(GeminiSettings(model="m", api_key="S3CRET"))
