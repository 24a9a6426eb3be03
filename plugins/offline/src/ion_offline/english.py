"""Terms of an English message: what stands between function words, verbs and adverbs."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ion_offline.lexicon import EnglishLexicon, english_lexicon
from ion_offline.term import MAX_CHARACTERS, MAX_WORDS, Term, TermKind, marked
from ion_offline.tokens import Token, TokenKind, tokens

_SHORTEST_PARTICIPLE = 5
_PLAIN_WEIGHT, _WORD_WEIGHT, _NAME_WEIGHT, _DETERMINER_WEIGHT = 1.0, 0.5, 0.4, 0.4
_BEFORE_GERUND = frozenset({"of", "about", "for", "with", "in", "on"})
_POINTING = frozenset({"this", "that", "these", "those"})


@attrs.define
class _Run:
    """Tokens that may make a term, with the determiner in front of them."""

    determiner: str = ""
    tokens: list[Token] = attrs.field(factory=list)


def english_terms(text: str) -> Iterator[Term]:
    """The terms of a cleaned English message, in its order."""
    reader = _Reader(english_lexicon(), shouting=text == text.upper())
    for token in tokens(text):
        yield from reader.take(token)
    yield from reader.close()


class _Reader:
    def __init__(self, lexicon: EnglishLexicon, *, shouting: bool) -> None:
        self._lexicon = lexicon
        self._shouting = shouting
        self._joins = lexicon.alternatives
        self._run = _Run()
        self._before = ""
        self._offered = False
        self._gap = 99

    def take(self, token: Token) -> Iterator[Term]:
        """The terms that this token completes."""
        word = token.text.casefold().replace("’", "'")
        if token.kind in (TokenKind.CODE, TokenKind.QUOTED):
            yield from self.close()
            kind = TermKind.CODE if token.kind is TokenKind.CODE else TermKind.QUOTED
            if (term := marked(token.text, kind, alternative=self._take_offer())) is not None:
                yield term
                self._gap = 0
        elif self._belongs(token, word):
            self._run.tokens.append(token)
        else:
            yield from self.close(keep_case=word in self._joins)
            self._note_break(token, word)
        self._before = word

    def close(self, *, keep_case: bool = False) -> Iterator[Term]:
        """The term of the run so far, if it makes one; starts a new run.

        A capital at the start of a sentence says nothing and goes, unless the word is weighed
        against another (``Rust or Go?``): such words are mostly names.
        """
        run, self._run = self._run, _Run()
        term = self._term(run, keep_case=keep_case)
        if term is not None:
            yield attrs.evolve(term, alternative=self._take_offer())
            self._gap = 0

    def _note_break(self, token: Token, word: str) -> None:
        self._run.determiner = self._lexicon.determiners.get(word, "")
        self._gap += 0 if self._run.determiner else 1
        if word == "between":
            self._joins = self._lexicon.alternatives | {"and"}
        if word in self._joins and self._gap == 1:
            self._offered = True
        elif not self._run.determiner or token.kind is TokenKind.MARK:
            self._offered = False

    def _take_offer(self) -> bool:
        offered, self._offered = self._offered, False
        return offered

    def _belongs(self, token: Token, word: str) -> bool:
        if token.kind is TokenKind.MARK or word in self._lexicon.determiners:
            return False
        if token.kind in (TokenKind.IDENTIFIER, TokenKind.NUMBER):
            return True
        if self._is_function_word(word):
            return False
        if self._is_name(token) and not self._shouting:
            return True
        inside = bool(self._run.tokens or self._run.determiner)
        if word in self._lexicon.ambiguous:
            return inside or not (token.start or self._before in self._lexicon.before_verb)
        return word not in self._lexicon.verbs and self._noun_like(word, inside=inside)

    def _is_function_word(self, word: str) -> bool:
        """Whether a word is on the stop list, or contracted (``it's``, ``don't``, ``let's``)."""
        base, apostrophe, ending = word.partition("'")
        if base in self._lexicon.stop:
            return True
        return bool(apostrophe) and (ending != "s" or base in self._lexicon.verbs)

    def _noun_like(self, word: str, *, inside: bool) -> bool:
        if len(word) == 1 and word.isascii():
            return False
        if word in self._lexicon.lookalikes or word in self._lexicon.adjectives:
            return True
        if word.endswith("ing"):
            pointed = self._run.determiner in _POINTING and not self._run.tokens
            return (inside and not pointed) or self._before in _BEFORE_GERUND
        participle = word.endswith("ed") and len(word) > _SHORTEST_PARTICIPLE
        adverb = word.endswith("ly")
        return not (participle or adverb)

    def _term(self, run: _Run, *, keep_case: bool) -> Term | None:
        kept = run.tokens[-MAX_WORDS:]
        while kept and not self._may_end(kept[-1]):
            kept.pop()
        if not kept or all(self._is_general(token) for token in kept):
            return None
        text = " ".join(token.text for token in kept)
        if len(text) > MAX_CHARACTERS:
            return None
        if self._shouting:
            text = text.lower()
        elif kept[0].start and kept[0].kind is TokenKind.WORD and not keep_case:
            text = text[0].lower() + text[1:]
        return Term(text, determiner=run.determiner, weight=self._weight(run, kept))

    def _may_end(self, token: Token) -> bool:
        word = token.text.casefold()
        return token.kind is not TokenKind.NUMBER and word not in self._lexicon.adjectives

    def _is_general(self, token: Token) -> bool:
        word = token.text.casefold()
        general = word in self._lexicon.generic or word in self._lexicon.adjectives
        return general or token.kind is TokenKind.NUMBER

    @staticmethod
    def _is_name(token: Token) -> bool:
        capital = not token.start and token.text[:1].isupper()
        return token.kind is TokenKind.IDENTIFIER or capital

    def _weight(self, run: _Run, kept: list[Token]) -> float:
        specific = sum(1 for token in kept if not self._is_general(token))
        weight = _PLAIN_WEIGHT + _WORD_WEIGHT * (min(specific, 3) - 1)
        if any(self._is_name(token) for token in kept):
            weight += _NAME_WEIGHT
        return weight + (_DETERMINER_WEIGHT if run.determiner else 0.0)
