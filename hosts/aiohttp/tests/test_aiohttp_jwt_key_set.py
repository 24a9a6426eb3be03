"""Which keys of a JSON Web Key Set verify tokens."""

from __future__ import annotations

import json

import pytest
from ion_host_aiohttp.access.key_set import key_for, keys_of
from joserfc.jwk import ECKey, OctKey, RSAKey
from joserfc.util import int_to_base64

from ion_framework.settings.serving import JwtAlgorithm

FIRST = ECKey.generate_key("P-256", {"kid": "first"})
SECOND = ECKey.generate_key("P-256", {"kid": "second"})


def document(*keys):
    """The public key set of some keys."""
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


class TestKeySet:
    """Which keys of a set are taken."""

    @pytest.mark.parametrize("bits", [1024, 2047, 8193, 16384])
    def test_rsa_keys_of_other_sizes_are_refused(self, bits):
        """An RSA key that is weak, or so large that it takes long, is an error that says so."""
        modulus = int_to_base64(2 ** (bits - 1) + 1)
        entry = {"kty": "RSA", "n": modulus, "e": "AQAB"}
        with pytest.raises(ValueError, match=f"{bits} bits"):
            keys_of(json.dumps({"keys": [entry]}).encode(), JwtAlgorithm.RS256)

    def test_key_without_id_is_the_only_one(self):
        """A token without a kid is verified by the only key, and by none where there are two."""
        one = keys_of(document(FIRST), JwtAlgorithm.ES256)
        two = keys_of(document(FIRST, SECOND), JwtAlgorithm.ES256)

        assert key_for(one, None) is one["first"]
        assert key_for(two, None) is None
        assert key_for(two, "second") is two["second"]

    def test_other_keys_in_the_set_are_passed_over(self):
        """Keys of other types, curves and uses do not disturb, nor do members nobody knows."""
        others = (RSAKey.generate_key(2048), OctKey.generate_key(256), ECKey.generate_key("P-521"))
        entries = [key.as_dict() for key in others]
        entries += [{"kty": "future"}, {"kty": 5}, FIRST.as_dict(private=False) | {"later": "y"}]
        found = keys_of(json.dumps({"keys": entries}).encode(), JwtAlgorithm.ES256)

        assert ["first"] == list(found)
