"""Depth and unsafe text, measured on bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ion_host_aiohttp.api.nesting import deeper_than
from ion_host_aiohttp.api.unsafe_text import find_unsafe_text

_leaves = st.none() | st.booleans() | st.integers() | st.text()
_documents = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


def depth_of(document):
    """The depth of a document, by recursion."""
    if isinstance(document, dict):
        return 1 + max(map(depth_of, document.values()), default=0)
    if isinstance(document, list):
        return 1 + max(map(depth_of, document), default=0)
    return 0


class TestDeeperThan:
    """``deeper_than``."""

    @settings(deadline=None)
    @given(_documents, st.integers(0, 6))
    def test_agrees_with_recursion(self, document, limit):
        """On valid JSON it agrees with a recursive count, whatever stands in strings."""
        body = json.dumps(document).encode()

        assert deeper_than(limit, body) == (depth_of(document) > limit)

    @settings(deadline=None)
    @given(st.binary())
    def test_any_bytes_are_answered(self, body):
        """It answers for any bytes without an error."""
        assert deeper_than(3, body) in {True, False}

    @pytest.mark.parametrize("body", [b'"[[[[', b'"\\"[[[["', b'"\\\\", "[[[["'])
    def test_strings_do_not_count(self, body):
        """Brackets in strings do not count, escaped quotes and open ends included."""
        assert not deeper_than(3, body)


class TestFindUnsafeText:
    """``find_unsafe_text``."""

    @settings(deadline=None)
    @given(_documents)
    def test_finds_what_is_there(self, document):
        """It finds something exactly where a string holds NUL (hypothesis gives no surrogates)."""
        body = json.dumps(document).encode()

        assert (find_unsafe_text(body) is not None) == ("\\u0000" in _escapes(document))

    def test_first_in_the_document(self):
        """The first string in the order of the document is named."""
        body = b'{"a": ["x", {"b": "\\ud800"}], "c": "\\u0000"}'

        assert find_unsafe_text(body) == ("a", 1, "b")

    def test_large_body_is_named_as_a_whole(self):
        """In a body of more than 64 KiB the place is not looked for."""
        body = b'{"a": "\\ud800", "b": "' + b"x" * 65536 + b'"}'

        assert find_unsafe_text(body) == ()

    def test_pairs_and_backslashes_are_harmless(self):
        """Pairs of surrogates, escaped backslashes and other escapes are nothing to find."""
        body = b'["\\ud83d\\ude00", "\\\\u0000", "\\u00e9\\n\\"", "\\\\\\\\ud800"]'

        assert find_unsafe_text(body) is None

    @pytest.mark.parametrize("text", [b"\\ud83d\\ud83d\\ude00", b"\\ude00\\ud83d", b"\\\\\\u0000"])
    def test_broken_pairs_are_found(self, text):
        """An extra surrogate, a pair in the wrong order, an escape after a backslash: all found."""
        assert find_unsafe_text(b'["' + text + b'"]') == (0,)


def _escapes(document):
    if isinstance(document, str):
        return "\\u0000" if "\x00" in document else ""
    if isinstance(document, dict):
        return "".join(_escapes(key) + _escapes(value) for key, value in document.items())
    if isinstance(document, list):
        return "".join(map(_escapes, document))
    return ""
