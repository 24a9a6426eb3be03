"""The pages of the documentation and their files, without a browser."""

from __future__ import annotations

import re
from importlib.resources import files

import attrs
import pytest

from ion_framework.settings.model import Settings
from ion_framework.settings.serving import ApiSettings

PAGES = ("/docs", "/redoc")
NONCE = re.compile(r"'nonce-([^']+)'")


def addresses(text):
    """What a page refers to."""
    return re.findall(r'(?:src|href)="([^"]+)"', text)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_needs_nothing_from_elsewhere(hosting, path):
    """Every file that a page refers to is served by the host, and may be kept for ever."""
    async with hosting() as host:
        async with host.session.get(path) as response:
            found = addresses(await response.text())
        kept = []
        for address in found:
            async with host.session.get(address) as response:
                kept.append((response.status, response.headers["Cache-Control"]))
                assert await response.read()

    assert len(found) > 2
    assert {(200, "public, max-age=31536000, immutable")} == set(kept)


@pytest.mark.parametrize("path", PAGES)
async def test_a_policy_lets_the_scripts_of_the_page_run_alone(hosting, path):
    """Scripts run by a nonce that is new each time; nothing may be inline, evaluated or foreign."""
    nonces = []
    async with hosting() as host:
        for _ in range(2):
            async with host.session.get(path) as response:
                policy, text = response.headers["Content-Security-Policy"], await response.text()
            [nonce] = set(NONCE.findall(policy))
            nonces.append(nonce)
            assert set(re.findall(r'<script nonce="([^"]+)" src=', text)) == {nonce}
            assert text.count("<script") == text.count("<script nonce=")

    assert nonces[0] != nonces[1]
    assert policy.startswith("default-src 'none'; script-src 'nonce-")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("language", "title"), [("ko", "ION HTTP API 문서"), ("en", "ION: the HTTP API")]
)
async def test_a_page_speaks_the_language_of_its_reader(hosting, language, title):
    """Our own words on the page follow Accept-Language."""
    asked = {"Accept-Language": language}
    async with hosting() as host, host.session.get("/docs", headers=asked) as response:
        text, headers = await response.text(), response.headers

    assert f"<title>{title}</title>" in text
    assert f'<html lang="{language}"' in text
    assert language == headers["Content-Language"]
    assert "Accept-Language" in headers["Vary"]


@pytest.mark.parametrize(
    "path",
    [
        f"/docs/assets/{'0' * 32}/page.css",
        f"/docs/assets/{'0' * 32}/nothing.js",
        f"/docs/assets/{'0' * 32}/..%2fNOTICE",
        "/docs/assets/x/page.css",
    ],
)
async def test_another_file_is_not_found(hosting, path):
    """Only the files of the pages are served, each in the version that its address names."""
    async with hosting() as host, host.session.get(path) as response:
        assert 404 == response.status


@pytest.mark.parametrize(("docs", "status"), [(True, 200), (False, 404)])
async def test_the_pages_can_be_turned_off(hosting, docs, status):
    """Without them the document is still there, and the service does not point to them."""
    settings = attrs.evolve(Settings(), api=ApiSettings(docs=docs))
    async with hosting(settings=settings) as host:
        found = []
        for path in (*PAGES, "/openapi.json"):
            async with host.session.get(path) as response:
                found.append(response.status)
        async with host.session.get("/") as response:
            pointed = (await response.json())["docs"]

    assert [status, status, 200] == found
    assert ("/docs" if docs else None) == pointed


def test_foreign_files_come_with_their_licences():
    """The notice names each package with its version, and no file refers to a source map."""
    folder = files("ion_host_aiohttp").joinpath("browser", "assets")
    notice = folder.joinpath("NOTICE").read_text("utf-8")

    for name in ("swagger-ui", "redoc"):
        assert re.search(rf"^{name}/ +npm package \S+ \d+\.\d+\.\d+, ", notice, re.MULTILINE)
        assert "icense" in folder.joinpath(name, "LICENSE").read_text("utf-8")
    for script in ("swagger-ui/swagger-ui-bundle.js", "redoc/redoc.standalone.js"):
        text = folder.joinpath(*script.split("/")).read_text("utf-8")
        assert not re.search(r"sourceMappingURL=[\w.-]+\.map", text)
        assert folder.joinpath(*f"{script}.LICENSE.txt".split("/")).is_file()
