"""Commands that plugins bring."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ion_framework.cli.contributed import Contributed
from ion_framework.testing.packages import PluginPackage
from tests.test_cli_process import EXTENSION, ion, write

COMMAND = EXTENSION + '[commands.{1}]\nrun = "ion_test_{0}.commands:command"\nsummary = "Greet."\n'
GREET = """
import click

@click.command()
@click.option("--loud", is_flag=True)
def command(loud):
    click.echo("HELLO" if loud else "hello")
"""
NOISY = "raise RuntimeError('imported')\n"


def greeter(name: str, command: str = "greet", code: str = GREET, **more: str) -> PluginPackage:
    """A plugin with a command."""
    manifest = COMMAND.format(name, command)
    return PluginPackage(
        name=name, manifest=manifest, files={"commands.py": code}, code=NOISY, **more
    )


def test_help_lists_a_plugins_command_without_importing_it(tmp_path: Path) -> None:
    """The summary of the manifest stands in ``ion --help`` though the module cannot be imported."""
    ran = ion("--help", folder=write(tmp_path, greeter("polite", code=NOISY)))

    assert 0 == ran.code
    assert re.search(r"greet +Greet\.", ran.out)


def test_command_of_a_plugin_runs_with_its_own_options(tmp_path: Path) -> None:
    """Calling it imports the command and nothing else of the plugin."""
    ran = ion("greet", "--loud", folder=write(tmp_path, greeter("polite")))

    assert (0, "HELLO\n") == (ran.code, ran.out)


def test_command_that_cannot_be_imported_is_told_in_one_line(tmp_path: Path) -> None:
    """A failing import names command, plugin, distribution and error, and exits with 1."""
    ran = ion("greet", folder=write(tmp_path, greeter("polite", code="import nowhere_to_be_found")))

    assert 1 == ran.code
    assert ran.err == (
        "Error: the command 'greet' of plugin polite (ion-test-polite 1.0) cannot be imported: "
        "ModuleNotFoundError: No module named 'nowhere_to_be_found'\n"
    )


FAILING = """
import click

class Odd(BaseException):
    pass

def check(context, parameter, value):
    if value:
        raise KeyError(value)

@click.command()
@click.option("--checked", callback=check)
@click.argument("how", default="")
def command(checked, how):
    if how == "odd":
        raise Odd
    if how == "pipe":
        raise BrokenPipeError(32, "a socket of its own")
    if how == "exit":
        raise SystemExit(3)
    if how == "usage":
        raise click.UsageError("wrong")
    raise RuntimeError("no luck")
"""


@pytest.mark.parametrize(
    ("argument", "error"),
    [
        ("plain", "RuntimeError: no luck"),
        ("odd", "Odd"),
        ("pipe", "BrokenPipeError: [Errno 32] a socket of its own"),
        ("--checked=x", "KeyError: 'x'"),
    ],
)
def test_command_that_raises_is_told_in_one_line(argument: str, error: str, tmp_path: Path) -> None:
    """Whatever it raises, the error names command, plugin and distribution, and exits with 1."""
    ran = ion("greet", argument, folder=write(tmp_path, greeter("polite", code=FAILING)))

    assert 1 == ran.code
    assert ran.err == (
        f"Error: the command 'greet' of plugin polite (ion-test-polite 1.0) failed: {error}\n"
    )


def test_command_that_raises_shows_where_at_log_level_debug(tmp_path: Path) -> None:
    """With ``log.level`` debug the traceback goes before the sentence."""
    folder = write(tmp_path, greeter("polite", code=FAILING))

    ran = ion("greet", folder=folder, ION_LOG_LEVEL="debug")

    assert ran.err.startswith("Traceback")
    assert ran.err.endswith("failed: RuntimeError: no luck\n")


@pytest.mark.parametrize(("how", "code"), [("exit", 3), ("usage", 2)])
def test_exit_codes_that_a_command_chooses_stand(how: str, code: int, tmp_path: Path) -> None:
    """``sys.exit`` and click's own errors are no failure of the plugin."""
    ran = ion("greet", how, folder=write(tmp_path, greeter("polite", code=FAILING)))

    assert (code, False) == (ran.code, "failed" in ran.err)


def test_command_that_is_no_click_command_is_refused(tmp_path: Path) -> None:
    """Something else under the name that the manifest gives is told, with its type."""
    ran = ion("greet", folder=write(tmp_path, greeter("polite", code="command = 3")))

    assert 1 == ran.code
    assert "ion_test_polite.commands:command is int, not a click command" in ran.err


def test_two_plugins_with_one_command_are_both_named(tmp_path: Path) -> None:
    """Neither wins; the error names both and says what to write, and doing so helps."""
    folder = write(tmp_path, greeter("civil"), greeter("polite"))

    ran = ion("greet", folder=folder)

    assert 1 == ran.code
    assert "plugin civil (ion-test-civil 1.0) and plugin polite (ion-test-polite 1.0)" in ran.err
    assert "--disable ion-test-polite" in ran.err
    assert "hello\n" == ion("greet", folder=folder, ION_PLUGINS_DISABLE="ion-test-polite").out


def test_command_of_a_disabled_plugin_is_listed_and_says_why_it_is_not_there(
    tmp_path: Path,
) -> None:
    """``ion --help`` still names it; calling it gives the reason."""
    folder = write(tmp_path, greeter("polite"))

    listed = ion("--help", folder=folder, ION_PLUGINS_DISABLE="polite")
    called = ion("greet", folder=folder, ION_PLUGINS_DISABLE="polite")

    assert re.search(r"greet +Unavailable", listed.out)
    assert 1 == called.code
    assert "plugin polite (ion-test-polite 1.0) is disabled: disabled by ION_PLUGINS" in called.err


def test_safe_mode_on_the_commands_own_line_counts(tmp_path: Path) -> None:
    """Options among the arguments decide before the plugin's code is imported."""
    ran = ion("greet", "--safe-mode", folder=write(tmp_path, greeter("polite")))

    assert 1 == ran.code
    assert "safe mode runs first-party plugins only" in ran.err


def test_command_of_a_plugin_never_hides_one_of_the_core(tmp_path: Path) -> None:
    """The core's command runs, and ``ion plugins`` warns of the other."""
    folder = write(tmp_path, greeter("sneaky", command="doctor"))

    assert "Test the installation" in ion("doctor", "--help", folder=folder).out
    assert "the command 'doctor' of plugin sneaky" in ion("plugins", folder=folder).out


@pytest.mark.parametrize("disabled", ["aiohttp", "ion-host-aiohttp"])
def test_serve_says_why_there_is_none(disabled: str) -> None:
    """With its only host disabled, ``ion serve`` says so."""
    ran = ion("serve", ION_PLUGINS_DISABLE=disabled)

    assert 1 == ran.code
    assert "plugin aiohttp (ion-host-aiohttp" in ran.err
    assert "is disabled" in ran.err


def test_serve_without_any_host_says_what_to_install() -> None:
    """Where no plugin brings ``serve``, the error names the distribution that would."""
    error = Contributed(lambda: ()).missing("serve", ())

    assert (1, "no host is installed: install ion-host-aiohttp") == (error.exit_code, error.message)


def test_plugins_whose_manifest_cannot_be_read_are_named_with_a_missing_command(
    tmp_path: Path,
) -> None:
    """A command may be missing because its plugin's manifest is broken; the error says so."""
    ran = ion("greet", folder=write(tmp_path, PluginPackage(name="torn", manifest="name = ")))

    assert 2 == ran.code
    assert "commands of these plugins cannot be read: torn is invalid" in ran.err
