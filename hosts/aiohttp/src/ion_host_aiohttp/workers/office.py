"""Starting a host of several processes from its settings."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from ion_framework.settings.loading import CommandLine, load_settings, text_of
from ion_framework.settings.serving import KeyMode
from ion_host_aiohttp.workers.lines import fields_of
from ion_host_aiohttp.workers.messages import DesiredState
from ion_host_aiohttp.workers.pins import pins
from ion_host_aiohttp.workers.shared_folder import shared_folder
from ion_host_aiohttp.workers.supervisor import Supervisor

if TYPE_CHECKING:
    import socket

    from structlog.typing import FilteringBoundLogger

    from ion_framework.settings.slo import SloSettings


@attrs.frozen
class Office:
    """What the workers of a host have in common.

    Attributes:
        line: the command line.
        environ: the environment.
        reserved: a socket at the address, which never listens: it keeps the port from others, and
            is what the workers find out the port from where any free one was asked for.
        insecure: whether other machines may reach a host without authentication.
        guarded: whether it authenticated when it was started; it then does to the end, because
            keys that vanish with their file must not open a door.
        started_at: reading of the monotonic clock at the start.
        shared_dir: folder of this run that all workers share, None where none could be made.
    """

    line: CommandLine
    environ: Mapping[str, str] = attrs.field(repr=False)
    reserved: socket.socket
    insecure: bool
    guarded: bool = False
    started_at: float = attrs.field(factory=time.monotonic)
    shared_dir: str | None = None

    def desired(self) -> DesiredState:
        """What a worker is to be, by the settings and plugins that are found now.

        Raises:
            SettingsError: the settings are wrong.
        """
        read: list[str] = []

        def keep(file: Path) -> str:
            read.append(text_of(file))
            return read[-1]

        auth = load_settings(self.environ, self.line, read=keep).auth
        host, port = self.reserved.getsockname()[:2]
        return DesiredState(
            number=0,
            host=host,
            port=port,
            insecure=self.insecure,
            # Settings that were changed since then may say that keys are off.
            guarded=self.guarded and (bool(auth.jwt) or auth.keys is not KeyMode.OFF),
            line=fields_of(self.line),
            config=read[0] if read else None,
            plugins=pins(),
            started_at=self.started_at,
            shared_dir=self.shared_dir,
        )

    def promises(self) -> SloSettings:
        """What the host promises, by the settings that are found now.

        Raises:
            SettingsError: the settings are wrong.
        """
        return load_settings(self.environ, self.line).slo


async def serve_with_workers(
    count: int, office: Office, logger: FilteringBoundLogger, announce: Callable[[], None]
) -> None:
    """Serve with several processes until SIGTERM or SIGINT.

    Args:
        count: how many.
        office: what they have in common.
        logger: where the supervisor's lines go.
        announce: called once all of them serve.

    Raises:
        StartError: none can be started.
    """
    settings = load_settings(office.environ, office.line)
    try:
        with shared_folder(settings.folder(), logger) as shared:
            office = attrs.evolve(office, shared_dir=shared)
            supervisor = Supervisor(
                count,
                office.desired,
                logger,
                announce,
                reserve=settings.server.reserve,
                slo=office.promises,
            )
            await supervisor.run()
    finally:
        office.reserved.close()
