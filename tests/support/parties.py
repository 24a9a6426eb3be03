"""The same plugin as one of ours and as a third party's, which are called in different ways."""

import attrs
import pytest

PARTIES = ("first", "third")
BOTH = pytest.mark.parametrize("party", PARTIES)


def of_party(candidate, party):
    """A plugin that lives in this process, as one of ours where the party is ``first``."""
    return attrs.evolve(candidate, distribution="ion-offline") if party == "first" else candidate
