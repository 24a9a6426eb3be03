"""The order of the tests."""


def pytest_collection_modifyitems(items):
    """What builds fresh environments comes first: begun last, it would keep one process busy."""
    items.sort(key=lambda item: item.get_closest_marker("environment") is None)
