"""Settings from file, environment and command line, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from ion_framework import Settings
from ion_framework.errors import SettingsError
from ion_framework.settings.environment import SHARED_NAMES, VARIABLES, unknown_variables
from ion_framework.settings.loading import CommandLine, load_settings
from ion_framework.settings.model import LogFormat, LogLevel


def write(folder, text):
    """A settings file with this text."""
    file = folder / "ion.toml"
    file.write_text(text, "utf-8")
    return file


def at(settings, path):
    """The value at a key path."""
    for name in path.split("."):
        settings = getattr(settings, name)
    return settings


def test_nothing_set_means_the_documented_defaults(tmp_path, monkeypatch):
    """Without file, environment and command line the defaults of the documentation hold."""
    monkeypatch.chdir(tmp_path)
    settings = load_settings({})
    assert Settings(plugins=settings.plugins) == settings
    assert ("127.0.0.1", 8080) == (settings.server.host, settings.server.port)
    assert (LogFormat.AUTO, LogLevel.INFO) == (settings.log.format, settings.log.level)
    assert (5.0, ()) == (settings.plugins.import_budget_s, settings.plugins.required)


# key path, file, environment, command line -> value
PRECEDENCE = [
    ("server.port", "[server]\nport = 1", {}, {}, 1),
    ("server.port", "[server]\nport = 1", {"PORT": "2"}, {}, 2),
    ("server.port", "[server]\nport = 1", {"PORT": "2", "ION_PORT": "3"}, {}, 3),
    ("server.port", "[server]\nport = 1", {"ION_PORT": "3"}, {"port": 4}, 4),
    ("server.port", "", {"PORT": "", "ION_PORT": " "}, {}, 8080),
    ("server.port", "", {"PORT": "tcp://10.0.0.1:80", "ION_PORT": "3"}, {}, 3),
    ("server.port", "[server]\nport = 1", {"ION_HOST": "::1"}, {}, 1),
    ("server.port", "", {}, {"port": 0}, 0),
    ("server.host", '[server]\nhost = "a"', {}, {}, "a"),
    ("server.host", '[server]\nhost = "a"', {"ION_HOST": "b"}, {}, "b"),
    ("server.host", '[server]\nhost = "a"', {"ION_HOST": "b"}, {"host": "c"}, "c"),
    ("log.level", '[log]\nlevel = "error"', {}, {}, LogLevel.ERROR),
    ("log.level", '[log]\nlevel = "error"', {"ION_LOG_LEVEL": "Debug"}, {}, LogLevel.DEBUG),
    ("log.level", "", {"ION_LOG_LEVEL": "debug"}, {"log_level": "warning"}, LogLevel.WARNING),
    ("log.format", '[log]\nlevel = "error"', {"ION_LOG_FORMAT": "json"}, {}, LogFormat.JSON),
    ("log.level", '[log]\nlevel = "error"', {"ION_LOG_FORMAT": "json"}, {}, LogLevel.ERROR),
    ("plugins.required", '[plugins]\nrequired = ["a"]', {}, {}, ("a",)),
    (
        "plugins.required",
        '[plugins]\nrequired = ["a"]',
        {"ION_PLUGINS_REQUIRED": "b, c,"},
        {},
        ("b", "c"),
    ),
    ("plugins.safe_mode", "[plugins]\nsafe_mode = true", {}, {}, True),
    ("plugins.safe_mode", "", {}, {"safe_mode": True}, True),
    ("plugins.import_budget_s", "[plugins]\nimport_budget_s = 2", {}, {}, 2.0),
    ("data_dir", 'data_dir = "/a"', {"ION_DATA_DIR": "/b"}, {}, Path("/b")),
    ("data_dir", 'data_dir = "~/a"', {}, {}, Path.home() / "a"),
    ("prompt.compact.messages", "[prompt.compact]\nmessages = 1", {}, {}, 1),
    ("prompt.compact.characters", "[prompt.compact]\nmessages = 1", {}, {}, 120),
    ("limits.message_chars", "[limits]\nbody_bytes = 2048\r\n", {}, {}, 1000),
]


@pytest.mark.parametrize("case", PRECEDENCE, ids=lambda case: case[0])
def test_sources_rise_from_file_to_environment_to_command_line(tmp_path, case):
    """The highest source that sets a key decides; what it does not set stays as it was."""
    path, text, environ, command_line, wanted = case
    config = write(tmp_path, text)
    settings = load_settings({"ION_CONFIG": str(config), **environ}, CommandLine(**command_line))
    assert wanted == at(settings, path)


def test_the_file_is_found_in_rising_order(tmp_path, monkeypatch):
    """ION_CONFIG names the file, --config goes before it, and no file is looked for."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "[server]\nport = 1\n")
    for name, port in (("two", 2), ("three", 3)):
        (tmp_path / f"{name}.toml").write_text(f"[server]\nport = {port}\n", "utf-8")
    named = {"ION_CONFIG": "two.toml"}
    assert Settings().server.port == load_settings({}).server.port
    assert 2 == load_settings(named).server.port
    assert 3 == load_settings(named, CommandLine(config=Path("three.toml"))).server.port


# file -> what the error says after the file's name
WRONG_FILE = {
    "unknown section": ("[sever]\nport = 1", "top level: unknown key sever; known are: api, auth"),
    "unknown key": ("[server]\nprot = 1", "server: unknown key prot; known are: host, port"),
    "deeper": ("[prompt.compact]\nmesages = 1", "prompt.compact: unknown key mesages; known are"),
    "no key of a file": ("[plugins]\noverrides = []", "plugins: unknown key overrides; known are"),
    "its own name": ('file = "x"', "top level: unknown key file; known are"),
    "section no table": ("server = 3", "server: must be a table, is 3"),
    "order no table": ("order = 3", "order: must be a table, is 3"),
    "order no list": ('[order]\nion_route = "a"', "order.ion_route: must be a list, is 'a'"),
    "list of numbers": ("[plugins]\nenable = [1]", "plugins.enable[0]: must be a string, is 1"),
    "type": ('[server]\nport = "8080"', "server.port: must be an integer, is '8080'"),
    "boolean": ("[server]\nport = true", "server.port: must be an integer, is True"),
    "above": ("[server]\nport = 65536", "server.port: must be <= 65535, is 65536"),
    "below": ("[limits]\nmessage_chars = 0", "limits.message_chars: must be >= 1, is 0"),
    "choice": ('[log]\nlevel = "loud"', "log.level: 'loud' is not valid; valid are: debug, info"),
    "no time": ("[turn]\nguard_s = 0", "turn.guard_s: must be above 0, up to 86400, is 0.0"),
    "no end": ("[turn]\nguard_s = inf", "turn.guard_s: must be a finite number, is Infinity"),
    "too long": ("[turn]\nguard_s = 1e9", "turn.guard_s: must be above 0, up to 86400"),
    "path": ("data_dir = 3", "data_dir: must be a string, is 3"),
    "plugin": ("plugin = 3", "plugin: must be tables, as [plugin.<name>]"),
    "plugin.x": ("plugin.x = 3", "plugin.x: must be a table, as [plugin.x]"),
    "no TOML": ("server", "is not valid TOML: "),
    "deep": ("x = " + "[" * 9000, "is nested too deeply"),
}


@pytest.mark.parametrize(("text", "words"), WRONG_FILE.values(), ids=WRONG_FILE)
def test_a_wrong_file_stops_the_start_and_names_file_and_key(tmp_path, text, words):
    """The error begins with the file and the key path, and says what is valid."""
    config = write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_settings({"ION_CONFIG": str(config)})
    assert f"{config}: {words}" == str(caught.value)[: len(f"{config}: {words}")]


def test_every_fault_of_a_file_is_named(tmp_path):
    """A file with several faults lists them all."""
    config = write(tmp_path, '[server]\nport = "x"\nprot = 1\n[log]\nlevel = "loud"\n')
    with pytest.raises(SettingsError) as caught:
        load_settings({}, CommandLine(config=config))
    keys = sorted(problem.split(": ")[1] for problem in caught.value.problems)
    assert ["log.level", "server", "server.port"] == keys


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.toml", "there is no such settings file"),
        ("", "cannot be read"),
        ("latin.toml", "cannot be read"),
    ],
)
def test_an_unreadable_file_stops_the_start(tmp_path, name, words):
    """A file that is asked for and cannot be read is an error, not an empty file."""
    (tmp_path / "latin.toml").write_bytes(b'x = "\xe9"')
    with pytest.raises(SettingsError) as caught:
        load_settings({"ION_CONFIG": str(tmp_path / name)})
    assert f"{tmp_path / name}: {words}" in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "start"),
    [
        ({"ION_PORT": "http"}, "ION_PORT: must be a port, 0 to 65535, is 'http'"),
        ({"PORT": "-1"}, "PORT: must be a port, 0 to 65535, is '-1'"),
        ({"ION_PORT": "70000"}, "ION_PORT: server.port: must be <= 65535, is 70000"),
        ({"PORT": "9" * 5000}, f"PORT: must be a port, 0 to 65535, is '{'9' * 60}…'"),
        ({"ION_LOG_LEVEL": "loud"}, "ION_LOG_LEVEL: log.level: 'loud' is not valid; valid are"),
        ({"ION_LOG_FORMAT": "xml"}, "ION_LOG_FORMAT: log.format: 'xml' is not valid; valid are"),
    ],
)
def test_a_wrong_variable_is_named(environ, start):
    """The error begins with the variable at fault."""
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    assert start == str(caught.value)[: len(start)]


@pytest.mark.parametrize(
    ("command_line", "words"),
    [
        (CommandLine(port=70000), "command line: server.port: must be <= 65535, is 70000"),
        (CommandLine(log_level="loud"), "command line: log.level: 'loud' is not valid"),
        (CommandLine(config=Path("gone.toml")), "gone.toml: there is no such settings file"),
    ],
)
def test_a_wrong_option_is_named(command_line, words):
    """The error says that the command line is at fault, and with which key."""
    with pytest.raises(SettingsError) as caught:
        load_settings({}, command_line)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("ION_PROT", "did you mean ION_PORT?"),
        ("ION_GEMINI_API_KEYS", "did you mean ION_GEMINI_API_KEY?"),
        ("ION_ECHO_KYE", "did you mean ION_ECHO_KEY?"),
        ("ION_ZZZZZZZZ", "has no effect"),
    ],
)
def test_an_unknown_variable_warns_with_a_suggestion(name, suggestion):
    """A variable of ours that nobody reads is a warning that names the nearest one."""
    (warning,) = unknown_variables({name: "s3cret-value"}, ["ION_ECHO_KEY"])
    assert name in warning
    assert suggestion in warning
    assert "s3cret-value" not in warning


def test_known_variables_do_not_warn():
    """Variables of the core, those that plugins read and all that are not ours are left alone."""
    of_plugins = {*SHARED_NAMES, "ION_ECHO_KEY"}
    names = {*(variable.name for variable in VARIABLES), *of_plugins}
    environ = dict.fromkeys({*names, "PATH", "ANION_PORT", "ION"}, "x")
    assert () == unknown_variables(environ, of_plugins)


@pytest.mark.parametrize("name", sorted(SHARED_NAMES))
def test_a_well_known_variable_that_nobody_reads_warns(name):
    """A fixed name of a well-known plugin warns where no installed plugin reads it."""
    expected = (f"the variable {name} is set, but no installed plugin reads it",)
    assert expected == unknown_variables({name: "x"}, ())


@pytest.mark.parametrize("name", ["ION_PORT_FILE", "ION_HOST_FILE", "ION_ECHO_SIZE_FILE"])
def test_a_file_variable_that_nobody_reads_warns(name):
    """Only a secret is read from a file that a variable names; any other such variable warns."""
    (warning,) = unknown_variables({name: "x"}, ["ION_ECHO_SIZE"])
    assert f"the variable {name} is not known and has no effect" in warning


FIXED = {
    "ION_CONFIG",
    "ION_HOST",
    "ION_PORT",
    "PORT",
    "ION_LOG_FORMAT",
    "ION_LOG_LEVEL",
    "ION_DATA_DIR",
    "ION_WORKERS",
    "ION_REDIS_URL",
    "ION_TRUSTED_PROXIES",
    "ION_TRUSTED_HOPS",
    "ION_RATE_LIMIT",
    "ION_TOKENS_PER_DAY",
    "ION_CORS_ORIGINS",
    "ION_ALLOWED_HOSTS",
    "ION_AUTH_KEYS",
    "ION_KEYS_FILE",
    "ION_PLUGINS_ENABLE",
    "ION_PLUGINS_DISABLE",
    "ION_PLUGINS_REQUIRED",
    "ION_PLUGINS_TRUST",
    "ION_PLUGINS_PINS",
}


def test_the_variables_are_those_of_the_documentation():
    """The names that are fixed for the core exist, and each sets a key that exists."""
    assert FIXED == {variable.name for variable in VARIABLES}
    for variable in VARIABLES:
        assert variable.key == "" or at(Settings(), variable.key) is not attrs.NOTHING


def test_settings_do_not_show_tables_of_plugins(tmp_path):
    """What stands under [plugin.…] may be a secret and is not part of the repr."""
    config = write(tmp_path, '[plugin.echo]\napi_key = "s3cret-value"\n')
    settings = load_settings({}, CommandLine(config=config))
    assert {"echo": {"api_key": "s3cret-value"}} == settings.plugin
    assert "s3cret-value" not in repr(settings)
