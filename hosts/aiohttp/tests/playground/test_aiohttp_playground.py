"""``/playground`` as it is served: its policy, its files, and that it can be turned off."""

from __future__ import annotations

import re
from importlib.resources import files

from ion_host_aiohttp.browser import playground
from ion_host_aiohttp.browser.page_files import POLICY

from ion_framework.settings.model import Settings
from ion_framework.settings.serving import ApiSettings
from ion_framework.testing import MemoryStore

FOLDER = files("ion_host_aiohttp").joinpath("browser", "playground")


async def page(host, language="en"):
    """The page in a language, and its headers."""
    async with host.session.get("/playground", headers={"Accept-Language": language}) as response:
        assert 200 == response.status
        return await response.text(), response.headers


async def test_the_page_allows_nothing_but_its_own_files(hosting):
    """The policy lists the host alone, and nothing in the page runs or styles inline."""
    async with hosting() as host:
        html, headers = await page(host)

    assert POLICY == headers["Content-Security-Policy"]
    assert "unsafe" not in POLICY
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)|https?://", html)


async def test_the_page_tells_what_the_host_can(hosting, make):
    """The page says whether there is a store, in the language asked for."""
    store = make.plugin("shelves", "store", MemoryStore())
    standard = make.standard()
    async with hosting(*standard) as bare, hosting(*standard, store) as equipped:
        html, headers = await page(bare, "ko")
        other, _ = await page(equipped)

    assert '<html lang="ko" data-conversations="no" data-key="no" data-most="1000">' in html
    assert "ko" == headers["Content-Language"]
    assert '<html lang="en" data-conversations="yes"' in other


async def test_its_files_may_be_kept_for_ever(hosting):
    """Every file is served under the digest of all; under another digest there is none."""
    async with hosting() as host:
        html, _ = await page(host)
        folder = re.search(r"/playground/assets/[0-9a-f]{32}", html).group()
        for name, kind in (("main.js", "text/javascript"), ("playground.css", "text/css")):
            async with host.session.get(f"{folder}/{name}") as response:
                assert 200 == response.status
                assert response.headers["Content-Type"].startswith(kind)
                assert "immutable" in response.headers["Cache-Control"]
        for path in (
            f"{folder}/../secret",
            f"{folder}/x.js",
            f"/playground/assets/{32 * '0'}/main.js",
        ):
            async with host.session.get(path) as response:
                assert 404 == response.status


async def test_it_can_be_turned_off(hosting):
    """With ``api.playground = false`` there is neither the page nor its files."""
    async with hosting(settings=Settings(api=ApiSettings(playground=False))) as host:
        async with host.session.get("/playground") as response:
            assert 404 == response.status
        async with host.session.get("/docs") as response:
            assert 200 == response.status


def test_every_file_is_served():
    """What is shipped beside the page is what is served, and nothing puts markup into the page."""
    shipped = {item.name for item in FOLDER.iterdir() if item.is_file()}
    assert {*playground.get_args(playground.FileName), "playground.html"} == shipped
    for name in shipped - {"playground.html", "playground.css"}:
        script = FOLDER.joinpath(name).read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", script)


def test_every_text_is_there_in_both_languages():
    """Each key that the page or a script asks for has its two texts, and each text is asked for."""
    texts = FOLDER.joinpath("texts.js").read_text("utf-8")
    table = texts[texts.index("const TEXTS") : texts.index("export function text(")]
    known = set(re.findall(r"^  (\w+): \[\".+\", \".+\"\],$", table, re.MULTILINE))
    everything = "".join(
        item.read_text("utf-8").replace(table, "") for item in FOLDER.iterdir() if item.is_file()
    )
    asked = set(re.findall(r"data-(?:text|label)=\"(\w+)\"", everything))
    words = set(re.findall(r"\"(\w+)\"", everything))
    words |= {f"right_{name}" for name in ("persona", "tone", "intent")}
    assert asked <= known
    assert set() == known - asked - words
    assert set(re.findall(r"text\(\"(\w+)\"", everything)) <= known
