"""``ion plugins enable``, ``disable``, ``reload`` and ``--url`` against a running host."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys

import pytest
from ion_host_aiohttp.access.caller import Caller, Scope
from ion_host_aiohttp.access.refusals import nothing_presented
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.rates.limiter import Unlimited

KEY = "ion_secret-key"


class Door:
    """Lets in who has the key."""

    required = True

    def metered(self, _limiter):
        """No limits."""
        return Unlimited()

    async def identify(self, credentials, _address):
        """The administrator."""
        if credentials.bearer != KEY:
            raise RequestFailed(nothing_presented())
        return Caller(principal="key:test", scopes=frozenset({Scope.ADMIN}))

    async def close(self):
        """Nothing to let go of."""


async def run(*arguments, key=""):
    """Exit code, output and errors of a command."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "ion_framework.cli", "plugins", *arguments),
        env=os.environ | {"ION_API_KEY": key, "LC_ALL": "en_US.UTF-8"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


async def test_out_in_and_shown(hosting):
    """Each command says what came of it, and the list shows the status."""
    async with hosting() as host:
        out = await run("disable", "lua", "--url", host.url)
        shown = await run("--url", host.url, "--json")
        back = await run("enable", "lua", "--url", host.url + "/", "--json")
        table = await run("--url", host.url)

    told = "The plugin lua is taken out until a restart, or until it is enabled again.\n"
    assert out == (0, told, "")
    status = {each["name"]: each["status"] for each in json.loads(shown[1])["plugins"]}
    assert (shown[0], status["lua"], status["elro"]) == (0, "disabled", "active")
    assert (back[0], json.loads(back[1])["workers"][0]["status"]) == (0, "active")
    assert re.search(r"^lua +active", table[1], re.MULTILINE)


async def test_what_the_host_refuses_exits_with_1(hosting):
    """The reason of the host is shown, and the exit code is 1."""
    async with hosting() as host:
        unknown = await run("enable", "nobody", "--url", host.url)
        reload = await run("reload", "parrot", "--url", host.url)

    assert unknown == (1, "", f"Error: {host.url}: No plugin nobody is installed.\n")
    assert reload[0] == 1
    assert "parrot is no persona" in reload[2]


async def test_the_last_generator_goes_with_force(hosting):
    """The command refuses and names the option; with it, the consequence follows the message."""
    async with hosting() as host:
        refused = await run("disable", "parrot", "--url", host.url)
        forced = await run("disable", "Parrot", "--url", host.url, "--force")

    assert refused[0] == 1
    assert "(ion plugins disable parrot --force)" in refused[2].replace("\n", " ")
    assert forced[0] == 0
    assert forced[1].splitlines()[1] == "No generator is active any more: nobody can answer."


async def test_the_key_comes_from_environment_or_file(hosting, tmp_path):
    """Without a key the host refuses and the command says what to do; no option takes it."""
    file = tmp_path / "key"
    file.write_text(KEY + "\n", "utf-8")
    async with hosting(door=Door()) as host:
        without = await run("disable", "lua", "--url", host.url)
        by_file = await run("disable", "lua", "--url", host.url, "--key-file", str(file))
        by_environ = await run("enable", "lua", "--url", host.url, key=KEY)

    assert without[0] == 1
    assert "give an API key with the scope admin in ION_API_KEY or --key-file" in without[2]
    assert by_file[0] == by_environ[0] == 0


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("http://127.0.0.1:1", 1, "the host cannot be reached"),
        ("127.0.0.1:8080", 2, "give the address of the host"),
        ("http://user:pass@host", 2, "a key goes into ION_API_KEY"),
        ("http://host:port", 2, "give the address of the host"),
    ],
)
async def test_an_address_that_cannot_be_asked(url, code, words):
    """What is no address is a wrong command line, and a host that is not there an error."""
    found = await run("enable", "lua", "--url", url)

    assert found[0] == code
    assert words in found[2].replace("\n", " ")


async def test_something_else_at_the_address(hosting):
    """An answer that is none of this API is told as that."""
    async with hosting() as host:
        found = await run("enable", "lua", "--url", host.url + "/nowhere")

    assert found[0] == 1
    assert host.url in found[2]
