"""Markdown in answers on the chat page: drawn as elements, as it comes, and when it is hostile."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ion_framework import Finish, TextChunk, hookimpl

PLAN = """\
## Plan

**First**, look at the *plan* with `EXPLAIN`:

```sql
SELECT *
FROM <orders>;
```

1. Read it
   - the **costs**
   - the rows
2. Add an index

> Measure before you change
> anything.

| step | cost |
|:-----|-----:|
| scan | 12.5 |
| sort | 3 |

---
See [the manual](https://www.example.org/a_(b)?x=1&y=2 "title") or https://example.com/x.
**중요**합니다.
"""

HOSTILE = """\
<script>window.hit = 1</script><img src=x onerror="window.hit = 2">

# <svg onload="window.hit = 3">

[a](javascript:window.hit=4) [b](data:text/html,x) [c](JaVaScRiPt:x) [d](//evil.example)
[e](vbscript:x) [f](https://ok.example/"onmouseover="x) <https://ok.example/<b>> ![i](https://x.example/i.png)

```html
<iframe src="https://evil.example"></iframe>
```

| <b>h</b> | `<i>` |
|---|---|
| <u>u</u> | [x](javascript:1) |

- <form action="https://evil.example">
> <style>* { display: none }</style>
"""


class Writer:
    """Answers with a text in pieces, and waits before the last where it is told to.

    Args:
        answer: the text.
        size: characters of a piece.
    """

    model = "writer-1"

    def __init__(self, answer: str, size: int = 7) -> None:
        self.go_on = asyncio.Event()
        self.go_on.set()
        self._pieces = [answer[at : at + size] for at in range(0, len(answer), size)]

    @hookimpl
    async def ion_generate(self) -> AsyncIterator[Any]:
        """The answer."""
        for piece in self._pieces[:-1]:
            yield TextChunk(piece)
        await self.go_on.wait()
        yield TextChunk(self._pieces[-1])
        yield Finish(model=self.model)


async def markup(page: Any) -> str:
    """The elements of the answer as HTML."""
    return str(await page.locator(".text").first.evaluate("(element) => element.innerHTML"))


def hosted(hosting: Any, make: Any, chat: Any, writer: Writer) -> Any:
    """A host whose generator writes this."""
    return hosting(*chat.parts(make, writer))


async def test_markdown_is_drawn(hosting, make, chat):
    """Headings, emphasis, code, lists, quotes, tables and links are elements, also kept ones."""
    writer = Writer(PLAN)
    async with (
        hosted(hosting, make, chat, writer) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        await chat.say(page)
        live = await markup(page)
        await chat.keep(page, "markdown")
        await page.reload()
        await page.locator("details.receipt").wait_for()
        kept = await markup(page)

    assert live == kept
    for part in (
        "<h3>Plan</h3>",
        "<strong>First</strong>, look at the <em>plan</em> with <code>EXPLAIN</code>:",
        "<pre><code>SELECT *\nFROM &lt;orders&gt;;</code></pre>",
        '<ol start="1"><li>Read it<ul><li>the <strong>costs</strong></li><li>the rows</li></ul>'
        "</li><li>Add an index</li></ol>",
        "<blockquote><p>Measure before you change\nanything.</p></blockquote>",
        '<td>scan</td><td class="right">12.5</td>',
        "<hr>",
        '<a href="https://www.example.org/a_(b)?x=1&amp;y=2" rel="noopener noreferrer" '
        'target="_blank">the manual</a>',
        ">https://example.com/x</a>.",
        "<strong>중요</strong>합니다.",
    ):
        assert part in live


async def test_what_has_come_so_far_is_drawn(hosting, make, chat):
    """A block that is not closed yet runs to the end, and blocks before it are not drawn anew."""
    writer = Writer("One **bold** word.\n\n```\nfirst line\nsecond **line", size=3)
    writer.go_on.clear()
    async with (
        hosted(hosting, make, chat, writer) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        await chat.send(page)
        await page.expect(page.locator(".text pre code")).to_contain_text("second **l")
        await page.locator(".text p").evaluate("(element) => { element.mine = true; }")
        writer.go_on.set()
        await page.locator("details.receipt").wait_for()
        said = await markup(page)

    assert "<p>One <strong>bold</strong> word.</p>" in said
    assert said.endswith("<code>first line\nsecond **line</code></pre>")


async def test_what_is_too_wide_is_moved_by_the_keys(hosting, make, chat):
    """Long lines of code and wide tables are stops of the keyboard; those that fit are none."""
    wide = "```\n" + "x" * 200 + "\n```\n\n```\nx\n```\n\n" + "| column " * 12 + "\n" + "|-" * 12
    async with (
        hosted(hosting, make, chat, Writer(wide)) as host,
        chat.visiting(host.url, viewport={"width": 360, "height": 780}, **chat.EN) as page,
    ):
        await chat.say(page)
        stops = await page.locator(".text > :is(pre, div)").evaluate_all(
            "(found) => found.map((element) => element.tabIndex)"
        )
        width = await page.evaluate("document.documentElement.scrollWidth")

    assert stops == [0, -1, 0]
    assert width <= 360


async def test_hostile_markdown_is_text(hosting, make, chat):
    """Nothing of an answer becomes markup, runs, loads, or leads anywhere but to the web."""
    async with (
        hosted(hosting, make, chat, Writer(HOSTILE)) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        await chat.say(page)
        said = await markup(page)
        links = await page.locator(".text a").evaluate_all(
            "(found) => found.map((link) => [link.protocol, link.rel, link.attributes.length])"
        )
        shown = await page.locator(".text").first.inner_text()
        hit = await page.evaluate("window.hit")

    tags = set(re.findall(r"<(\w+)", said))
    known = {"p", "h3", "pre", "code", "div", "table", "thead", "tbody", "tr", "th", "td"}
    assert tags <= known | {"ul", "li", "blockquote", "a"}
    assert hit is None
    assert links
    assert all(link == ["https:", "noopener noreferrer", 3] for link in links)
    assert "[a](javascript:window.hit=4)" in shown
    assert "<script>window.hit = 1</script>" in shown


@pytest.mark.parametrize(
    "nonsense",
    [
        ">" * 5000,
        "- " * 5000,
        "*a _b **c " * 5000,
        "[" * 20000,
        "[a](" + " " * 20000,
        "`" * 20000 + "a",
        "# " + " #" * 10000,
        "|" * 5000 + "\n" + "|-" * 5000,
        "https://" + "." * 20000,
        "".join(f"{'  ' * depth}- x\n" for depth in range(400)),
    ],
    ids=[
        "quotes",
        "items",
        "emphasis",
        "brackets",
        "blanks",
        "ticks",
        "heads",
        "bars",
        "dots",
        "deep",
    ],
)
async def test_nonsense_costs_little(hosting, make, chat, nonsense):
    """Long nonsense is drawn at once rather than in minutes, and none of it is lost."""
    async with hosting() as host, chat.visiting(host.url, **chat.EN) as page:
        took = await page.evaluate(
            """async ([folder, source]) => {
                const { showMarkdown } = await import(`${folder}/markdown.js`);
                const element = document.createElement("div");
                const began = performance.now();
                showMarkdown(element, source);
                return performance.now() - began;
            }""",
            [await _folder(page), nonsense],
        )

    assert took < 10_000


async def _folder(page: Any) -> str:
    address = await page.locator("script[src]").first.get_attribute("src")
    return str(address).rsplit("/", 1)[0]
