"""The receipt on the chat page: bars to both sides, and words that stay whole on a small screen."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from ion_framework import Resonance, hookimpl
from ion_framework.domain.key import Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.language import detect_language
from ion_framework.domain.resonance import Evidence

MESSAGE = "이거 진짜 답답해요! resonance considerations"
SMALL = {"width": 360, "height": 780}
BROKEN = """(cells) => cells.flatMap((cell) => {
    const found = [];
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode;
        for (const word of node.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
            const range = document.createRange();
            range.setStart(node, word.index);
            range.setEnd(node, word.index + word[0].length);
            const [first, ...rest] = range.getClientRects();
            if (rest.some((next) => next.top > first.bottom - 2)) found.push(word[0]);
        }
    }
    return found;
})"""


class Weigher:
    """Reads messages as frustrated, with words for it and one against it."""

    @hookimpl
    def ion_analyze(self, turn: Any) -> Resonance:
        """The reading."""
        key = ResonanceKey(Tone.FRUSTRATED, Pace.FLOWING, Intent.SEEK_ADVICE)
        found = Resonance.given(key, detect_language(turn.text))
        return attrs.evolve(
            found,
            evidence=(
                Evidence("tone", "frustrated", "답답", 3.0, 6, 8),
                Evidence("tone", "frustrated", "considerations", -1.5, 22, 36),
                Evidence("intent", "seek_advice", "resonance", 0.5, 12, 21),
            ),
        )


def weighed(make: Any, chat: Any) -> tuple[Any, ...]:
    """The plugins of a host whose reading speaks for and against."""
    parts = [part for part in chat.parts(make) if part.name != "reader"]
    return (*parts, make.plugin("resonance-analyzer", "analyzer", Weigher()))


async def test_a_weight_against_is_drawn_to_the_other_side(hosting, make, chat):
    """A negative weight fills the left half, a positive one the right, and each says its name."""
    async with (
        hosting(*weighed(make, chat)) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        await chat.say(page, MESSAGE)
        sides = await page.locator(".sides").evaluate_all(
            "(rows) => rows.map((row) => Array.from(row.children, (m) => m.value))"
        )
        told = await page.get_by_role("meter", name="considerations weight").count()
        await chat.keep(page, "receipt-wide")

    assert sides == [[0, 3], [1.5, 0], [0, 0.5]]
    assert told == 1


@pytest.mark.parametrize("language", ["EN", "KO"])
async def test_words_stay_whole_on_a_small_screen(hosting, make, chat, language):
    """At 360 pixels no word of the receipt is broken, and the page itself is not wider."""
    async with (
        hosting(*weighed(make, chat)) as host,
        chat.visiting(host.url, viewport=SMALL, **getattr(chat, language)) as page,
    ):
        await chat.say(page, MESSAGE)
        broken = await page.locator(".receipt :is(th, td)").evaluate_all(BROKEN)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        await chat.keep(page, f"receipt-{language.lower()}")

    assert broken == []
    assert wide <= SMALL["width"]
