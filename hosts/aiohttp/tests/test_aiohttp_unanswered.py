"""What callers are told where no generator had an answer, by what was at fault."""

from __future__ import annotations

import pytest

from ion_framework import hookimpl
from ion_framework.errors import FailureCause, GenerationError

ASK = [("/chat", {"message": "hm"}), ("/api/v2/process", {"user_input": "hm"})]
REJECTED = "The language model does not take this message."
NOT_SET_UP = "This server is not set up to answer yet."


class Failing:
    """Fails for one cause."""

    def __init__(self, cause: FailureCause) -> None:
        self._cause = cause

    @hookimpl
    async def ion_generate(self):
        """Fail before the first word."""
        raise GenerationError(self._cause, "what the service said")
        yield


@pytest.mark.parametrize("ask", ASK, ids=["v1", "v2"])
@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ("rejected", (422, None, REJECTED)),
        ("denied", (503, "60", NOT_SET_UP)),
        ("unknown_model", (503, "60", NOT_SET_UP)),
        ("misconfigured", (503, "60", NOT_SET_UP)),
        ("unavailable", (503, "5", "Please try again in a moment.")),
    ],
)
async def test_only_what_passes_is_to_be_tried_again(hosting, make, ask, cause, told):
    """Faults of the message are 422, those of the settings 503 for the operator, others 503."""
    path, body = ask
    failing = make.plugin("failing", "generator", Failing(FailureCause(cause)))
    async with (
        hosting(make.lua, make.analyzer, make.router, failing) as host,
        host.session.post(path, json=body, headers={"Accept-Language": "en"}) as response,
    ):
        text = await response.text()

        assert told[:2] == (response.status, response.headers.get("Retry-After"))
        assert told[2] in text
        assert "what the service said" not in text
