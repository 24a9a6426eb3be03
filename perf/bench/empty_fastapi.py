"""An empty endpoint of FastAPI behind uvicorn: ``python empty_fastapi.py PORT``.

It decodes the message and answers ``{}``. Both distributions are optional, see
``perf/requirements.txt``: without them nothing is held against this.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

# By name, because they need not be installed where types are checked.
fastapi: Any = import_module("fastapi")


async def ready() -> dict[str, str]:
    """Say that it is ready."""
    return {}


async def chat(message: Annotated[str, fastapi.Body(embed=True)]) -> dict[str, str]:
    """Answer with nothing."""
    del message
    return {}


def main(port: int) -> None:
    """Serve until it is interrupted."""
    application = fastapi.FastAPI()
    application.get("/health/ready")(ready)
    application.post("/chat")(chat)
    uvicorn: Any = import_module("uvicorn")
    uvicorn.run(application, host="127.0.0.1", port=port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]))
