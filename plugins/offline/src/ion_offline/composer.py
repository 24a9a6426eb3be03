"""The answer as a whole: which parts it has and how the pace lays them out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ion_framework.domain.key import Intent, Pace, Tone
from ion_framework.domain.prompt import PromptMode
from ion_offline.lexicon import SocialKind
from ion_offline.material import Material
from ion_offline.phrasebook import FirstActions, Phrasebook
from ion_offline.social import social_kind
from ion_offline.social_reply import social_reply
from ion_offline.wording import Wording

_BURST_POINTS = 3


def compose(material: Material, phrases: Phrasebook, mode: PromptMode) -> str:
    """Compose the answer to a message; the same material always gives the same text.

    Args:
        material: what is known of the turn.
        phrases: the phrases of the language to answer in.
        mode: standard, or compact: at most three bullets and 80 words.
    """
    care = _care(material.text, phrases)
    wording = Wording(material, phrases)
    courtesy = None if care else social_kind(material.text, material.persona)
    if courtesy is not None:
        return _courtesy(courtesy, material, phrases, mode)
    if mode is PromptMode.COMPACT:
        return _bullets([care] if care else _compact(wording, phrases))
    if care:
        return _paragraphs([care, wording.notice()])
    if wording.key.tone is Tone.URGENT:
        return _paragraphs(_urgent(wording, phrases))
    return _paragraphs(_LAYOUTS[wording.key.pace](wording))


def _care(text: str, phrases: Phrasebook) -> str:
    """What to say where words suggest that a person is in danger, else empty."""
    heard = text.casefold().replace("’", "'")
    for care in phrases.care:
        if any(cue in heard for cue in care.cues):
            return care.text
    return ""


def _courtesy(kind: SocialKind, material: Material, phrases: Phrasebook, mode: PromptMode) -> str:
    """A few sentences without a way of working: there is nothing yet to work on."""
    wording, brief = Wording(material, phrases), mode is PromptMode.COMPACT
    reply = _sentences(*social_reply(kind, material, phrases, brief=brief))
    if brief:
        return _bullets([reply, wording.compact_notice()])
    return _paragraphs([reply, wording.short_notice()])


def _burst(wording: Wording) -> Iterable[str]:
    yield _sentences(wording.opening(), wording.restatement(), wording.history())
    yield _bullets(wording.fill(point) for point in wording.scaffold.points)
    if wording.names_nothing:
        yield wording.say("question", wording.scaffold.question)
    yield wording.notice()


def _medium(wording: Wording) -> Iterable[str]:
    yield _introduction(wording)
    yield f"{_lead(wording)}\n{_numbered(_steps(wording))}"
    yield _sentences(wording.angle(), wording.aside())
    yield _sentences(*_end(wording))
    yield wording.notice()


def _flowing(wording: Wording) -> Iterable[str]:
    yield _introduction(wording)
    yield wording.say("prose", wording.scaffold.prose)
    yield _sentences(wording.angle(), wording.aside())
    yield _sentences(*_end(wording))
    yield wording.notice()


def _contemplative(wording: Wording) -> Iterable[str]:
    yield _introduction(wording)
    yield _lead(wording)
    for step, thought in zip(_steps(wording), wording.scaffold.deeper, strict=True):
        yield _sentences(step, wording.fill(thought))
    yield _sentences(wording.angle(), wording.aside())
    yield _sentences(*_end(wording))
    yield wording.notice()


_LAYOUTS: Mapping[Pace, Callable[[Wording], Iterable[str]]] = {
    Pace.BURST: _burst,
    Pace.MEDIUM: _medium,
    Pace.FLOWING: _flowing,
    Pace.CONTEMPLATIVE: _contemplative,
}


def _urgent(wording: Wording, phrases: Phrasebook) -> Iterable[str]:
    """First actions before anything else; the way of working follows in a few words."""
    first = _first_actions(wording, phrases)
    brief = wording.key.pace is Pace.BURST
    steps = first.steps[:_BURST_POINTS] if brief else first.steps
    yield _sentences(wording.opening(), wording.restatement())
    yield f"{wording.say('lead', first.lead)}\n{_numbered(wording.fill(step) for step in steps)}"
    if not brief:
        points = _bullets(wording.fill(point) for point in wording.scaffold.points)
        yield f"{wording.say('after', first.after)}\n{points}"
        yield _sentences(wording.history(), wording.notes())
        yield _sentences(wording.aside(), *_end(wording))
    elif tie := wording.history():
        yield tie
    yield wording.notice()


def _compact(wording: Wording, phrases: Phrasebook) -> Iterable[str]:
    yield wording.history() or wording.restatement()
    if wording.key.tone is Tone.URGENT:
        yield wording.fill(_first_actions(wording, phrases).steps[0])
    else:
        yield wording.fill(wording.scaffold.points[0])
    yield wording.compact_notice()


def _first_actions(wording: Wording, phrases: Phrasebook) -> FirstActions:
    broken = wording.key.intent is Intent.PROBLEM_SOLVING
    return phrases.urgent.problem_solving if broken else phrases.urgent.other


def _introduction(wording: Wording) -> str:
    return _sentences(wording.opening(), wording.restatement(), wording.history(), wording.notes())


def _lead(wording: Wording) -> str:
    options = wording.scaffold.choice_lead if wording.chooses else wording.scaffold.lead
    return wording.say("lead", options)


def _steps(wording: Wording) -> Sequence[str]:
    steps = wording.scaffold.steps
    return [wording.say(f"step {place}", options) for place, options in enumerate(steps)]


def _end(wording: Wording) -> tuple[str, str, str]:
    question = wording.say("question", wording.scaffold.question)
    return question, wording.doubt(), wording.closing()


def _sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _paragraphs(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def _bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _numbered(items: Iterable[str]) -> str:
    return "\n".join(f"{number}. {item}" for number, item in enumerate(items, start=1))
