"""A real PostgreSQL for tests: killed, frozen, started again, and gone at the end."""

import os
from pathlib import Path

import pytest

from ion_framework.testing import PostgresServer, find_postgres
from ion_framework.testing.network.postgres_install import POSTGRES_MISSING

pytestmark = pytest.mark.skipif(find_postgres() is None, reason=POSTGRES_MISSING)


def test_it_keeps_what_was_committed_over_a_crash():
    """Killed and started again it is on the same port with what it had, then gone altogether."""
    with PostgresServer() as server:
        folder = Path(server.sql("SHOW data_directory")).parent
        server.sql("CREATE TABLE kept AS SELECT 1 AS number")
        port = server.port
        server.kill()
        server.kill()
        assert not server.running
        server.start()
        assert (port, "1") == (server.port, server.sql("SELECT number FROM kept"))
        with pytest.raises(RuntimeError, match="running already"):
            server.start()
        server.freeze()

    assert not folder.exists()
    assert server.password not in repr(server)


def test_it_does_not_run_as_root():
    """PostgreSQL refuses root, so that the server belongs to another user where root tests."""
    with PostgresServer() as server:
        owner = Path(server.sql("SHOW data_directory")).stat().st_uid

    assert owner != 0
    assert owner == os.geteuid() or os.geteuid() == 0


def test_a_wrong_statement_is_an_error():
    """What PostgreSQL says of a statement is in the error."""
    with PostgresServer() as server, pytest.raises(RuntimeError, match="nonsense"):
        server.sql("nonsense")
