"""JSON Web Tokens at the door of a real host: which are believed, and whom they let in."""

from __future__ import annotations

import base64
import io
import json
import time
from contextlib import asynccontextmanager

import attrs
import pytest
from ion_host_aiohttp.access.authentication import authenticates, make_authenticator
from ion_host_aiohttp.access.caller import Credentials
from ion_host_aiohttp.access.token_text import LONGEST
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.run.logs import make_logger
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.secrets import Secrets
from ion_framework.settings.serving import AuthSettings, JwtAlgorithm, JwtIssuerSettings, KeyMode
from ion_framework.testing import VirtualClock

ISSUER = "https://id.example"
AUDIENCE = "ion"
SECRET = "0123456789abcdef0123456789abcdef"
RSA = RSAKey.generate_key(2048, {"kid": "r1"})
EC = ECKey.generate_key("P-256", {"kid": "e1"})
OCT = OctKey.import_key(SECRET)
KEYS = {JwtAlgorithm.HS256: OCT, JwtAlgorithm.RS256: RSA, JwtAlgorithm.ES256: EC}


def key_set(*keys, **more):
    """The public key set of some keys."""
    return json.dumps({"keys": [key.as_dict(private=False) | more for key in keys]})


def claims(now=None, **changes):
    """The claims of a good token, changed; None takes one out."""
    now = time.time() if now is None else now
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ada",
        "iat": int(now) - 5,
        "exp": int(now) + 300,
        "scope": "chat read",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def token(algorithm=JwtAlgorithm.RS256, key=None, header=None, **changes):
    """A token that is signed with a key."""
    key = key or KEYS[algorithm]
    full = {"alg": algorithm.value, **({"kid": key.kid} if key.kid else {}), **(header or {})}
    full = {name: value for name, value in full.items() if value is not None}
    return jwt.encode(full, claims(**changes), key, algorithms=[algorithm.value])


@pytest.fixture
def issuer(tmp_path):
    """A function that gives the settings of an issuer."""
    file = tmp_path / "jwks.json"
    file.write_text(key_set(RSA, EC))

    def make(algorithm=JwtAlgorithm.RS256, **more):
        source = {"secret": "S"} if algorithm is JwtAlgorithm.HS256 else {"jwks_file": file}
        basis = {"issuer": ISSUER, "audience": AUDIENCE, "algorithm": algorithm}
        return JwtIssuerSettings(**(basis | source | more))

    return make


def settings_of(*issuers):
    """Settings with these issuers and no keys."""
    return Settings(auth=AuthSettings(keys=KeyMode.OFF, jwt=issuers))


@asynccontextmanager
async def door_of(*issuers, secret=SECRET, clock=None, log=None):
    """The door that these issuers make."""
    logger = make_logger(log or io.StringIO(), LogSettings())
    environ = Secrets({"S": secret})
    door = await make_authenticator(settings_of(*issuers), environ, logger, clock)
    try:
        yield door
    finally:
        await door.close()


async def refused(door, text):
    """Whether a token is refused with 401; any other failure is an error."""
    try:
        await door.identify(Credentials(bearer=text), "")
    except RequestFailed as failed:
        return failed.failure.status == 401
    return False


class TestBelieved:
    """Tokens that let somebody in."""

    @pytest.mark.parametrize("algorithm", JwtAlgorithm)
    async def test_token_opens_a_real_host(self, hosting, issuer, algorithm):
        """A token by each algorithm is taken over a socket, and without one there is a 401."""
        async with door_of(issuer(algorithm)) as door, hosting(door=door) as host:
            headers = {"Authorization": f"Bearer {token(algorithm)}"}
            granted = await host.session.get("/api/v2/personas", headers=headers)
            refusal = await host.session.get("/api/v2/personas")

        assert (200, 401) == (granted.status, refusal.status)
        assert authenticates(settings_of(issuer(algorithm)))

    async def test_scopes_are_asked_for(self, hosting, issuer):
        """A token that lacks the scope of an endpoint is a 403."""
        async with door_of(issuer()) as door, hosting(door=door) as host:
            headers = {"Authorization": f"Bearer {token(scope='chat')}"}
            response = await host.session.get("/api/v2/personas", headers=headers)

        assert 403 == response.status

    async def test_refusal_says_nothing_and_the_log_has_no_token(self, hosting, issuer):
        """An expired token is told that it is not valid; the log has why, and not the token."""
        log = io.StringIO()
        text = token(exp=int(time.time()) - 3600)
        async with door_of(issuer(), log=log) as door, hosting(door=door) as host:
            headers = {"Authorization": f"Bearer {text}"}
            response = await host.session.get("/api/v2/personas", headers=headers)
            body = await response.text()

        assert 401 == response.status
        assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
        assert "expired" not in body
        assert "expired" in log.getvalue()
        assert not any(part in log.getvalue() + body for part in text.split("."))

    async def test_caller_has_what_the_claims_say(self, issuer):
        """Scopes, tenant and tier come from the claims that the settings name."""
        named = issuer(scopes_claim="roles", tenant_claim="org", tier_claim="plan")
        async with door_of(named) as door:
            text = token(roles=["chat", "x"], org="acme", plan="gold", scope="admin")
            caller = await door.identify(Credentials(bearer=text), "")

        assert ({"chat", "x"}, "acme", "gold") == (set(caller.scopes), caller.tenant, caller.tier)
        assert caller.principal == caller.subject == "jwt:https%3A%2F%2Fid.example:ada"

    async def test_principals_are_not_ambiguous(self, issuer):
        """Issuers and subjects with colons in them never make the name of another."""
        issuers = [issuer(issuer=name) for name in ("a", "a:b")]
        pairs = [("a", "b:c"), ("a:b", "c"), ("a", "b"), ("a:b", "c:d")]
        found = set()
        async with door_of(*issuers) as door:
            for name, subject in pairs:
                text = token(iss=name, sub=subject)
                caller = await door.identify(Credentials(bearer=text), "")
                found |= {caller.principal, caller.principal_for("d"), caller.principal_for("c:d")}

        assert 3 * len(pairs) == len(found)

    async def test_token_without_scopes_is_granted_none(self, issuer):
        """No claim of scopes is no scope, and never all of them."""
        async with door_of(issuer()) as door:
            caller = await door.identify(Credentials(bearer=token(scope=None)), "")

        assert frozenset() == caller.scopes

    async def test_audience_may_be_one_of_several(self, issuer):
        """A token for several audiences is taken where this is one of them."""
        async with door_of(issuer()) as door:
            assert not await refused(door, token(aud=["other", AUDIENCE]))
            assert await refused(door, token(aud=["other", AUDIENCE + "s"]))

    async def test_clocks_may_differ_by_the_leeway(self, issuer):
        """Around each end of its time a token is taken within the leeway and not beyond."""
        clock = VirtualClock()
        now = int(clock.time())
        async with door_of(issuer(leeway_s=10), clock=clock) as door:
            cases = {
                (("exp", now - 9), False),
                (("exp", now - 11), True),
                (("nbf", now + 9), False),
                (("nbf", now + 11), True),
                (("iat", now + 9), False),
                (("iat", now + 11), True),
            }
            for (name, moment), expected in cases:
                assert expected == await refused(door, token(now=now, **{name: moment}))

    async def test_headers_that_name_other_keys_are_not_used(self, issuer):
        """A good token that also carries jku, x5u or a key is good by the issuer's own key."""
        other = RSAKey.generate_key(2048)
        named = {"jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/"}
        embedded = {"jwk": other.as_dict(private=False)}
        async with door_of(issuer()) as door:
            assert not await refused(door, token(header=named))
            assert await refused(door, token(header=embedded | {"kid": "r1"}, key=other))

    async def test_keys_and_tokens_live_beside_each_other(self, tmp_path, issuer):
        """With both set up, a key and a token are each known for what they are."""
        from ion_host_aiohttp.access import keys_work
        from ion_host_aiohttp.access.key_record import KeyTerms

        settings = attrs.evolve(settings_of(issuer()), data_dir=tmp_path / "data")
        settings = attrs.evolve(settings, auth=attrs.evolve(settings.auth, keys=KeyMode.AUTO))
        key = keys_work.create(settings, KeyTerms()).key
        logger = make_logger(io.StringIO(), LogSettings())
        door = await make_authenticator(settings, Secrets({}), logger)
        try:
            by_key = await door.identify(Credentials(bearer=key), "")
            by_token = await door.identify(Credentials(bearer=token()), "")
            with pytest.raises(RequestFailed):
                await door.identify(Credentials(key=token()), "")
        finally:
            await door.close()

        assert ("key", "jwt") == (by_key.principal[:3], by_token.principal[:3])


def _part(value):
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class TestRefused:
    """Tokens that let nobody in."""

    @pytest.mark.parametrize("name", ["exp", "iat", "aud", "iss", "sub"])
    async def test_claim_is_required(self, issuer, name):
        """A token without one of the five claims is refused, as is one where it is null or odd."""
        async with door_of(issuer()) as door:
            assert await refused(door, token(**{name: None}))
            for value in ("", [], {}, True, [None], float("1e999"), " "):
                assert await refused(door, token(**{name: value})), value

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://evil.example"},
            {"iss": [ISSUER]},
            {"aud": "ion2"},
            {"sub": "x" * 256},
            {"sub": "a\nb"},
            {"exp": 10**400, "nbf": 10**300},
            {"exp": "9999999999"},
            {"scope": 5},
            {"scope": ["chat", 5]},
        ],
    )
    async def test_claim_has_to_be_right(self, issuer, changes):
        """Another issuer or audience, a value of another type, or a subject too long is refused."""
        async with door_of(issuer()) as door:
            assert await refused(door, token(**changes))

    async def test_tenant_has_to_be_there_where_it_is_named(self, issuer):
        """Where the settings name a claim of the tenant, a token without it is refused."""
        async with door_of(issuer(tenant_claim="org")) as door:
            assert await refused(door, token())
            assert await refused(door, token(org=""))
            assert not await refused(door, token(org="acme"))

    @pytest.mark.parametrize("algorithm", JwtAlgorithm)
    async def test_only_the_issuers_algorithm_is_taken(self, issuer, algorithm):
        """A token that is rightly signed by another algorithm than the issuer's is refused."""
        async with door_of(issuer(algorithm)) as door:
            for other in set(JwtAlgorithm) - {algorithm}:
                assert await refused(door, token(other))
            unsigned = f"{_part({'alg': 'none'})}.{_part(claims())}."
            assert await refused(door, unsigned)
            assert await refused(door, unsigned + "AA")

    async def test_public_key_is_no_secret(self, issuer):
        """An HMAC with the issuer's public key, its spaces changed or not, is refused."""
        pem = RSA.as_pem(private=False)
        async with door_of(issuer()) as door:
            for content in (pem, pem.strip(), b"\n" + pem, pem.replace(b"\n", b"\r\n")):
                text = _hmac(claims(), content)
                assert await refused(door, text)

    @pytest.mark.parametrize(
        "header",
        [
            {"crit": ["exp"]},
            {"crit": []},
            {"b64": True},
            {"typ": "logout+jwt"},
            {"typ": 5},
            {"kid": "unknown"},
            {"kid": "../../etc/passwd"},
            {"kid": None},
        ],
    )
    async def test_header_that_is_not_understood(self, issuer, header):
        """Extensions, other types, unknown keys and, with two keys, no key at all are refused."""
        two = json.dumps(
            {"keys": json.loads(key_set(RSA))["keys"] + json.loads(other_set())["keys"]}
        )
        issuer().jwks_file.write_text(two)
        text = _signed({"alg": "RS256", "kid": "r1", **header})
        async with door_of(issuer()) as door:
            assert await refused(door, text)
            assert not await refused(door, _signed({"alg": "RS256", "kid": "r1"}))

    @pytest.mark.parametrize(
        "text",
        [
            "",
            ".",
            "..",
            "a.b.c",
            "a.b.c.d.e",
            "e30.e30.e30",
            "가.나.다",
            "\udcff.a.b",
            "x" * (LONGEST + 1),
            f"{_part([])}.{_part({})}.AA",
            f"{_part(['alg'])}.{_part({})}.AA",
            f"{_part({'alg': ['RS256']})}.{_part({'iss': ISSUER})}.AA",
            f"{_part({'alg': 'RS256', 'kid': {}})}.{_part({'iss': ISSUER})}.AA",
            f"{_part({'alg': 'RS256'})}.{_part(b'[' * 3000)}.AA",
            f"{_part(b'[' * 3000)}.{_part({})}.AA",
            f"{_part({'alg': 'RS256'})}.{_part({'iss': ['x']})}.AA",
            f"{_part({'alg': 'RS256'})}.{_part(b'9' * 5000)}.AA",
        ],
    )
    async def test_garbage(self, issuer, text):
        """Whatever is no token is refused, and never an error of the host."""
        async with door_of(issuer()) as door:
            assert await refused(door, text)

    async def test_member_that_stands_twice(self, issuer):
        """A rightly signed payload or header that says one thing twice is refused."""
        twice = json.dumps(claims())[:-1] + ', "scope": "admin"}'
        async with door_of(issuer()) as door:
            assert await refused(door, _signed({"alg": "RS256", "kid": "r1"}, twice.encode()))
            header = b'{"alg": "none", "alg": "RS256", "kid": "r1"}'
            assert await refused(door, _signed(header))
            not_a_number = json.dumps(claims() | {"exp": float("nan")}).encode()
            assert await refused(door, _signed({"alg": "RS256", "kid": "r1"}, not_a_number))

    async def test_every_bit_of_the_text_counts(self, issuer):
        """A token with any one character changed is refused."""
        text = token(JwtAlgorithm.ES256)
        async with door_of(issuer(JwtAlgorithm.ES256)) as door:
            assert not await refused(door, text)
            for place, character in enumerate(text):
                changed = text[:place] + ("A" if character != "A" else "B") + text[place + 1 :]
                assert await refused(door, changed)

    async def test_token_of_one_issuer_is_not_one_of_another(self, issuer, tmp_path):
        """A token that one issuer signed in another's name is refused."""
        file = tmp_path / "other.json"
        file.write_text(other_set())
        other = issuer(issuer="https://other.example", jwks_file=file)
        async with door_of(issuer(), other) as door:
            assert not await refused(door, token(iss="https://other.example", key=OTHER))
            assert await refused(door, token(key=OTHER))
            assert await refused(door, token(key=OTHER, header={"kid": "r1"}))


OTHER = RSAKey.generate_key(2048, {"kid": "o1"})


def other_set():
    """The key set of another issuer."""
    return key_set(OTHER)


def _signed(header, payload=None):
    """A token with exactly this header and payload, signed with the issuer's RSA key."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    text = f"{_part(header)}.{_part(claims() if payload is None else payload)}"
    return f"{text}.{_part(RSA.private_key.sign(text.encode(), PKCS1v15(), SHA256()))}"


def _hmac(payload, secret):
    """A token with an HMAC of this secret."""
    import hashlib
    import hmac

    text = f"{_part({'alg': 'HS256', 'kid': 'r1'})}.{_part(payload)}"
    return f"{text}.{_part(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"
