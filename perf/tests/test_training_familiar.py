"""What is familiar: a column per source, learned against all other messages."""

import pytest
from ion_resonance.familiar import SOURCES

from perf.training.corpus import Message
from perf.training.familiar import NEVER, fit_familiar, nothing_familiar
from perf.training.features import Table, table

OURS = ("en", "mentor")


def messages() -> list[Message]:
    """Messages of two familiar sources and of two others; one of them is in small letters."""
    said = {
        ("en", "icsi-mrda"): "so the {} channel was recorded",
        ("en", "goemotions"): "Wow the {} is a real legend",
        OURS: "Please help me with the {} tomorrow",
        ("ko", "mentor"): "{} 때문에 고민이에요",
    }
    things = ("kettle", "meadow", "harbour", "lantern", "window")
    return [
        Message(text.format(thing), *group[:1], "calm", group[1])
        for group, text in said.items()
        for thing in things
    ]


def given() -> Table:
    """These messages, read."""
    return table(messages(), "tone")


def test_each_source_knows_its_own():
    """A message is like its own source, and like no other."""
    shares = fit_familiar(given()).shares(given())

    for row, message in zip(shares, messages(), strict=True):
        likely = dict(zip(SOURCES, row, strict=True))
        own = likely.pop(message.source, None)
        assert max(likely.values()) < 0.1
        assert own is None or own > 0.3


def test_small_letters_tell_talk():
    """Small letters speak for the source that has nothing else, and against the one with none."""
    more = dict(zip(SOURCES, fit_familiar(given()).small, strict=True))

    assert more["icsi-mrda"] > 0.1
    assert more["goemotions"] < 0.0


def test_a_source_without_messages_is_never_familiar():
    """A source that was left out of the training takes no share, whatever is read."""
    fitted = fit_familiar(given())
    absent = [place for place, name in enumerate(SOURCES) if name in ("kote", "persuasion4good")]

    assert not fitted.shares(given())[:, absent].any()
    assert [NEVER, NEVER] == list(fitted.columns.biases[absent])
    assert not nothing_familiar().shares(given()).any()


def test_shares_are_at_most_everything():
    """Faint shares are none, and those that are left are divided where they exceed 1 together."""
    loud = nothing_familiar()
    loud.columns.biases[:] = [30.0, 30.0, -9.0, -9.0, 0.0]
    shares = loud.shares(given())

    assert shares.sum(axis=1) == pytest.approx(1.0)
    assert [0.4, 0.4, 0.0, 0.0, 0.2] == pytest.approx(list(shares[0]))
