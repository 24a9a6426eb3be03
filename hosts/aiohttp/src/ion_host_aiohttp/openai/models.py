"""``GET /v1/models`` and ``/v1/models/{id}``: the router and every persona as a model."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import Literal

import attrs

from ion_framework.ion import Ion
from ion_framework.plugin_host.record import Status
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.service import Service

AUTO = "ion-auto"
"""The model with which the router decides who answers."""
OWNER = "ion"
UNKNOWN = ErrorCase(HTTPStatus.NOT_FOUND, "model_not_found", "There is no such model.")
TAG = "openai"


@attrs.frozen(kw_only=True, slots=False)
class Model:
    """A model.

    Attributes:
        id: ``ion-auto`` or the name of a persona.
        object: the kind of this object.
        created: always 0: personas have no date.
        owned_by: the distribution that brings the persona.
    """

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str


@attrs.frozen(kw_only=True, slots=False)
class ModelList:
    """Every model: ``ion-auto``, then the active personas by rank."""

    object: Literal["list"] = "list"
    data: tuple[Model, ...]


async def list_models(call: Call[None], service: Service) -> Answer:  # noqa: ARG001  a handler's signature
    """List the models."""
    return Answer(body=ModelList(data=models_of(service.ion)))


async def show_model(call: Call[None], service: Service) -> Answer:
    """Show one model."""
    models = models_of(service.ion)
    found = next((model for model in models if model.id == call.path["id"]), None)
    if found is None:
        raise RequestFailed(unknown_model(call.path["id"], service.ion))
    return Answer(body=found)


def models_of(ion: Ion) -> tuple[Model, ...]:
    """Every model of an installation."""
    owners = {
        persona.name: record.distribution
        for record, personas in ion.host.provided("ion_provide_personas")
        for persona in personas
    }
    personas = (Model(id=p.name, owned_by=owners.get(p.name) or OWNER) for p in ion.personas)
    return (Model(id=AUTO, owned_by=OWNER), *personas)


def persona_of(model: str, ion: Ion) -> str | None:
    """The persona that a model is, None where the router decides.

    Raises:
        RequestFailed: 404: there is no such model.
    """
    if model == AUTO:
        return None
    if all(persona.name != model for persona in ion.personas):
        raise RequestFailed(unknown_model(model, ion))
    return model


def unknown_model(name: str, ion: Ion) -> Failure:
    """There is no such model: 404, with those that there are."""
    known = ", ".join((AUTO, *(persona.name for persona in ion.personas)))
    return Failure(
        status=HTTPStatus.NOT_FOUND,
        code="model_not_found",
        message=say("openai_unknown_model", model=name[:_SHOWN], known=known),
        field="model",
    )


_SHOWN = 100


def fingerprint(ion: Ion, version: str) -> str:
    """Names what answers: it changes with the host, an active plugin or a persona, and only then.

    Args:
        ion: the installation.
        version: the host's version.
    """
    plugins = (f"{r.name} {r.version}" for r in ion.plugins if r.status is Status.ACTIVE)
    personas = (f"{persona.name} {persona.version}" for persona in ion.personas)
    whole = "\n".join((version, *plugins, "", *personas))
    return f"fp_{hashlib.sha256(whole.encode()).hexdigest()[:_DIGITS]}"


_DIGITS = 12

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/models",
        handler=list_models,
        style=ErrorStyle.OPENAI,
        summary="The router and every active persona, each as a model of OpenAI's protocol.",
        response=ModelList,
        scope=Scope.READ,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/v1/models/{id}",
        handler=show_model,
        style=ErrorStyle.OPENAI,
        summary="One model of OpenAI's protocol.",
        response=Model,
        errors=(UNKNOWN,),
        scope=Scope.READ,
        tag=TAG,
    ),
)
