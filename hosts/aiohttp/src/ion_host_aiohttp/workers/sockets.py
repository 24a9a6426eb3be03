"""One address for several processes: the system deals connections out among them."""

from __future__ import annotations

import os
import socket

from ion_framework.errors import IonError


def check_sharing() -> None:
    """See whether this system lets several processes listen at one address.

    Raises:
        IonError: it does not.
    """
    if os.name != "posix" or not hasattr(socket, "SO_REUSEPORT"):
        raise IonError(
            "this system does not let several processes listen at one port (SO_REUSEPORT): "
            "set server.workers, ION_WORKERS or --workers to 1, or start several hosts at ports "
            "of their own behind a proxy"
        )
