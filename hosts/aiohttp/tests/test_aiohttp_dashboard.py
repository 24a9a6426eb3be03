"""``/dashboard`` as it is served: its policy, its files, and that it can be turned off."""

from __future__ import annotations

import re
from importlib.resources import files

from ion_host_aiohttp.browser import dashboard
from ion_host_aiohttp.browser.page_files import POLICY

from ion_framework.settings.model import Settings
from ion_framework.settings.serving import ApiSettings

FOLDER = files("ion_host_aiohttp").joinpath("browser", "dashboard")


async def page(host, language="en"):
    """The page in a language, and its headers."""
    async with host.session.get("/dashboard", headers={"Accept-Language": language}) as response:
        assert 200 == response.status
        return await response.text(), response.headers


async def test_the_dashboard_allows_nothing_but_its_own_files(hosting):
    """The policy lists the host alone, and nothing in the page runs or styles inline."""
    async with hosting() as host:
        html, headers = await page(host)
        korean, _ = await page(host, "ko")

    assert POLICY == headers["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)|https?://", html)
    assert '<html lang="en" data-key="no" data-alerts="' in html
    assert "<title>ION 대시보드</title>" in korean


async def test_every_file_of_the_dashboard_is_served(hosting):
    """Every file that the page names, and every script that one imports, is there to be kept."""
    async with hosting() as host:
        html, _ = await page(host)
        folder = re.search(r"/dashboard/assets/[0-9a-f]{32}", html).group()
        wanted = set(re.findall(rf"{folder}/([\w.-]+)", html))
        for name in dashboard.get_args(dashboard.FileName):
            async with host.session.get(f"{folder}/{name}") as response:
                assert 200 == response.status
                assert "immutable" in response.headers["Cache-Control"]
                wanted |= set(re.findall(r'from "\./([\w.-]+)"', await response.text()))
        async with host.session.get(f"/dashboard/assets/{32 * '0'}/main.js") as response:
            assert 404 == response.status

    assert wanted == set(dashboard.get_args(dashboard.FileName))


async def test_the_dashboard_can_be_turned_off(hosting):
    """With ``api.dashboard = false`` there is no page; the figures stay."""
    async with hosting(settings=Settings(api=ApiSettings(dashboard=False))) as host:
        async with host.session.get("/dashboard") as response:
            assert 404 == response.status
        async with host.session.get("/api/v2/figures") as response:
            assert 200 == response.status


def test_what_the_dashboard_ships_is_what_it_serves():
    """No file lies beside the page unserved, and no script puts markup into the page."""
    shipped = {item.name for item in FOLDER.iterdir() if item.is_file()}

    assert shipped - {"dashboard.html"} <= set(dashboard.get_args(dashboard.FileName))
    for name in shipped - {"dashboard.html", "dashboard.css"}:
        script = FOLDER.joinpath(name).read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", script)


def test_every_text_of_the_dashboard_is_there_in_both_languages():
    """Each key that the page or a script asks for has its two texts, and each text is asked for."""
    texts = FOLDER.joinpath("texts.js").read_text("utf-8")
    table = texts[texts.index("const TEXTS") : texts.index("export function text(")]
    known = set(re.findall(r"^  (\w+): \[\".+\", \".+\"\],$", table, re.MULTILINE))
    everything = "".join(
        item.read_text("utf-8").replace(table, "") for item in FOLDER.iterdir() if item.is_file()
    )
    asked = set(re.findall(r"data-text=\"(\w+)\"", everything))
    words = set(re.findall(r"\"(\w+)\"", everything)) | STATUSES | {"theme_light", "theme_dark"}

    assert asked <= known
    assert set() == known - asked - words
    assert set(re.findall(r"text\(\"(\w+)\"", everything)) <= known


STATUSES = {"active", "ready", "idle", "disabled"}
