"""Votes on answers: one persona, one ballot."""

from __future__ import annotations

from decimal import Decimal

from ion_framework.ensemble.aspects import PartReading
from ion_framework.ensemble.message_parts import MessagePart
from ion_framework.ensemble.voting import Voters, ballots_of, count, coverage
from ion_framework.testing import make_resonance
from tests.core.test_ensemble_merging import answer

LOG, TEAM = "The database server crashes every night.", "My team argues about meetings."


def part(text, **fits):
    """A part of a message with these fits."""
    return PartReading(
        MessagePart(text, 0, len(text)),
        make_resonance(),
        {name: Decimal(value) for name, value in fits.items()},
    )


PARTS = (part(LOG, ann="0.9", bob="0.8"), part(TEAM, ann="0.2", bob="0.3"))


def voted(*proposals, parts=PARTS):
    """The vote of the personas on their own proposals, without a model."""
    found = coverage(parts, proposals)
    return count(Voters.COVERAGE, ballots_of(found), proposals, found)


def test_of_two_the_better_answer_wins_however_light():
    """Of two answers the one that takes up the message wins, not the one that weighs more."""
    light = answer("ann", "0.1", "Look at why the database server crashes at night.")
    heavy = answer("bob", "0.9", "Bananas are yellow.")

    for proposals in ((light, heavy), (heavy, light)):
        vote = voted(*proposals)
        assert (vote.winner, dict(vote.totals)["ann"], vote.tied) == ("ann", 2, False)


def test_every_persona_judges_by_what_fits_it():
    """Who fits another part best votes for the answer that takes up that part."""
    parts = (part(LOG, ann="0.9", bob="0.1"), part(TEAM, ann="0.1", bob="0.9"))
    ann = answer("ann", "0.5", "Restart the database server before it crashes.")
    bob = answer("bob", "0.5", "Ask the team what the meetings are for.")

    vote = voted(ann, bob, parts=parts)

    assert dict(vote.ballots) == {"ann": "ann", "bob": "bob"}
    assert vote.tied
    assert all(0 <= value <= 1 for found in vote.judgements.values() for value in found.values())


def test_a_note_that_all_have_wins_nothing():
    """What all answers say alike does not count, even where it repeats the message."""
    note = "No model was asked about the database server that crashes every night."
    ann = answer("ann", "0.9", f"Bananas are yellow.\n\n{note}")
    bob = answer("bob", "0.1", f"The server crashes: read its log.\n\n{note}")

    assert voted(ann, bob).winner == "bob"


def test_weights_break_ties_only():
    """Ballots count one each; where they are even the heavier one is given, then the first."""
    three = [answer("ann", "0.6", "a"), answer("bob", "0.2", "b"), answer("cat", "0.2", "c")]
    two = [answer("ann", "0.4", "a"), answer("bob", "0.6", "b")]
    same = [answer("ann", "0.5", "a"), answer("bob", "0.5", "b")]

    outvoted = count(Voters.MODEL, {"ann": "ann", "bob": "bob", "cat": "bob"}, three)
    assert (outvoted.winner, dict(outvoted.totals)) == ("bob", {"ann": 1, "bob": 2, "cat": 0})
    assert not outvoted.tied
    assert count(Voters.MODEL, {"ann": "ann", "bob": "bob"}, two).winner == "bob"
    assert count(Voters.MODEL, {}, same).winner == "ann"
    assert count(Voters.MODEL, {}, same).tied


def test_who_cannot_tell_abstains():
    """A persona that finds two answers equally good gives no ballot."""
    one = Decimal("0.5")

    assert ballots_of(
        {"ann": {"ann": one, "bob": one}, "bob": {"ann": one, "bob": Decimal(0)}}
    ) == {"bob": "ann"}


def test_a_message_without_words_is_no_reason():
    """Where the message has no word to take up, everybody abstains and the weight decides."""
    vote = voted(answer("ann", "0.3", "Yes."), answer("bob", "0.7", "No."), parts=(part("?!"),))

    assert not vote.ballots
    assert (vote.winner, vote.tied) == ("bob", True)
