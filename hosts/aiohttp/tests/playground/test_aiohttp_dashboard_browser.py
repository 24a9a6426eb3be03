"""``/dashboard`` in a real browser, before a real host."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from ion_host_aiohttp.access import keys_work
from ion_host_aiohttp.access.key_record import KeyTerms

from ion_framework.settings.model import Settings

PATH = "/dashboard"
AXE = find_spec("axe_playwright_python")


async def ask(host, *texts):
    """Have messages answered."""
    for text in texts:
        async with host.session.post("/chat", json={"message": text}) as response:
            assert response.status < 500


async def rows(page, name):
    """The rows of a table of shares: name and count."""
    cells = page.locator(f"[data-share={name}] tbody tr")
    return {
        await row.locator("th").inner_text(): await row.locator("td").first.inner_text()
        for row in await cells.all()
    }


async def all_is_well(page):
    """That axe finds nothing, and nothing is wider than the screen."""
    width = page.viewport_size["width"]
    assert width >= await page.evaluate("document.documentElement.scrollWidth")
    if AXE is None:
        pytest.skip("axe-playwright-python is not installed")
    await page.evaluate(Path(AXE.origin).with_name("axe.min.js").read_text("utf-8"))
    report = await page.evaluate("axe.run()")
    assert [] == [(item["id"], item["nodes"][0]["html"]) for item in report["violations"]]


async def test_the_page_shows_what_the_host_counted(hosting, make, chat):
    """Codes, personas, tiers and totals on the page are the host's own counts, as they grow."""
    async with hosting(*make.standard()) as host:
        await ask(host, "I am frustrated", "I am frustrated", "I am curious")
        async with chat.visiting(host.url, PATH, **chat.EN) as page:
            await page.expect(page.locator("#state-text")).to_have_text("Live")
            await page.expect(page.locator("[data-share=personas]")).to_contain_text("elro")
            assert {"lua": "2", "elro": "1"} == await rows(page, "personas")
            await ask(host, "I am curious")
            cell = page.locator("[data-share=personas] tbody tr", has_text="elro")
            await page.expect(cell.locator("td").first).to_have_text("2")
            counted = host.service.own_figures()
            codes = await rows(page, "codes")
            assert counted.codes["200"] - int(codes["200"]) in (0, 1)
            assert {"memory": "2"} == await rows(page, "tiers")
            assert 2 == counted.tiers["memory"].hits
            memory = await page.locator("[data-tile=memory] dd").inner_text()
            assert "MB" in memory
            await page.expect(page.locator("#alert-list")).to_have_text("None.")
            assert 8 == await page.locator("#charts canvas").count()
            assert {record.name for record in host.service.ion.plugins} == set(
                await page.locator("#plugins tbody th").all_inner_texts()
            )


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
async def test_nobody_is_shut_out_of_the_figures(hosting, make, chat, scheme, width):
    """In either scheme, language and width axe finds nothing, tables and forms included."""
    language = chat.KO if scheme == "light" else chat.EN
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}, **language}
    async with hosting(*make.standard()) as host, chat.visiting(host.url, PATH, **options) as page:
        await ask(host, "I am frustrated", "I am curious")
        await page.locator("[data-share=personas] meter").nth(1).wait_for()
        await page.locator("[data-chart=latency] summary").click()
        await page.locator("[data-chart=latency] tbody tr").first.wait_for()
        await page.locator("#key-open").click()
        await chat.keep(page, f"dashboard-{scheme}-{width}")
        await all_is_well(page)


async def test_both_languages_and_schemes_are_a_button_away(hosting, make, chat):
    """The buttons change the words of the whole page and the colours of what is drawn."""
    async with hosting(*make.standard()) as host, chat.visiting(host.url, PATH, **chat.EN) as page:
        await page.expect(page.locator("#state-text")).to_have_text("Live")
        await page.locator("#language").click()
        await page.expect(page.locator("#state-text")).to_have_text("실시간")
        await page.expect(page.locator("[data-chart=latency] h3")).to_have_text("응답 시간")
        assert "ko" == await page.evaluate("document.documentElement.lang")
        await page.locator("#theme").click()
        assert "dark" == await page.evaluate("document.documentElement.dataset.theme")


async def test_the_page_pauses(hosting, make, chat):
    """Paused, the page stands still; afterwards it shows what has happened meanwhile."""
    async with hosting(*make.standard()) as host, chat.visiting(host.url, PATH, **chat.EN) as page:
        await page.locator("#charts canvas").first.wait_for()
        await page.locator("#pause").click()
        await page.expect(page.locator("#state-text")).to_contain_text("Paused")
        await ask(host, "I am frustrated")
        await page.wait_for_timeout(1500)
        assert {} == await rows(page, "personas")
        await page.locator("#pause").click()
        await page.expect(page.locator("[data-share=personas]")).to_contain_text("lua")


async def test_a_lost_stream_is_told_and_comes_back(hosting, make, chat, relaying):
    """When the connection breaks the page says so, keeps its figures and goes on by itself."""
    async with (
        hosting(*make.standard()) as host,
        relaying(host) as relay,
        chat.visiting(relay.url, PATH, **chat.EN) as page,
    ):
        await ask(host, "I am frustrated")
        await page.expect(page.locator("[data-share=personas]")).to_contain_text("lua")
        relay.is_down = True
        relay.lose_all()
        await page.expect(page.locator("#notice")).to_contain_text("Connection lost.")
        assert {"lua": "1"} == await rows(page, "personas")
        await ask(host, "I am curious")
        relay.is_down = False
        await page.expect(page.locator("#state-text")).to_have_text("Live")
        await page.expect(page.locator("#notice-box")).to_be_hidden()
        await page.expect(page.locator("[data-share=personas]")).to_contain_text("elro")
        await page.expect(page.locator("#spoken")).to_have_text("The connection is back.")
        # The browser itself tells of every connection that it could not make.
        page.complaints[:] = [each for each in page.complaints if "net::ERR_" not in each]


async def test_alerts_that_cannot_be_asked_for_stay_with_their_age(hosting, make, chat, relaying):
    """Where the host does not tell its alerts, the page keeps the last ones and marks them."""
    async with (
        hosting(*make.standard()) as host,
        relaying(host) as relay,
        chat.visiting(relay.url, PATH, **chat.EN) as page,
    ):
        await page.expect(page.locator("#alert-list")).to_have_text("None.")
        await page.route("**/api/v2/slo", lambda route: route.abort())
        relay.lose_all()
        await page.expect(page.locator("#alerts-stale")).to_contain_text("could not be asked")
        await page.expect(page.locator("#alert-list")).to_have_text("None.")
        page.complaints[:] = [each for each in page.complaints if "net::ERR_" not in each]


async def test_a_missing_file_is_named_and_asked_for_again(hosting, make, chat):
    """Where a script is not there the page says which, and is loaded again until it is whole."""
    async with hosting(*make.standard()) as host, chat.visiting(host.url, PATH, **chat.EN) as page:
        await page.expect(page.locator("#boot")).to_be_hidden()
        await page.route("**/charts.js", lambda route: route.abort())
        await page.reload()
        await page.expect(page.locator("#boot")).to_contain_text("main.js")
        await page.unroute("**/charts.js")
        await page.expect(page.locator("#state-text")).to_have_text("Live")
        await page.expect(page.locator("#boot")).to_be_hidden()
        page.complaints[:] = [each for each in page.complaints if "net::ERR_" not in each]


async def test_the_page_says_that_the_host_stops(hosting, make, chat):
    """A host that is stopped is told apart from a connection that broke."""
    async with hosting(*make.standard()) as host, chat.visiting(host.url, PATH, **chat.KO) as page:
        await page.expect(page.locator("#state-text")).to_have_text("실시간")
        host.service.lifecycle.drain()
        await page.expect(page.locator("#notice")).to_contain_text("서버가 종료되고 있습니다.")


async def test_the_page_asks_for_a_key_and_names_the_scope(
    hosting, make, chat, closed_door, tmp_path
):
    """It asks for a key, says which scope a lesser one lacks, and shows figures for a good one."""
    door, lesser = closed_door
    good = keys_work.create(Settings(data_dir=tmp_path), KeyTerms(scopes=("admin",))).key
    async with (
        hosting(*make.standard(), door=door) as host,
        chat.visiting(host.url, PATH, **chat.EN) as page,
    ):
        await page.expect(page.locator("#notice")).to_contain_text("asks for an API key")
        await page.expect(page.locator("#key")).to_be_focused()
        await page.locator("#key").fill(lesser)
        await page.keyboard.press("Enter")
        await page.expect(page.locator("#notice")).to_contain_text("lacks the scope admin")
        await page.locator("#key").fill(good)
        await page.keyboard.press("Enter")
        await page.expect(page.locator("#state-text")).to_have_text("Live")
        await page.expect(page.locator("#notice-box")).to_be_hidden()
        assert good not in await page.content()
        assert None is await page.evaluate("localStorage.getItem('ion.key')")
        page.complaints[:] = [each for each in page.complaints if "403" not in each]


async def test_the_keyboard_reaches_every_control_of_the_figures(hosting, make, chat):
    """Tab goes from the skip link through buttons to the tables of the charts, in that order."""
    async with hosting(*make.standard()) as host, chat.visiting(host.url, PATH, **chat.EN) as page:
        await page.locator("#charts summary").nth(7).wait_for()
        reached = []
        for _ in range(13):
            await page.keyboard.press("Tab")
            reached.append(
                await page.evaluate(
                    "document.activeElement.id || document.activeElement.textContent"
                )
            )
        assert ["Skip to the figures", "pause", "language", "theme", "key-open"] == reached[:5]
        assert ["As a table"] * 8 == reached[5:]
        await page.keyboard.press("Enter")
        await page.locator("[data-chart=cpu] tbody tr").first.wait_for()
