"""Terms of a Korean message: nouns and noun compounds, particles and predicates taken off.

There is no dictionary here, so it goes by form: a particle is taken off only where it agrees with
the sound before it, and a word that ends like a predicate ends the phrase.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from ion_framework.domain.josa import Final, coda_of, final_of
from ion_offline.auxiliary import follows_stem, is_verb
from ion_offline.lexicon import KoreanLexicon, korean_lexicon
from ion_offline.term import MAX_CHARACTERS, MAX_WORDS, Term, TermKind, marked
from ion_offline.tokens import Token, TokenKind, tokens

_HANGUL = "\uac00-\ud7a3"
_TAIL = re.compile(f"^(?P<head>.*[^{_HANGUL}\\W_])(?P<tail>[{_HANGUL}]*)$")
_JAMO = re.compile("[\u3131-\u318e]+$")

_NEVER_PART_OF_A_NOUN = frozenset({"엔", "에", "을", "를"})
_ADVERBIAL, _ADVERBIAL_STEM = "으로", "적"
_SHORTEST_ADVERBIAL = 3
_CONJECTURE = "지"
_JOINING = frozenset({"이랑", "랑", "과", "와", "하고", "이나", "나"})
_GENITIVE = "의"

_COPULA = re.compile(
    r"^(?P<noun>.{2,}?)(이에요|예요|이예요|입니다|입니까|이라서|라서|이어서|여서|이었어요|였어요|이었는데|였는데|인데요?|인가요|인가|인지도?|일까요?|이죠|이지만|이라면|이니까|이고요?|이며|이나요|이야|이래요)[.~!?]*$"
)
_ACTION = re.compile(
    r"^(?P<noun>.{2,}?)("
    r"(시키|하|되|당하)(고|는|는데|는데요|면|면서|며|려|려고|려면|기|기가|기는|기도|기로|기에|지|지만|자|자고|자마자|다|다가|니|니까|도록|거나|던|던데|세요|죠|네요|나요|는지|더라고요?|고요|듯|느라)"
    r"|(해|돼|시켜)(|요|서|도|야|야지|야죠|야해요|주세요|줘|줘요|봐|봐요|보고|보면|줄래요?|줄게요?|지고|지는|졌어요?|져요|버렸어요?|놓고|두고)"
    r"|(했|됐|되었|하였|시켰)[\uac00-\ud7a3]+"
    r"|(할|될|시킬)(|지|까|까요|게요|지도|때|수록|래요)"
    r"|(한|된|시킨)(|다|다면|다고|다는|데|데요|지|채)"
    r"|(합|됩)(니다|니까|시다)"
    r"|(함|됨|하기|되기))$"
)
_PREDICATE = re.compile(
    r"(요|까|죠|다|냐|니|지만|는데|은데|던데|운데|큰데|쁜데|도록|거든|잖아|어도|아도|야|둔|구나|군|네|래|고|면|음|히|던|든지|거나|적인|"
    r"[아어여해져려겨와워봐써커쳐켜돼라셔나가파빠떠꺼러]서|[았었겠였했됐갔왔봤졌렸]\S|[려으]고|[으]?려면|면서|더니|"
    r"[어아여워러려커]([진질])|(만든|바뀐|생긴|끝난|남긴|걸린|버린|올린|내린|고른|모은|배운|느낀|겪은|받은|먹은|읽은|들은|던진|빠진|보낸|보내)|"
    r"(않|없|있|모르|맞|좋|싶|하|되)지|[가-힣]게|(로|려|거|다|스러|러|까)운|"
    r"(찾|들|있|없|싶|늘|줄|떨|몰|같|좋|싫|많|남|받|놓|잡|늦|죽|힘들)[어아라]|(바꿔|빠져|늘려|줄여|올려|내려|보여|생겨|걸려|남겨|망해|미쳐))$"
)
_WEIGHT_PLAIN, _WEIGHT_MARKED, _WEIGHT_ACTION = 1.0, 0.5, 0.4
_WEIGHT_COMPOUND, _WEIGHT_LATIN = 0.5, 0.4


@attrs.frozen
class _Word:
    """A word after its particle or ending was taken off.

    Attributes:
        noun: what is left, empty where the word is none.
        ends: the phrase ends with this word.
        bonus: what its form says for it.
        josa: the particle that was taken off.
    """

    noun: str
    ends: bool = False
    bonus: float = 0.0
    josa: str = ""


_NONE = _Word("", ends=True)


def korean_terms(text: str) -> Iterator[Term]:
    """The terms of a cleaned Korean message, in its order."""
    lexicon, found = korean_lexicon(), tuple(tokens(text))
    reader = _Reader(lexicon, choosing=any(token.text in lexicon.after for token in found))
    for token, after in zip(found, (*found[1:], None), strict=True):
        yield from reader.take(token, after.text if after else "")
    yield from reader.close()


class _Reader:
    def __init__(self, lexicon: KoreanLexicon, *, choosing: bool) -> None:
        self._lexicon = lexicon
        self._choosing = choosing
        self._words: list[_Word] = []
        self._offered = False
        self._after_stem = False

    def take(self, token: Token, following: str) -> Iterator[Term]:
        """The terms that this token completes."""
        if token.kind in (TokenKind.CODE, TokenKind.QUOTED):
            yield from self.close()
            kind = TermKind.CODE if token.kind is TokenKind.CODE else TermKind.QUOTED
            if (term := marked(token.text, kind, alternative=self._take_offer())) is not None:
                yield term
            return
        if token.text.casefold() in self._lexicon.between:
            yield from self.close()
            self._offered = True
            return
        word = _NONE if token.kind is TokenKind.MARK else self._read(token.text, following)
        if word.noun:
            self._words.append(word)
        if word.ends or not word.noun:
            yield from self.close()
            self._offered = self._choosing and word.josa in _JOINING

    def close(self) -> Iterator[Term]:
        """The term of the words so far, if they make one; starts a new one."""
        words, self._words = self._words[-MAX_WORDS:], []
        nouns = [word.noun for word in words]
        if not nouns or all(self._is_general(noun) for noun in nouns):
            return
        text = " ".join([*(w.noun + w.josa * (w.josa == _GENITIVE) for w in words[:-1]), nouns[-1]])
        if len(text) <= MAX_CHARACTERS:
            yield Term(text, weight=self._weight(words), alternative=self._take_offer())

    def _take_offer(self) -> bool:
        offered, self._offered = self._offered, False
        return offered

    def _is_general(self, noun: str) -> bool:
        return noun in self._lexicon.generic or noun.replace(".", "").replace(",", "").isdigit()

    def _weight(self, words: list[_Word]) -> float:
        specific = sum(1 for word in words if not self._is_general(word.noun))
        weight = _WEIGHT_PLAIN + _WEIGHT_COMPOUND * (min(specific, 3) - 1) + words[-1].bonus
        if any(char.isascii() and char.isalpha() for word in words for char in word.noun):
            weight += _WEIGHT_LATIN
        return weight

    def _read(self, text: str, following: str) -> _Word:
        text = _JAMO.sub("", text)
        lexicon = self._lexicon
        auxiliary = self._after_stem and follows_stem(text)
        self._after_stem = text not in lexicon.keep and is_verb(text, following, lexicon.verb_like)
        if auxiliary or self._after_stem:
            return _NONE
        if not text or text in lexicon.stop:
            return _NONE
        if text in lexicon.keep or text in lexicon.generic:
            return _Word(text)
        if foreign := _TAIL.match(text):
            return self._foreign(foreign["head"], foreign["tail"])
        return self._predicate(text) or self._noun(text)

    def _foreign(self, head: str, tail: str) -> _Word:
        if not tail:
            return _Word(head)
        if head.isdigit():
            return _NONE
        josa = tail if tail in self._lexicon.josa else ""
        if josa or _COPULA.match("이름" + tail):
            return _Word(head, ends=josa != _GENITIVE, bonus=_WEIGHT_MARKED, josa=josa)
        if _ACTION.match("이름" + tail):
            return _Word(head, ends=True, bonus=_WEIGHT_ACTION)
        return _Word(head + tail)

    def _predicate(self, text: str) -> _Word | None:
        for pattern, bonus in ((_COPULA, _WEIGHT_MARKED), (_ACTION, _WEIGHT_ACTION)):
            if match := pattern.match(text):
                noun = match["noun"]
                known = noun in self._lexicon.generic or noun in self._lexicon.stop
                return _NONE if known else _Word(noun, ends=True, bonus=bonus)
        return _NONE if _PREDICATE.search(text) or _conjecture(text) else None

    def _noun(self, text: str) -> _Word:
        noun, josa = self._split(text)
        if josa in ("는", "은") and noun in self._lexicon.stems:
            return _NONE
        if (
            josa == _ADVERBIAL
            and noun.endswith(_ADVERBIAL_STEM)
            and len(noun) >= _SHORTEST_ADVERBIAL
        ):
            return _NONE
        if noun in self._lexicon.stop or (len(noun) == 1 and noun not in self._lexicon.single):
            return _NONE
        bonus = _WEIGHT_MARKED if josa else 0.0
        return _Word(noun, ends=bool(josa) and josa != _GENITIVE, bonus=bonus, josa=josa)

    def _split(self, text: str) -> tuple[str, str]:
        for josa in self._lexicon.josa:
            noun = text.removesuffix(josa)
            if noun == text or not noun or not self._agrees(noun, josa):
                continue
            certain = len(josa) > 1 or josa in _NEVER_PART_OF_A_NOUN
            if certain or len(noun) > 1 or noun in self._lexicon.single | self._lexicon.stop:
                return noun, josa
        return text, ""

    def _agrees(self, noun: str, josa: str) -> bool:
        if josa in self._lexicon.josa_free:
            return True
        final = final_of(noun)
        if josa.startswith("로"):
            return final in (Final.VOWEL, Final.RIEUL)
        return (final is Final.VOWEL) is (josa in self._lexicon.josa_vowel)


def _conjecture(text: str) -> bool:
    """Whether a word ends like 옮길지, 뭔지: a syllable with ㄴ or ㄹ below, then 지."""
    if not text.endswith(_CONJECTURE) or len(text) == 1:
        return False
    return coda_of(text[-2]) in ("ㄴ", "ㄹ")
