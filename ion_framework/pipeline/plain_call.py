"""Calling a plain function with one argument outside of any task, contained as `calling.call` does.

Nobody waits for an answer, so that neither a deadline nor a coroutine of the dispatcher's is
needed; and there is no task that the function could cancel.
"""

from __future__ import annotations

import inspect

from ion_framework.errors import HookError
from ion_framework.pipeline.bulkhead import BulkheadFullError
from ion_framework.pipeline.calling import call_outside, failed
from ion_framework.pipeline.containment import Visit
from ion_framework.pipeline.implementation import Implementation


def call_plainly(item: Implementation, argument: object) -> object:
    """Call an implementation, unless its plugin is in quarantine or has no place free.

    Args:
        item: the implementation, of a mode that runs on the loop.
        argument: the one argument that it takes.

    Returns:
        what it returned. Where that is still to be awaited, the call has shown nothing yet.

    Raises:
        NotCalledError: it was not called.
        HookError: it raised; as of `calling.call`.
    """
    visit = Visit(item)
    try:
        answer = _call_in_place(item, argument)
    except HookError as error:
        visit.failed(error, fair=True)
        raise
    if answer is not None and inspect.isawaitable(answer):
        visit.withdrawn()
    else:
        visit.succeeded()
    return answer


def call_freely(item: Implementation, argument: object) -> object:
    """As `call_plainly`, of a plugin that is not in quarantine and has no bulkhead.

    Nothing is to be asked before the call then, nor told after one that went well.

    Raises:
        HookError: it raised.
    """
    try:
        return call_outside(item, (argument,))
    except (Exception, SystemExit) as failure:
        error = failed(item, failure)
        error.__cause__ = failure
        Visit(item).failed(error, fair=True)
        raise error from failure


def _call_in_place(item: Implementation, argument: object) -> object:
    bulkhead = item.containment.bulkhead
    if bulkhead is None:
        return _told(item, argument)
    try:
        place = bulkhead.enter(item.hook, item.plugin)
    except BulkheadFullError as error:
        raise failed(item, error) from error
    try:
        return _told(item, argument)
    finally:
        place.leave()


def _told(item: Implementation, argument: object) -> object:
    try:
        return call_outside(item, (argument,))
    except (Exception, SystemExit) as error:
        raise failed(item, error) from error
