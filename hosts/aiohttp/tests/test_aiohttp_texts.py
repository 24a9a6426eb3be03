"""The host's texts as a whole: nothing is said outside the catalogue, and Korean reads well."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import ion_host_aiohttp
import pytest
from ion_host_aiohttp.errors.messages import own_sentences

SOURCE = Path(ion_host_aiohttp.__file__).parent
READ_BY_PEOPLE = {
    "body",
    "detail",
    "error",
    "hint",
    "message",
    "msg",
    "reason",
    "reasoning",
    "reasons",
    "text",
    "title",
}
"""Names of what callers read in answers, and of the parts that answers are made of."""
DOCUMENTATION = SOURCE / "openapi"
"""Describes the API for developers, in English; no answer is made there."""

KOREAN = sorted((name, texts["ko"]) for name, texts in own_sentences().items())


def is_sentence(node: ast.AST) -> bool:
    """Whether this is a text of several words, with or without values in it."""
    if isinstance(node, ast.JoinedStr):
        return any(is_sentence(part) for part in node.values)
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(r"[^\W\d_]{2,} [^\W\d_]{2,}", node.value) is not None
    )


def is_log_line(call: ast.Call) -> bool:
    """Whether a call writes to the log."""
    return isinstance(call.func, ast.Attribute) and "logger" in ast.unparse(call.func.value)


def told_without_catalogue(tree: ast.AST) -> Iterator[ast.AST]:
    """Sentences that stand where callers read them, in code."""
    for node in ast.walk(tree):
        given: list[tuple[str | None, ast.expr]] = []
        if isinstance(node, ast.Call) and not is_log_line(node):
            given = [(item.arg, item.value) for item in node.keywords]
            if getattr(node.func, "id", "") in {"say", "said_by", "Failure", "Issue", "Answer"}:
                given += [("text", item) for item in node.args]
                given += [("text", item.value) for item in node.keywords]
        elif isinstance(node, ast.Dict):
            given = [
                (key.value, value)
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            ]
        for name, value in given:
            if name in READ_BY_PEOPLE and is_sentence(value):
                yield value


def test_no_code_words_what_callers_read():
    """No sentence for callers stands in the host's code; all of them stand in texts/*.toml."""
    found = [
        f"{file.relative_to(SOURCE)}:{node.lineno}: {ast.unparse(node)}"
        for file in SOURCE.rglob("*.py")
        if DOCUMENTATION not in file.parents
        for node in told_without_catalogue(ast.parse(file.read_text("utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("Failure(status=1, message='It has failed.')", 2),
        ("Issue('kind', (), f'{x} is wrong here')", 1),
        ("Report(reasoning='Best persona for it')", 1),
        ("{'detail': 'Not so good', 'code': 'NOT GOOD'}", 1),
        ("say('verbatim', text='Not so good')", 2),
        ("Failure(message=say('internal'))", 0),
        ("service.logger.info('request failed', reason='it was bad')", 0),
    ],
)
def test_the_search_finds_such_sentences(code, number):
    """The search above sees a sentence in every place where an answer is made."""
    assert len(list(told_without_catalogue(ast.parse(code)))) == number


@pytest.mark.parametrize(("name", "text"), KOREAN, ids=[name for name, _ in KOREAN])
class TestKorean:
    """The Korean sentences."""

    def test_no_particle_depends_on_a_value(self, name, text):
        """After a gap stands no particle whose form depends on how the value ends."""
        assert not re.search(
            r"\}(은|는|이|가|을|를|과|와|으로|로|이나|나|이라|라)(?=[\s.,)]|$)", text
        )
        assert not re.search(r"[은이을과]\([는가를와]\)|\(으\)로", text)

    def test_it_is_polite(self, name, text):
        """Every sentence ends in the formal style, and asks with 세요."""
        plain = re.sub(r"\([^)]*\)", "", text)
        ends = re.findall(r"([가-힣]{2})(?=[.?!](?:\s|$))", plain)
        assert all(end.endswith(("니다", "세요")) for end in ends), ends
