"""The site of the documentation: built without a warning, and whole without a network."""

import re
import subprocess
import sys

import pytest

from tests.support.pages import names
from tests.support.repository import ROOT

pytest.importorskip("material", reason="mkdocs-material is installed by `tox run -e docs` only")
FETCHED = re.compile(r'<(?:script|img|iframe)\b[^>]*\bsrc="(https?:[^"]+)|<link\b[^>]*"(https?:)')


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site."""
    folder = tmp_path_factory.mktemp("site")
    config = ROOT / "docs" / "mkdocs.yml"
    done = subprocess.run(
        (sys.executable, "-m", "mkdocs", "build", "--strict", "-f", config, "-d", folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there_in_its_language(site):
    """A page says in which language it is, and links to itself in the other."""
    for language in ("en", "ko"):
        for name in names(language):
            text = (site / language / name).with_suffix(".html").read_text("utf-8")
            assert f'<html lang="{language}"' in text
            assert 'class="other-language"' in text


def test_nothing_is_fetched_from_elsewhere(site):
    """No page loads a script, a style, a font or a picture from another host."""
    pages = list(site.rglob("*.html"))

    assert pages
    assert not [
        (page.name, found.group())
        for page in pages
        for found in FETCHED.finditer(page.read_text("utf-8"))
    ]


def test_the_schema_for_editors_is_published(site):
    """The JSON Schema of manifests is a file of the site."""
    assert (site / "reference" / "ion-plugin.schema.json").stat().st_size > 1000
