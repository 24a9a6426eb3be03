"""A page with scripts and style sheets of its own: read once, named by a digest of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files

import attrs

from ion_host_aiohttp.api.endpoint import Answer, Call
from ion_host_aiohttp.browser.assets import Asset, digest_of, media_type_of
from ion_host_aiohttp.browser.serving import file_answer
from ion_host_aiohttp.service import Service

# Images: the empty icon. Everything else is the host's own file; nothing stands in the page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content security policy of such a page."""

YES_NO: Mapping[bool, str] = {True: "yes", False: "no"}
"""How a page is told that something is so."""


@attrs.frozen
class PageFiles:
    """A page and what it loads.

    Attributes:
        page: the page, with gaps.
        bodies: the files by name.
        digest: of all of them, because they name each other: hexadecimal.
    """

    page: str
    bodies: Mapping[str, bytes]
    digest: str

    async def give(self, call: Call[None], service: Service) -> Answer:  # noqa: ARG002  a handler's signature
        """Give a file.

        Raises:
            HTTPNotFound: the address names another version of the files than there is.
        """
        name = call.path["name"]
        asset = Asset(self.bodies[name], media_type_of(name), self.digest)
        return file_answer(asset, call.path["digest"])


def read_page(
    name: str, file_names: Iterable[str], elsewhere: Mapping[str, tuple[str, ...]]
) -> PageFiles:
    """What is shipped of a page.

    Args:
        name: of the page, and of its folder.
        file_names: the files that it loads.
        elsewhere: folders of those that do not lie in its own.
    """
    browser = files("ion_host_aiohttp").joinpath("browser")
    bodies = {
        file: browser.joinpath(*elsewhere.get(file, (name,)), file).read_bytes()
        for file in file_names
    }
    page = browser.joinpath(name, f"{name}.html").read_text("utf-8")
    return PageFiles(page, bodies, digest_of(b"\0".join(bodies.values())))
