"""Clients that hold conversations and do not give up: a turn is sent until it is acknowledged."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import aiohttp
import attrs

TURN_DEADLINE_MS = 2000
"""What a turn may take; the right to make one that was killed ends two seconds after it."""

PATIENCE_S = 120.0
"""Seconds after which a client gives up on one turn; that is a failure of the check."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5
_FINAL = (HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY)


@attrs.define
class Talk:
    """A conversation as its client knows it.

    Attributes:
        session_id: its name.
        said: the messages in their order.
        acknowledged: what was answered to each, as far as it was told: number and text.
        retries: how often a request was sent again.
        refused: an answer that no repetition mends, empty without one.
    """

    session_id: str
    said: list[str] = attrs.field(factory=list)
    acknowledged: list[tuple[int, str]] = attrs.field(factory=list)
    retries: int = 0
    refused: str = ""


class Talker:
    """Holds one conversation.

    Args:
        session: the client.
        url: address of the host.
        name: names the conversation in messages and keys.
        pauses: random numbers for the pauses between tries.
    """

    def __init__(
        self, session: aiohttp.ClientSession, url: str, name: str, pauses: random.Random
    ) -> None:
        self._session = session
        self._url = url
        self._name = name
        self._pauses = pauses

    async def talk(self, turns: int) -> Talk:
        """Hold a conversation of so many turns."""
        path = "/api/v2/conversations/start"
        _, started, retries = await self._until_answered(path, {"user_id": self._name}, "")
        talk = Talk(str(started["session_id"]), retries=retries)
        path = f"/api/v2/conversations/{talk.session_id}/turn"
        for number in range(turns):
            text = f"What is step {number} of {self._name}?"
            key = f"{self._name}-{number}"
            talk.said.append(text)
            status, found, retries = await self._until_answered(path, {"user_message": text}, key)
            talk.retries += retries
            if status != HTTPStatus.OK:
                talk.refused = f"HTTP {status}: {found}"
                break
            talk.acknowledged.append((found["turn_number"], found["response_text"]))
        return talk

    async def kept(self, talk: Talk) -> Sequence[dict[str, Any]]:
        """The turns that the host has of a conversation."""
        url = f"{self._url}/api/v2/conversations/{talk.session_id}?limit=200"
        async with self._session.get(url) as response:
            document = await response.json()
        messages: list[dict[str, Any]] = document.get("messages", [])
        return messages

    async def _until_answered(
        self, path: str, body: dict[str, str], key: str
    ) -> tuple[int, Any, int]:
        headers = {"ION-Deadline-Ms": str(TURN_DEADLINE_MS)}
        if key:
            headers["Idempotency-Key"] = key
        pause_s, retries = FIRST_PAUSE_S, 0
        async with asyncio.timeout(PATIENCE_S):
            while True:
                # A host that was killed answers nothing, which is what the repetition is for.
                with suppress(aiohttp.ClientError, TimeoutError):
                    async with self._session.post(
                        self._url + path, json=body, headers=headers
                    ) as response:
                        document = await response.json()
                        if response.status in _FINAL:
                            return response.status, document, retries
                retries += 1
                await asyncio.sleep(pause_s * self._pauses.uniform(0.5, 1.5))
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
