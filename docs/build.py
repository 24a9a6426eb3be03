"""What mkdocs calls while it builds the site: adds the pages that are made from the code."""  # noqa: INP001  mkdocs loads it by its path

from __future__ import annotations

import json
import posixpath
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils.templates import TemplateContext

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from reference import (  # noqa: E402  found after the path is set
    commands,
    distributions,
    hooks,
    manifest,
    settings,
)
from reference.prose import in_korean  # noqa: E402  as above

from ion_framework.manifest.schema import manifest_schema  # noqa: E402  as above

PAGES = {
    "reference/hooks.md": hooks.page,
    "reference/manifest.md": manifest.page,
    "reference/commands.md": commands.page,
    "reference/settings.md": settings.page,
}
OTHER = {"en": ("ko", "한국어"), "ko": ("en", "English")}
"""The other language of a page, and what that calls itself."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put what is made from the code at the end of the navigation."""
    made = [name for name in PAGES if name.endswith(".md")]
    readmes = list(distributions.pages())
    config.nav = [*(config.nav or []), {"Reference": [*made, {"Distributions": readmes}]}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the reference, and the schema for editors."""
    made = {name: in_korean(name, page()) for name, page in PAGES.items()}
    made |= distributions.pages()
    made[f"reference/{manifest.SCHEMA_FILE}"] = json.dumps(manifest_schema(), indent=2)
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001  what mkdocs passes
    """Link a page to itself in the other language."""
    language, _, rest = page.file.src_uri.partition("/")
    if language not in OTHER:
        return markdown
    other, name = OTHER[language]
    address = posixpath.relpath(f"{other}/{rest}", posixpath.dirname(page.file.src_uri))
    marks = f'.other-language lang={other} data-search-exclude=""'
    return f"[{name}]({address}){{ {marks} }}\n\n{markdown}"


def on_page_context(
    context: TemplateContext,
    page: Page,
    config: MkDocsConfig,
    nav: Navigation,  # noqa: ARG001  as above
) -> TemplateContext:
    """Have what surrounds a Korean page be Korean, and its language told to browsers."""
    config.theme["language"] = "ko" if page.file.src_uri.startswith("ko/") else "en"
    return context
