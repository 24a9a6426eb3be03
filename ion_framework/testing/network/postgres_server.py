"""A real PostgreSQL of its own for a test, that can be killed, frozen and started again.

    with PostgresServer() as server:
        connect(server.url)
        server.kill()        # SIGKILL to every process of it: what a crash leaves behind
        server.start()       # recovers from its log, on the same port
        server.freeze()      # accepts connections, answers nothing
        server.thaw()

In async code the waiting is done in a thread: ``await asyncio.to_thread(server.start)``.
PostgreSQL refuses to run as root: started by root, it runs as ``postgres`` or ``nobody``.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import Self

from ion_framework.testing.network.ports import KeptPort, free_port
from ion_framework.testing.network.postgres_install import (
    POSTGRES_MISSING,
    find_postgres,
    identity,
    is_root,
    substitute,
)
from ion_framework.testing.network.process_tree import children, reap, send

_PORT_ATTEMPTS = 5
_USER = "ion"
_DATABASE = "postgres"


class PostgresServer:
    """One PostgreSQL on 127.0.0.1, with a temporary folder of its own.

    It is a context manager: made and started at the beginning, and gone with its folder at the
    end, at the latest when Python exits. Its user may do everything and logs in with a password.

    Args:
        settings: settings of ``postgresql.conf``, such as ``{"max_connections": "20"}``.
        certificate: files of a certificate and its key, to offer TLS; None: no TLS.
        binaries: folder of initdb and postgres; None: `find_postgres`.
        start_s: seconds within which it has to be ready.

    Raises:
        FileNotFoundError: there is no PostgreSQL; the message says how to get one.
    """

    def __init__(
        self,
        *,
        settings: dict[str, str] | None = None,
        certificate: tuple[Path, Path] | None = None,
        binaries: Path | None = None,
        start_s: float = 60.0,
    ) -> None:
        found = binaries or find_postgres()
        if found is None:
            raise FileNotFoundError(POSTGRES_MISSING)
        self._binaries = found
        self._settings = dict(settings or {})
        self._certificate = certificate
        self._start_s = start_s
        self._password = secrets.token_urlsafe(12)
        self._port = KeptPort("the PostgreSQL server")
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._cleaner: weakref.finalize[[Path], PostgresServer] | None = None
        self._reaper: weakref.finalize[[subprocess.Popen[bytes]], PostgresServer] | None = None

    def __repr__(self) -> str:
        """Port and process, never the password."""
        pid = self._process.pid if self._process is not None else None
        return f"<PostgresServer port={self._port.known} pid={pid}>"

    @property
    def port(self) -> int:
        """Its port, the same over restarts.

        Raises:
            RuntimeError: it was never started.
        """
        return self._port.number

    @property
    def password(self) -> str:
        """The password of its user."""
        return self._password

    @property
    def url(self) -> str:
        """Its address for clients, with user and password.

        Raises:
            RuntimeError: it was never started.
        """
        return self.url_at("127.0.0.1", self.port)

    def url_at(self, host: str, port: int) -> str:
        """The same as `url` by another host and port: those of a proxy, or another name of it."""
        return f"postgresql://{_USER}:{self._password}@{host}:{port}/{_DATABASE}"

    @property
    def running(self) -> bool:
        """Whether its main process lives, frozen or not."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it is ready; the first time its database is made.

        Raises:
            RuntimeError: it runs already, ended at once (the message has the end of its log), or
                was not ready in time.
        """
        if self.running:
            raise RuntimeError(f"{self!r} is running already: kill() or restart() it")
        if self._folder is None:
            self._folder = self._make_folder()
            self._cleaner = weakref.finalize(self, shutil.rmtree, self._folder)
            self._make_database(self._folder)
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
        """End all of its processes at once (SIGKILL), frozen or not, as a crash does.

        Does nothing when it is not running.
        """
        if self._reaper is not None:
            self._reaper()
        self._process = self._reaper = None

    def freeze(self) -> None:
        """Stop all of its processes (SIGSTOP): connections stay, nobody answers.

        Raises:
            RuntimeError: it is not running.
        """
        main = self._running().pid
        send(signal.SIGSTOP, main, *children(main))

    def thaw(self) -> None:
        """Let a frozen server go on (SIGCONT).

        Raises:
            RuntimeError: it is not running.
        """
        main = self._running().pid
        send(signal.SIGCONT, *children(main), main)

    def restart(self) -> None:
        """Kill it and start it again, on the same port; it recovers what was committed.

        Raises:
            RuntimeError: as `start`.
        """
        self.kill()
        self.start()

    def stop(self) -> None:
        """End it and remove its folder; the port is given up. Can be called twice."""
        self.kill()
        if self._cleaner is not None:
            self._cleaner()
        self._folder = self._cleaner = self._port.known = None

    def sql(self, statement: str) -> str:
        """Run SQL by psql on a connection of its own; gives the rows, columns parted by ``|``.

        Raises:
            RuntimeError: it was never started, or the statement failed; the message says why.
        """
        done = subprocess.run(  # noqa: S603  the binary is the one that was asked for
            [self._binaries / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement],
            env={
                **os.environ,
                "PGHOST": "127.0.0.1",
                "PGPORT": str(self.port),
                "PGUSER": _USER,
                "PGPASSWORD": self._password,
                "PGDATABASE": _DATABASE,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def __enter__(self) -> Self:
        """Make and start it."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it and remove its folder."""
        self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"{self!r} is not running: start() it first")
        return self._process

    def _make_folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="ion-pg-"))
        contents = {"password": f"{self._password}\n".encode()}
        if self._certificate is not None:
            certificate, key = self._certificate
            contents |= {"server.crt": certificate.read_bytes(), "server.key": key.read_bytes()}
        for name, content in contents.items():
            file = folder / name
            file.touch(mode=0o600)
            file.write_bytes(content)
        if is_root():
            owner = substitute()
            for path in (folder, *folder.iterdir()):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        return folder

    def _make_database(self, folder: Path) -> None:
        done = subprocess.run(  # noqa: S603  the binary is the one that was asked for
            [
                *(self._binaries / "initdb", "-D", folder / "data", "-U", _USER, "--no-sync"),
                *(
                    "-A",
                    "scram-sha-256",
                    f"--pwfile={folder / 'password'}",
                    "-E",
                    "UTF8",
                    "--locale=C",
                ),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            **identity(folder),
        )
        if done.returncode:
            said = done.stdout.decode("utf-8", "replace")[-2000:]
            raise RuntimeError(f"initdb ended with {done.returncode}: {said}")

    def _launch(self, folder: Path, port: int) -> None:
        """Start the process on a port, and leave none behind if it does not come up."""
        log = folder / "postgres.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  the binary is the one that was asked for
                [self._binaries / "postgres", "-D", folder / "data", *self._options(folder, port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **identity(folder),
            )
        # Made after the folder's, it is called before it when Python exits.
        reaper = weakref.finalize(self, reap, process)
        try:
            self._await_ready(process, folder / "data" / "postmaster.pid", log)
        except BaseException:
            reaper()
            raise
        self._process, self._reaper = process, reaper

    def _options(self, folder: Path, port: int) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(folder),
            "shared_buffers": "16MB",
            "max_connections": "40",
        }
        if self._certificate is not None:
            settings |= {"ssl": "on"}
            settings |= {"ssl_cert_file": str(folder / "server.crt")}
            settings |= {"ssl_key_file": str(folder / "server.key")}
        settings |= self._settings
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def _await_ready(self, process: subprocess.Popen[bytes], pid_file: Path, log: Path) -> None:
        until = time.monotonic() + self._start_s
        while time.monotonic() < until:
            if process.poll() is not None:
                said = log.read_text("utf-8", "replace")[-2000:]
                taken = "Address already in use" in said
                error = _PortTakenError if taken else RuntimeError
                raise error(f"postgres ended with {process.returncode}; its log: {said}")
            # Its own file says so: another server on the port is not mistaken for it.
            if _says_ready(pid_file, process.pid):
                return
            time.sleep(0.01)
        raise RuntimeError(f"postgres was not ready in {self._start_s} s")


class _PortTakenError(RuntimeError):
    """Somebody took the port between its choice and its use."""


def _says_ready(pid_file: Path, pid: int) -> bool:
    """Whether the file that PostgreSQL keeps about itself is this process's and says ready."""
    try:
        lines = pid_file.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return False
    last = 7
    return len(lines) > last and lines[0] == str(pid) and lines[last].strip() == "ready"
