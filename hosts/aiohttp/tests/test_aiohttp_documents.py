"""Documents of plugins: declared in the core's terms, served by this host."""

from __future__ import annotations

from http import HTTPStatus

from ion_host_aiohttp.workers.shared_folder import ALIVE, RUNS, shared_folder

from ion_framework import hookimpl
from ion_framework.pipeline.documents import CONNECTIONS, Document, DocumentRoute


class Librarian:
    """Provides two documents, of which one cannot be opened."""

    def __init__(self, scope=None):
        self.scope = scope
        self.views = []

    @hookimpl
    def ion_provide_routes(self):
        """The documents."""
        return [
            DocumentRoute(path="/book", summary="Read.", open=self.open, scope=self.scope),
            DocumentRoute(path="/torn", summary="Fail.", open=self.tear, scope=None),
        ]

    def open(self, view):
        """What writes the document."""
        self.views.append(view)

        async def write(accept):
            open_now = view.figures()[CONNECTIONS]
            return Document(f"{accept}|{open_now}".encode(), "text/plain; version=1.0.0")

        return write

    def tear(self, view):
        """Fail."""
        raise RuntimeError("torn")


async def test_a_document_is_served(hosting, make):
    """A document is written for what the caller accepts, and has the type that it names."""
    librarian = Librarian()
    async with hosting(make.plugin("librarian", "extension", librarian)) as host:
        async with host.session.get("/book", headers={"Accept": "text/plain"}) as response:
            body = await response.text()
            told = response.headers["Content-Type"]
        async with host.session.post("/book") as response:
            refused = response.status

    assert body == "text/plain|1"
    assert told == "text/plain; version=1.0.0; charset=utf-8"
    assert refused == HTTPStatus.METHOD_NOT_ALLOWED
    (view,) = librarian.views
    assert view.shared_dir is None


async def test_a_document_that_cannot_be_opened_answers_500(hosting, make):
    """Where opening fails, that document is an error, and the host serves the rest."""
    async with hosting(make.plugin("librarian", "extension", Librarian())) as host:
        async with host.session.get("/torn") as response:
            torn = response.status
        async with host.session.get("/health/live") as response:
            lives = response.status
        logged = host.lines("document of a plugin failed")

    assert (torn, lives) == (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.OK)
    assert logged[0]["path"] == "/torn"


class TestSharedFolder:
    """The folder that the workers of one run share."""

    def test_it_lives_as_long_as_the_run(self, tmp_path):
        """A run has an empty folder, which is gone afterwards."""
        with shared_folder(tmp_path, None) as first, shared_folder(tmp_path, None) as second:
            found = sorted(str(each) for each in (tmp_path / RUNS).iterdir())

        assert found == sorted([first, second])
        assert list((tmp_path / RUNS).iterdir()) == []

    def test_what_a_killed_run_left_is_removed(self, tmp_path):
        """A folder that nobody holds is removed when the next run begins."""
        left = tmp_path / RUNS / "run-left"
        left.mkdir(parents=True)
        (left / ALIVE).touch()

        with shared_folder(tmp_path, None):
            assert not left.exists()

    def test_a_place_is_found_without_a_folder_of_data(self, tmp_path):
        """Where data cannot be written, the system's folder for passing files is taken."""
        (tmp_path / "file").touch()

        with shared_folder(tmp_path / "file", None) as found:
            assert found is not None
            assert str(tmp_path) not in found
