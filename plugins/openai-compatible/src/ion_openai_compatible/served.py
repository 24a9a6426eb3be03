"""Finding out which model a server serves, where the settings name none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ion_framework.domain.conversation import shorten
from ion_framework.errors import FailureCause, GenerationError
from ion_openai_compatible import documents
from ion_openai_compatible.answer import MODEL_ID
from ion_openai_compatible.transport import Transport, read_at_most

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

SERVED = "the served model"
"""Stands for the model of a server that serves one, until its name is known."""

_LONGEST_LISTING = 1024 * 1024
_LISTED = 20
_SHOWN = 80
_REMEDY = "set ION_OPENAI_MODEL to the model's id"
_OK = 200


class ServedModel:
    """Asks the server when the name is first needed, and remembers the answer while it holds.

    Args:
        transport: the connections to the server.
        logger: told which model it is.
    """

    def __init__(self, transport: Transport, logger: FilteringBoundLogger) -> None:
        self._transport = transport
        self._logger = logger
        self._asking = asyncio.Lock()
        self._name = ""

    async def name(self, wrong: str = "") -> str:
        """The id of the model.

        Turns that need it at once wait for one request; where that fails, the next of them asks.

        Args:
            wrong: a name that the server does not know any more; it is forgotten.

        Raises:
            GenerationError: the server cannot list its models, or has none or several.
            aiohttp.ClientError: the connection failed.
        """
        async with self._asking:
            if not self._name or self._name == wrong:
                self._name = ""
                self._name = _only(await self._listed())
                if self._name != wrong:
                    self._logger.info("using the one model that the server lists", model=self._name)
        return self._name

    async def _listed(self) -> tuple[str, ...]:
        response = await self._transport.get("/models")
        try:
            if response.status != _OK:
                failure, _ = await self._transport.failure(response)
                raise failure
            body = await read_at_most(response, _LONGEST_LISTING)
        finally:
            response.close()
        return _ids(documents.document(body or b""))


def _ids(listing: Mapping[str, Any] | None) -> tuple[str, ...]:
    data = None if listing is None else listing.get("data")
    if not isinstance(data, list):
        raise GenerationError(
            FailureCause.BAD_ANSWER, f"the server's list of models cannot be read; {_REMEDY}"
        )
    ids = (documents.table(item).get("id") for item in data)
    usable = (name for name in ids if isinstance(name, str) and MODEL_ID.fullmatch(name))
    return tuple(dict.fromkeys(usable))


def _only(names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return names[0]
    if not names:
        raise GenerationError(
            FailureCause.UNKNOWN_MODEL, f"the server lists no model; load one, or {_REMEDY}"
        )
    shown = ", ".join(shorten(name, _SHOWN) for name in names[:_LISTED])
    more = ", …" if len(names) > _LISTED else ""
    raise GenerationError(
        FailureCause.UNKNOWN_MODEL,
        f"the server lists {len(names)} models: {shown}{more}; {_REMEDY}",
    )
