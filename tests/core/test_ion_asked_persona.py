"""A persona that the caller asks for by name: when it is looked up, and how sure the turn is."""

import asyncio
from decimal import Decimal

import pytest

from ion_framework.domain.key import Tone
from ion_framework.domain.routing import RoutingDecision
from ion_framework.errors import InvalidRequestError
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.testing import make_persona, make_plugin, running_ion

LUCY = make_persona("lucy", tone={Tone.CALM: Decimal("0.9")})
MAX = make_persona("max", tone={Tone.CALM: Decimal("0.2")})
EVA = make_persona("eva", tone={Tone.CALM: Decimal("0.6")})


def respond(persona, *plugins, personas=(LUCY, MAX, EVA)):
    """The reply to a calm message for a persona."""

    async def main():
        async with running_ion(*plugins, personas=personas) as ion:
            return await ion.respond(TurnRequest(text="hello", persona=persona))

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("persona", "secondary", "confidence"),
    [
        # lucy 0.7, eva 0.55, max 0.35
        ("lucy", "eva", Decimal("0.535")),
        ("eva", "lucy", Decimal("0.34")),
        ("max", "lucy", Decimal("0.14")),
    ],
)
def test_the_confidence_is_that_of_the_persona_asked_for(persona, secondary, confidence):
    """A forced persona has the confidence that follows from its own score, not the router's."""
    reply = respond(persona)

    assert (persona, secondary, confidence) == (
        reply.persona,
        reply.decision.secondary,
        reply.receipt.confidence,
    )


def test_a_persona_that_no_score_names_is_wholly_the_callers_choice():
    """Where a router gives no scores, the caller alone has decided."""

    class Terse:
        @hookimpl
        def ion_route(self):
            return RoutingDecision("lucy", None, Decimal("0.5"), {})

    reply = respond("max", make_plugin("terse", Terse(), "router"))

    assert (Decimal(1), True) == (reply.receipt.confidence, reply.decision.forced)


def test_an_unknown_persona_is_found_before_any_plugin_is_asked():
    """A request that cannot be answered as it is costs no guard, no context and no analysis."""
    asked = []

    class Watcher:
        @hookimpl
        def ion_guard(self):
            asked.append("guard")

        @hookimpl
        def ion_gather_context(self):
            asked.append("context")

        @hookimpl
        def ion_analyze(self):
            asked.append("analyze")

    with pytest.raises(InvalidRequestError, match="unknown persona 'ghost'"):
        respond("ghost", make_plugin("watch", Watcher(), "guard", "analyzer"))

    assert [] == asked
