"""Begins a summary, says so, and never ends it."""

import asyncio
import sys
from pathlib import Path

from ion_host_aiohttp.v1.session_making import Sessions
from ion_host_aiohttp.v1.session_thread import SessionThread
from ion_host_aiohttp.v1.sessions import Owner, SessionBounds

from ion_framework.clock import SystemClock


async def main():
    """Folder and seconds of the lease are the arguments."""
    bounds = SessionBounds(lease_s=float(sys.argv[2]))
    sessions = Sessions.kept_in(SessionThread(Path(sys.argv[1]), bounds, SystemClock()), bounds)
    owner = Owner("default", "anonymous")
    await sessions.log.append(owner, "s1", "User: The build fails since Monday.")
    async with sessions.jobs.ticket(owner) as ticket:
        await sessions.log.begin_summary(owner, "s1", ticket.token)
        sessions.jobs.start(ticket, lambda: asyncio.sleep(600))
    sys.stdout.write("generating\n")
    sys.stdout.flush()
    await asyncio.sleep(600)


asyncio.run(main())
