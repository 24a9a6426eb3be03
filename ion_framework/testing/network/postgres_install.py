"""Where PostgreSQL is on this machine, and as whom it runs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pwd import struct_passwd

POSTGRES_MISSING = (
    "no PostgreSQL server: install one (on Debian and Ubuntu the package postgresql), "
    "or put its initdb and postgres on PATH"
)


def find_postgres() -> Path | None:
    """The folder of initdb and postgres: the one on PATH, else Debian's newest, else None."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_number, reverse=True)
    return next((path for path in folders if _complete(path)), None)


def is_root() -> bool:
    """Whether this process is root's, as whom PostgreSQL does not run."""
    return os.geteuid() == 0


def substitute() -> struct_passwd:
    """The user as whom root runs it."""
    import pwd  # not everywhere where this module is loaded

    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL does not run as root, and there is no user postgres or nobody")


def identity(folder: Path) -> dict[str, Any]:
    """As whom and where a process of PostgreSQL is started, as arguments of `subprocess.Popen`."""
    if not is_root():
        return {"cwd": folder}
    owner = substitute()
    return {"cwd": folder, "user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres", "psql"))


def _number(folder: Path) -> int:
    version = folder.parent.name
    return int(version) if version.isdigit() else 0
