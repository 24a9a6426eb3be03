"""``GET /api/v2/personas`` and ``/api/v2/personas/{name}``: who is here and for what."""

from __future__ import annotations

from http import HTTPStatus

import attrs

from ion_framework.domain.capabilities import capabilities
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Persona
from ion_framework.errors import UnknownPersonaError
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.errors.problem import DEFAULT_LANGUAGE
from ion_host_aiohttp.names import shown_names
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time


@attrs.frozen(kw_only=True, slots=False)
class PersonaView:
    """A persona and what it is best for."""

    name: str
    traits: tuple[str, ...]
    strengths: tuple[str, ...]
    best_for_tones: tuple[str, ...]
    best_for_paces: tuple[str, ...]
    best_for_intents: tuple[str, ...]


@attrs.frozen(kw_only=True, slots=False)
class PersonaReport(PersonaView):
    """One persona, asked for by name."""

    timestamp: str


@attrs.frozen(kw_only=True, slots=False)
class PersonaList:
    """Every active persona, by rank."""

    total: int
    personas: tuple[PersonaView, ...]
    timestamp: str


async def list_personas(call: Call[None], service: Service) -> Answer:
    """List the active personas."""
    names = shown_names(service.ion.personas)
    language = call.language or DEFAULT_LANGUAGE
    views = tuple(
        persona_view(persona, names[persona.name], language) for persona in service.ion.personas
    )
    return Answer(
        body=PersonaList(total=len(views), personas=views, timestamp=iso_time(service.clock.time()))
    )


async def show_persona(call: Call[None], service: Service) -> Answer:
    """Show one persona; case does not matter."""
    try:
        persona = service.ion.persona(call.path["name"])
    except UnknownPersonaError as error:
        raise RequestFailed(_unknown(error)) from error
    name = shown_names(service.ion.personas)[persona.name]
    view = persona_view(persona, name, call.language or DEFAULT_LANGUAGE)
    timestamp = iso_time(service.clock.time())
    return Answer(body=PersonaReport(**attrs.asdict(view), timestamp=timestamp))


def persona_view(persona: Persona, shown: str, language: Language) -> PersonaView:
    """A persona as the API shows it.

    Args:
        persona: the persona.
        shown: the name that the API shows for it.
        language: the language of its texts.
    """
    offers = capabilities(persona, language)
    return PersonaView(
        name=shown,
        traits=offers.traits,
        strengths=offers.strengths,
        best_for_tones=tuple(tone.value for tone in offers.best_for_tones),
        best_for_paces=tuple(pace.value for pace in offers.best_for_paces),
        best_for_intents=tuple(intent.value for intent in offers.best_for_intents),
    )


def _unknown(error: UnknownPersonaError) -> Failure:
    return Failure(
        status=HTTPStatus.NOT_FOUND,
        code="INVALID_PERSONA",
        message=say("unknown_persona", known=", ".join(error.known) or "-"),
        field="persona_name",
        details={"given": error.name[:_SHOWN], "known": error.known},
    )


_SHOWN = 100

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/v2/personas",
        handler=list_personas,
        style=ErrorStyle.V2,
        summary="Every active persona and what it is best for.",
        response=PersonaList,
        scope=Scope.READ,
    ),
    Endpoint(
        method="GET",
        path="/api/v2/personas/{name}",
        handler=show_persona,
        style=ErrorStyle.V2,
        summary="One persona and what it is best for.",
        response=PersonaReport,
        errors=(ErrorCase(HTTPStatus.NOT_FOUND, "INVALID_PERSONA", "There is no such persona."),),
        scope=Scope.READ,
    ),
)
