"""``/docs`` and ``/redoc`` in a real browser, under the host's own content security policy."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_MS = 60_000

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (apt: chromium)")


class Visit:
    """A page with everything that it complains about and asks for."""

    def __init__(self, page, url):
        self.page = page
        self.url = url
        self.complaints = []
        self.asked = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", lambda request: self.complaints.append(request.url))
        page.on("request", lambda request: self.asked.append(request.url))

    def _on_console(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    @property
    def strangers(self):
        """The addresses elsewhere that the page asked for."""
        inside = (self.url, "data:", "blob:")
        return [address for address in self.asked if not address.startswith(inside)]

    async def keep(self, name):
        """Write a picture of the page into the folder that ``ION_PICTURES`` names, if any."""
        if folder := os.environ.get("ION_PICTURES"):
            await self.page.screenshot(path=f"{folder}/{name}.png", full_page=False)


@asynccontextmanager
async def visiting(url: str, path: str, **options: str) -> AsyncIterator[Visit]:
    """A visit of a page."""
    async with playwright.async_playwright() as engine:
        browser = await engine.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            page = await browser.new_page(viewport={"width": 1280, "height": 1600}, **options)
            page.set_default_timeout(PATIENCE_MS)
            visit = Visit(page, url)
            await page.goto(url + path)
            yield visit
        finally:
            await browser.close()


async def test_a_call_works_from_the_docs(hosting):
    """A message sent with "Try it out" is answered in the page without any complaint."""
    async with hosting() as host, visiting(host.url, "/docs", locale="ko-KR") as visit:
        page = visit.page
        operation = page.locator("#operations-v2-post_api_v2_process")
        await operation.locator(".opblock-summary-control").click()
        await operation.get_by_role("button", name="Try it out").click()
        await operation.locator("textarea.body-param__text").fill('{"user_input": "정말 답답해요"}')
        await operation.get_by_role("button", name="Execute").click()
        answer = operation.locator(".live-responses-table .response").first
        await answer.wait_for()
        await answer.scroll_into_view_if_needed()
        await visit.keep("docs")
        text = await answer.inner_text()
        title = await page.title()

    assert "200" in text
    assert "answer to: 정말 답답해요" in text
    assert "ION HTTP API 문서" == title
    assert [] == visit.complaints
    assert [] == visit.strangers


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_a_foreign_script_does_not_run(hosting, path):
    """What gets into a page by itself is not executed, and the browser says so."""
    put_in = """() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'taken over'";
        document.body.append(script);
    }"""
    async with hosting() as host, visiting(host.url, path) as visit:
        await visit.page.evaluate(put_in)
        await visit.page.wait_for_timeout(100)
        title = await visit.page.title()

    assert "taken over" != title
    assert "Content Security Policy" in " ".join(visit.complaints)


async def test_redoc_shows_the_api(hosting):
    """Redoc shows the operations and finds one by a word, and the browser complains of nothing."""
    async with hosting() as host, visiting(host.url, "/redoc", locale="en-GB") as visit:
        page = visit.page
        await page.get_by_role("heading", name="Answer a message as the persona").first.wait_for()
        await page.get_by_placeholder("Search...").press_sequentially("personas")
        await page.locator('[data-role="search:results"] li').first.wait_for()
        await visit.keep("redoc")
        title = await page.title()

    assert "ION: the HTTP API" == title
    assert [] == visit.complaints
    assert [] == visit.strangers
