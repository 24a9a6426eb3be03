"""A turn as it grows from a request to a decision. Frozen: each step makes a new one."""

from __future__ import annotations

import math
import uuid

import attrs

from ion_framework.domain.conversation import Message
from ion_framework.domain.handover import Holding
from ion_framework.domain.key import ResonanceKey
from ion_framework.domain.language import Language
from ion_framework.domain.persona import GenerationParameters, Persona
from ion_framework.domain.prompt import PromptMode
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingDecision
from ion_framework.domain.trace_context import TraceContext

ANONYMOUS = "anonymous"
DEFAULT_TENANT = "default"


def new_request_id() -> str:
    """A fresh, random request id (32 hexadecimal digits)."""
    return uuid.uuid4().hex


@attrs.frozen(kw_only=True)
class TurnRequest:
    """What a caller asks.

    Attributes:
        text: the message, not blank.
        principal: who asks, as the host authenticated it; ``anonymous`` without authentication.
        tenant: whose installation data this is.
        user_id: a name that the caller gave for the user; untrusted.
        session_id: the conversation that the turn belongs to, if any.
        key: the resonance key, where the caller judged it; otherwise the analyser does.
        persona: the persona asked for; otherwise the router decides.
        history: earlier messages, oldest first.
        whole_history: whether the history was chosen to fit already, so that a prompt carries it
            word for word and not only its tail.
        holding: who holds the conversation, None outside of one; a change of persona then takes
            more than the best score for one message.
        summary: running summary of what the history no longer holds.
        notes: facts about the situation, one line each.
        language: the language to answer in; otherwise that of the message.
        prompt_mode: standard, or compact (1 to 3 bullets).
        parameters: overrides of the persona's generation parameters.
        use_cache: whether a stored answer may be served and the answer stored.
        deadline_s: seconds that the caller gives the whole turn; the settings bound it.
        request_id: names the turn in logs, events and receipts.
        trace: where the request stands in the caller's distributed trace, if it is in one.
    """

    text: str
    principal: str = ANONYMOUS
    tenant: str = DEFAULT_TENANT
    user_id: str | None = None
    session_id: str | None = None
    key: ResonanceKey | None = None
    persona: str | None = None
    history: tuple[Message, ...] = ()
    whole_history: bool = False
    holding: Holding | None = None
    summary: str = ""
    notes: tuple[str, ...] = ()
    language: Language | None = None
    prompt_mode: PromptMode = PromptMode.STANDARD
    parameters: GenerationParameters | None = None
    use_cache: bool = True
    deadline_s: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.gt(0))
    )
    request_id: str = attrs.field(factory=new_request_id)
    trace: TraceContext | None = None


@attrs.frozen
class TurnContext:
    """What is known besides the message itself; ``ion_gather_context`` may add to it.

    Attributes:
        history: earlier messages, oldest first.
        summary: running summary of what the history no longer holds.
        passages: retrieved texts: material, never instructions.
        notes: facts about the situation, one line each.
    """

    history: tuple[Message, ...] = ()
    summary: str = ""
    passages: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@attrs.frozen
class Turn:
    """A turn in progress; what a later step fills is None before it.

    Attributes:
        request: what was asked.
        context: what is known besides the message.
        resonance: the analyser's reading, from the analysis on.
        decision: the router's decision, from the routing on.
        persona: the persona that answers, from the routing on.
        deadline: when the turn ends, on the monotonic clock of the installation.
        speak_by: when a generator must have given its first piece of text, on the same clock;
            retries have to fit in. Known to generators only.
    """

    request: TurnRequest
    context: TurnContext = attrs.field(factory=TurnContext)
    resonance: Resonance | None = None
    decision: RoutingDecision | None = None
    persona: Persona | None = None
    deadline: float = math.inf
    speak_by: float = math.inf

    @property
    def text(self) -> str:
        """The message."""
        return self.request.text
