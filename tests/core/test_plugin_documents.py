"""Documents: endpoints that name no host."""

from pathlib import Path

from ion_framework import hookimpl
from ion_framework.pipeline.documents import Document, DocumentRoute, HostView
from ion_framework.pipeline.provisions import Route
from ion_framework.testing import make_plugin, running_ion


class Librarian:
    """Provides a document that tells what it was shown."""

    @hookimpl
    def ion_provide_routes(self):
        """The document."""
        return [DocumentRoute(path="/book", summary="Read.", open=self.open)]

    def open(self, view):
        """What writes it."""

        async def write(accept):
            names = ",".join(record.name for record in view.ion.plugins)
            return Document(f"{accept} {view.figures()} {names}".encode(), "text/plain")

        return write


async def test_a_document_is_a_route():
    """A document is found among the routes, is for administrators, and sees what its host shows."""
    async with running_ion(make_plugin("librarian", Librarian(), "extension")) as ion:
        (route,) = ion.provisions.routes
        write = route.open(HostView(ion=ion, figures=lambda: {"in_flight": 1.0}))
        document = await write("text/plain")

    assert isinstance(route, Route)
    assert (route.method, route.path, route.scope) == ("GET", "/book", "admin")
    assert document.body.startswith(b"text/plain {'in_flight': 1.0} ")
    assert b"librarian" in document.body


def test_one_process_shares_nothing():
    """A host of one process has no folder to share, one of several names it."""
    alone = HostView(ion=None, figures=dict)
    together = HostView(ion=None, figures=dict, shared_dir=Path("shared"))

    assert alone.shared_dir is None
    assert together.shared_dir == Path("shared")
