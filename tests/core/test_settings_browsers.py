"""Origins and names of the host in the settings: what is taken, and what is said otherwise."""

import pytest

from ion_framework.errors import SettingsError
from ion_framework.settings.loading import CommandLine, load_settings

RIGHT = [
    "https://app.example",
    "http://localhost:3000",
    "http://127.0.0.1:5173",
    "http://[::1]:8080",
    "https://app.example:8443",
]
MENDED = [
    ("https://app.example/", "https://app.example"),
    ("https://app.example/login?x=1", "https://app.example"),
    ("https://App.Example", "https://app.example"),
    ("HTTPS://app.example", "https://app.example"),
    ("https://app.example:443", "https://app.example"),
    ("http://app.example:80", "http://app.example"),
    (" https://app.example", "https://app.example"),
    ("https://앱.example", "https://xn--rf5b.example"),
]
HOPELESS = ["*", "null", "app.example", "https://*.app.example", "https://", "ftp://app.example"]
HOPELESS += ["https://u:p@app.example", "https://app.example:99999", "https://a b", "file:///x"]


def origins(text):
    """The origins that the environment sets."""
    return load_settings({"ION_CORS_ORIGINS": text}).cors.origins


@pytest.mark.parametrize("origin", RIGHT)
def test_an_exact_origin_is_taken_as_it_is(origin):
    """An origin as browsers send it is valid."""
    assert origins(origin) == (origin,)


def test_the_variable_is_a_list_by_commas_or_in_json():
    """Both forms of the variable give the same origins."""
    assert origins("https://a.example, http://b.example:1") == origins(
        '["https://a.example", "http://b.example:1"]'
    )


def test_the_file_has_a_list(tmp_path):
    """The settings file lists origins and names."""
    file = tmp_path / "ion.toml"
    file.write_text('[cors]\norigins = ["https://a.example"]\nhosts = ["a.example"]\n', "utf-8")
    found = load_settings({}, CommandLine(config=file)).cors
    assert (found.origins, found.hosts) == (("https://a.example",), ("a.example",))


@pytest.mark.parametrize(("given", "right"), MENDED)
def test_a_nearly_right_origin_is_answered_with_the_right_form(given, right):
    """The error shows what was written and what to write."""
    with pytest.raises(SettingsError) as caught:
        load_settings({"ION_CORS_ORIGINS": f'["{given}"]'})
    assert f"write {right!r} instead of {given!r}" in str(caught.value)
    assert "ION_CORS_ORIGINS" in str(caught.value)


@pytest.mark.parametrize("given", HOPELESS)
def test_what_is_no_origin_is_refused_with_an_example(given):
    """A pattern, ``*``, ``null`` and other schemes are refused, and valid origins are shown."""
    with pytest.raises(SettingsError, match=r"https://app\.example or http://localhost:3000"):
        load_settings({"ION_CORS_ORIGINS": f'["{given}"]'})


@pytest.mark.parametrize("given", ["https://a.example", "a.example:80", "A.example", "a/b", "*"])
def test_a_name_of_the_host_is_only_a_name(given):
    """Scheme, port, path, capitals and patterns are refused in ``cors.hosts``."""
    with pytest.raises(SettingsError, match="without scheme, port or path"):
        load_settings({"ION_ALLOWED_HOSTS": given})


def test_names_of_the_host_are_read_from_the_environment():
    """``ION_ALLOWED_HOSTS`` is a list."""
    found = load_settings({"ION_ALLOWED_HOSTS": "api.example, [::2]"}).cors.hosts
    assert found == ("api.example", "[::2]")
