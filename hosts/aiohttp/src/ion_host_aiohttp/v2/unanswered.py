"""What callers are told where something else than a single turn has no answer."""

from __future__ import annotations

from ion_framework.errors import InvalidRequestError, NoAnswerError, TurnError, TurnRefusedError
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import Failure, Issue, unfit
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.health import missing_parts
from ion_host_aiohttp.service import Service


def failure_of(error: TurnError, request_id: str, service: Service, time_s: float) -> Failure:
    """The failure that tells of an error of the core; what only operators may read is logged.

    Args:
        error: how it ended.
        request_id: names the request.
        service: the running host.
        time_s: seconds that there were.
    """
    if isinstance(error, InvalidRequestError):
        return unfit(Issue("value_error", (error.field,), say("verbatim", text=str(error)))).failure
    if isinstance(error, TurnRefusedError):
        return failures.refused(error)
    if not isinstance(error, NoAnswerError):
        return failures.internal()
    service.logger.warning(
        "turn unanswered",
        request_id=request_id,
        stage=error.stage,
        error=str(error),
        detail=error.detail,
    )
    if error.late:
        return failures.out_of_time(error.stage, time_s, error.retry_after_s)
    return failures.no_answer(error, missing_parts(service))
