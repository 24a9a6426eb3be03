"""A worker: one host among several, told by the supervisor what it is to be.

Run by the supervisor as ``python -m ion_host_aiohttp.workers.worker NUMBER``, the number being the
file descriptor of its end of the channel.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import sys
import threading

from ion_framework.errors import IonError
from ion_framework.running import run
from ion_framework.settings.loading import load_settings
from ion_host_aiohttp.access.authentication import authenticates
from ion_host_aiohttp.run.addresses import bind
from ion_host_aiohttp.run.collecting import put_off
from ion_host_aiohttp.run.last_resort import LONGEST_STOP_S, end_within
from ion_host_aiohttp.run.lean import load_structlog
from ion_host_aiohttp.run.serving import Host
from ion_host_aiohttp.run.stopping import StopSignal
from ion_host_aiohttp.workers.control import Control
from ion_host_aiohttp.workers.duty import Duty
from ion_host_aiohttp.workers.lines import line_of
from ion_host_aiohttp.workers.messages import DesiredState, Failed, Hello

ORPHANED, REFUSED = 3, 1
"""Exit codes: the supervisor was gone before the start; the host cannot be started like this."""


def main(arguments: list[str]) -> int:
    """Serve until the supervisor says so, or is gone."""
    put_off()
    load_structlog()
    end = socket.socket(fileno=int(arguments[0]))
    _end_with(end)
    return run(_work(end))


async def _work(end: socket.socket) -> int:
    # A worker in reserve waits here for as long as the others live.
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    control = await Control.over(end)
    desired = await control.receive()
    if not isinstance(desired, DesiredState):
        control.close()
        return ORPHANED
    control.send(Hello(pid=os.getpid()))
    # The supervisor kills whom it has lost patience with; a second signal is not needed, and one
    # that is sent to every process of a group must not cut a draining worker off.
    stop = StopSignal(again=lambda _: None)
    try:
        await _serve(desired, control, stop)
    except IonError as error:
        control.send(Failed(reason=str(error)))
        await control.flush()
        return REFUSED
    finally:
        control.close()
    return 0


async def _serve(desired: DesiredState, control: Control, stop: StopSignal) -> None:
    from ion_host_aiohttp.run.logs import configure_process  # takes structlog along, see main

    settings = load_settings(os.environ, line_of(desired.line), read=lambda _: desired.config or "")
    logger = configure_process(sys.stderr, settings.log).bind(worker=desired.number)
    # What the first start found stays: keys that vanished with their file must not open the door.
    guarded = desired.guarded or authenticates(settings)
    bound = bind(
        desired.host,
        desired.port,
        insecure=desired.insecure or guarded,
        shared=True,
        proxied=bool(settings.server.trusted_proxies),
    )
    duty = Duty(desired, control)
    listening = asyncio.create_task(duty.listen(stop))
    try:
        await Host(settings, bound, logger, duty, guarded).run(stop)
    finally:
        duty.end()
        listening.cancel()


def _end_with(end: socket.socket) -> None:
    """See to it that this process does not outlive the supervisor, even if its loop hangs.

    A thread, because the loop may be what hangs; the loop itself hears of the same end and begins
    to drain.
    """

    def wait() -> None:
        poll = select.poll()
        poll.register(end, 0)
        poll.poll()
        end_within(LONGEST_STOP_S, code=ORPHANED)

    threading.Thread(target=wait, name="ion-supervisor", daemon=True).start()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
