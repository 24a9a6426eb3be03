"""``ion keys`` and the address to bind, on the command line."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import ClientSession
from click.testing import CliRunner
from ion_host_aiohttp.access.key_form import presented
from ion_host_aiohttp.access.keys_command import keys

from ion_framework.testing.packages import environment_with

ION = Path(sys.executable).with_name("ion")


@pytest.fixture
def ion(tmp_path):
    """A function that runs ``ion keys`` with a data folder of its own."""
    environ = {"ION_DATA_DIR": str(tmp_path / "data"), "LC_ALL": "C", "ION_CONFIG": ""}
    environ |= {name: None for name in os.environ if name.startswith("ION_AUTH")}

    def run(*words, code=0, **more):
        result = CliRunner().invoke(keys, words, env=environ | more, catch_exceptions=False)
        assert code == result.exit_code, result.output
        return result

    return run


class TestCreate:
    """``ion keys create``."""

    def test_it_prints_the_key_alone(self, ion):
        """Standard output has the key and nothing else; what to do with it is on standard error."""
        result = ion("create")

        assert presented(result.stdout.removesuffix("\n"))
        assert "not shown again" in result.stderr
        assert "first key" in result.stderr
        assert "first key" not in ion("create").stderr

    def test_json_has_everything(self, ion):
        """With --json it writes the key with all that it may do."""
        options = ("--name=ci", "--scope=read", "--scope=chat", "--tenant=t", "--expires=90d")
        quotas = ("--requests-per-day=5", "--tokens-per-day=6")
        document = json.loads(ion("create", "--json", *options, *quotas).stdout)

        assert presented(document.pop("key")).id == document["id"]
        assert ("ci", ["chat", "read"], "t", 5, 6) == (
            document["name"],
            document["scopes"],
            document["tenant"],
            document["requests_per_day"],
            document["tokens_per_day"],
        )
        assert document["expires"] > document["created"]

    def test_it_speaks_the_language_of_the_locale(self, ion):
        """In a Korean locale, and with --lang, the remarks are Korean."""
        assert "첫 번째 키" in ion("create", LC_ALL="ko_KR.UTF-8").stderr
        assert "다시 볼 수 없으니" in ion("create", "--lang", "ko").stderr

    @pytest.mark.parametrize(
        ("option", "said"),
        [
            ("--tier=gold", "no tier gold"),
            ("--scope=Chat", "no scope"),
            ("--scope=", "no scope"),
            ("--expires=tomorrow", "as 2027-01-31"),
            ("--expires=2020-01-01", "has passed"),
            ("--requests-per-day=0", "not in the range"),
            ("--name=a\nb", "one line"),
            ("--tenant=" + "x" * 101, "100 characters"),
        ],
    )
    def test_wrong_options_are_told(self, ion, option, said):
        """An option that cannot be is refused with what is valid and code 2; no key is made."""
        assert said in ion("create", option, code=2).output
        assert [] == json.loads(ion("list", "--json").stdout) == json.loads(ion("--json").stdout)

    def test_days_and_times_are_those_of_utc(self, ion):
        """A day without a time ends at its beginning in UTC."""
        document = json.loads(ion("create", "--json", "--expires=2999-12-31").stdout)

        assert "2999-12-31T00:00:00Z" == document["expires"]

    def test_keys_that_are_off_are_remarked(self, ion):
        """Where the settings turn keys off, the remark says that nobody asks for the new one."""
        assert "off in the settings" in ion("create", ION_AUTH_KEYS="off").stderr


class TestList:
    """``ion keys list``."""

    def test_without_a_file_it_says_how_to_begin(self, ion, tmp_path):
        """Nothing to list is no error, and makes no file."""
        assert "ion keys create" in ion("list").stdout
        assert not (tmp_path / "data").exists()

    def test_it_shows_state_and_use_but_no_secret(self, ion):
        """Both forms show what a key may do and its use, and never more of it than its id."""
        key = ion("create", "--name=one", "--requests-per-day=9").stdout.strip()
        table, document = ion("list").stdout, ion("list", "--json").stdout
        (listed,) = json.loads(document)

        assert key[4:16] in table
        assert "0/9" in table
        assert ("active", {"requests": 0, "tokens": 0}) == (listed["state"], listed["today"])
        assert key[17:] not in table + document
        assert "digest" not in document
        assert "사용 중" in ion("list", "--lang=ko").stdout

    def test_file_that_cannot_be_read_is_an_error(self, tmp_path):
        """As a process, it ends with code 1 and names the file."""
        (tmp_path / "keys.sqlite3").write_text("junk")
        (tmp_path / "keys.sqlite3").chmod(0o600)
        result = process(tmp_path, "keys", "list")

        assert 1 == result.returncode
        assert "keys.sqlite3 cannot be used" in result.stderr


class TestRevoke:
    """``ion keys revoke``."""

    def test_it_says_what_it_did(self, ion):
        """The first time it revokes, the second time it says that it had been; both end well."""
        key_id = ion("create").stdout[4:16]

        assert "is revoked" in ion("revoke", key_id).stdout
        assert "before" in ion("revoke", key_id).stdout
        document = json.loads(ion("revoke", key_id, "--json").stdout)
        assert {"id": key_id, "was_in_force": False} == document
        assert "revoked" == json.loads(ion("list", "--json").stdout)[0]["state"]

    def test_unknown_id_is_told(self, ion):
        """An id that nobody has is an error with code 2, with a file and without."""
        assert "no key with the id" in ion("revoke", "a" * 12, code=2).output
        ion("create")
        assert "no key with the id" in ion("revoke", "a" * 12, code=2).output

    def test_whole_key_is_not_repeated(self, ion):
        """Who gives the whole key instead of its id does not see it in the error."""
        key = ion("create").stdout.strip()

        assert key[17:] not in ion("revoke", key, code=2).output


class TestBinding:
    """Which address ``ion serve`` takes."""

    def test_without_authentication_the_refusal_says_how_to_create_a_key(self, tmp_path):
        """An address that others can reach is refused while no key exists, with the cures."""
        result = process(tmp_path, "serve", "--host=0.0.0.0", "--port=0")

        assert 1 == result.returncode
        assert "ion keys create" in result.stderr
        assert "--insecure-no-auth" in result.stderr

    def test_unreadable_keys_stop_the_start(self, tmp_path):
        """A host whose file of keys is damaged does not start, not even on this machine."""
        (tmp_path / "keys.sqlite3").write_text("junk")
        (tmp_path / "keys.sqlite3").chmod(0o600)
        result = process(tmp_path, "serve", "--port=0")

        assert 1 == result.returncode
        assert "cannot be used" in result.stderr

    def test_with_a_key_every_address_may_be_bound(self, tmp_path):
        """Once a key exists, the same address is refused for nothing but that it is taken."""
        assert 0 == process(tmp_path, "keys", "create").returncode
        with socket.socket() as taken:
            taken.bind(("0.0.0.0", 0))
            taken.listen()
            port = taken.getsockname()[1]
            result = process(tmp_path, "serve", "--host=0.0.0.0", f"--port={port}")

        assert 1 == result.returncode
        assert "cannot listen on" in result.stderr


def process(folder, *words):
    """A command as a process, with a data folder."""
    return subprocess.run(
        [ION, *words],
        cwd=folder,
        env=environment_with(folder) | {"ION_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


class TestServing:
    """``ion serve`` with keys, as processes."""

    @pytest.mark.skipif(os.name != "posix", reason="processes share no address there")
    def test_use_is_written_when_the_host_is_told_to_stop(self, tmp_path):
        """Requests that two worker processes answered just before SIGTERM stand in the list."""
        key = process(tmp_path, "keys", "create").stdout.strip()
        command = [ION, "serve", "--port=0", "--workers=2", "--enable=aiohttp"]
        environ = environment_with(tmp_path) | {"ION_DATA_DIR": str(tmp_path)}
        with subprocess.Popen(
            command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as host:
            try:
                url = re.search(r"http://\S+", host.stdout.readline())[0] + "/api/v2/personas"
                answers = [asyncio.run(asked(url, text)) for text in [key] * 6 + ["no"]]
            finally:
                host.terminate()
        (listed,) = json.loads(process(tmp_path, "keys", "list", "--json").stdout)

        assert [200] * 6 + [401] == answers
        assert 6 == listed["today"]["requests"]
        assert listed["last_used"] >= listed["created"]


async def asked(url, key):
    """The status of a request with a key, on a connection of its own."""
    async with ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        return (await session.get(url)).status
