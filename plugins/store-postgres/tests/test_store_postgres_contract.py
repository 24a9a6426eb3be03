"""The store keeps the contract of all stores."""

from __future__ import annotations

import pytest

from ion_framework.testing import StoreContract


@pytest.fixture(autouse=True)
def an_empty_schema(request, server, schema):
    """Each test has tables of its own."""
    contract = request.instance
    contract.settings = {"schema": schema}
    contract.environ = {"ION_POSTGRES_URL": server.url}


class TestPostgresStore(StoreContract):
    """The contract, on a real PostgreSQL."""

    plugin = "store-postgres"
