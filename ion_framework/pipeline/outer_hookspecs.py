"""The hooks that stand around all turns: what plugins provide, their life, a host's requests.

`ion_framework.pipeline.hookspecs` is the map of all hooks.
"""

from __future__ import annotations

from collections.abc import Sequence

from ion_framework.domain.persona import Persona
from ion_framework.manifest.model import Kind
from ion_framework.pipeline.cache import TurnCache
from ion_framework.pipeline.incoming import IncomingRequest
from ion_framework.pipeline.markers import Family, HookRules, hookspec
from ion_framework.pipeline.provisions import Route, SecretSource, Store
from ion_framework.pipeline.verdict import Refusal
from ion_framework.slo.notice import Notice


@hookspec(HookRules(Family.PROVIDE, (list, tuple), kinds=(Kind.EXTENSION,)))
def ion_provide_personas() -> Sequence[Persona] | None:
    """Provide personas that no manifest describes, for example from a database.

    Called once, at activation, without I/O. One whose name is taken, or that a manifest could not
    describe, makes the plugin INVALID. A failure makes the plugin FAILED.

    Example::

        class Example:
            @hookimpl
            def ion_provide_personas(self):
                return [make_persona("echo", tone={Tone.PLAYFUL: Decimal(1)})]
    """


@hookspec(HookRules(Family.PROVIDE, (TurnCache,), kinds=(Kind.CACHE,)))
def ion_provide_cache() -> TurnCache | None:
    """Provide the cache of replies.

    Called once, at activation, without I/O; connections are opened in ``ion_startup``. Where two
    plugins provide a cache, ``order.ion_provide_cache`` in the settings says which one serves.
    A failure makes the plugin FAILED; turns then run without a cache.

    Example::

        class Example:
            @hookimpl
            def ion_provide_cache(self):
                return DictCache()
    """


@hookspec(HookRules(Family.PROVIDE, (Store,), kinds=(Kind.STORE,)))
def ion_provide_store() -> Store | None:
    """Provide a store of conversations; it is found in ``Ion.provisions.stores``.

    Called once, at activation, without I/O. A failure makes the plugin FAILED.

    Example::

        class Example:
            @hookimpl
            def ion_provide_store(self):
                return NullStore()
    """


@hookspec(HookRules(Family.PROVIDE, (list, tuple), kinds=(Kind.EXTENSION, Kind.MONITOR)))
def ion_provide_routes() -> Sequence[Route] | None:
    """Provide endpoints for a host; they are found in ``Ion.provisions.routes``.

    Called once, at activation, without I/O. A host serves the routes that are of its own type,
    and `ion_framework.pipeline.documents.DocumentRoute`, which needs no host to be imported.
    A failure makes the plugin FAILED.

    Example::

        class Example:
            @hookimpl
            def ion_provide_routes(self):
                return [NamedRoute("GET", "/example")]
    """


@hookspec(HookRules(Family.PROVIDE, (SecretSource,), kinds=(Kind.SECRETS, Kind.EXTENSION)))
def ion_provide_secrets() -> SecretSource | None:
    """Provide a source of secrets; hosts and plugins ask ``Ion.provisions.secret(name)``.

    Called once, at activation, without I/O. The first source that knows a name answers; one
    that raises is logged and passed over. A failure of the hook makes the plugin FAILED.

    A plugin of kind ``secrets`` comes to life before all others, and its source is asked for every
    secret setting that nothing else sets, by the name of its first variable
    (``ION_GEMINI_API_KEY``). It is asked in a thread and may wait for a network; all sources
    together have ``plugins.import_budget_s`` seconds.

    Example::

        class Example:
            @hookimpl
            def ion_provide_secrets(self):
                return MappingSecrets({"jwt": "s3cret"})
    """


@hookspec(HookRules(Family.PROVIDE))
async def ion_startup() -> None:
    """Open connections, warm up. Called before the first turn, whenever the `Ion` is opened.

    Called on the event loop; a third party's plain function in a thread, because it may block.
    All are called at once. Each has ``plugins.startup_budget_s`` seconds (2.5 by default) and is
    timed. One that raises or takes longer makes its plugin FAILED: its hooks are not called then.

    Example::

        class Example:
            @hookimpl
            async def ion_startup(self):
                self.ready = True
    """


@hookspec(HookRules(Family.OBSERVE))
async def ion_shutdown() -> None:
    """Close what ``ion_startup`` opened. Called after the last turn, on the event loop.

    Called for every active plugin, in reverse order, each within 2 seconds and all within 4; a
    failure is logged and stops nobody else. A plugin that failed in ``ion_startup`` is not called.

    Example::

        class Example:
            @hookimpl
            async def ion_shutdown(self):
                self.ready = False
    """


@hookspec(HookRules(Family.GUARD, (Refusal,), kinds=(Kind.GUARD,)))
async def ion_guard_request(request: IncomingRequest) -> Refusal | None:
    """Say whether a request to a host may be worked on.

    Called once for each request to an endpoint, after the caller is known and the request is
    decoded, before any turn of it runs. Probes of a host's health are not asked about.

    Args:
        request: the request, without credentials.

    Returns:
        None to agree, a `Refusal` to refuse. One refusal is enough.

    A guard that raises, hangs or returns something else refuses the request, with the code
    ``guard_failed``. All guards together have ``turn.guard_s``.

    Example::

        class Example:
            @hookimpl
            def ion_guard_request(self, request):
                if request.headers.get("user-agent", "").startswith("nosy/"):
                    return Refusal("nosy", "Programs of this kind are not answered.")
    """


@hookspec(HookRules(Family.OBSERVE, kinds=(Kind.MONITOR, Kind.EXTENSION)))
async def ion_notify(notice: Notice) -> None:
    """Be told that an alert fires, still fires, or is over.

    Called by a host when that changes, outside of all turns, and again every ``slo.repeat_s``
    seconds while the alert fires. However many processes serve, one of them calls it, with the
    figures of all.

    Args:
        notice: the alert with its figures; nothing that anybody wrote.

    All notifiers are told at once, and each has 5 seconds: what sends over a network takes the
    notice in and sends it behind. A notifier that fails is logged and keeps the notice from nobody
    else; one that fails 5 times within 60 seconds is QUARANTINED for 60.

    Example::

        class Example:
            @hookimpl
            async def ion_notify(self, notice):
                print(notice.rule, notice.state, notice.value)
    """
