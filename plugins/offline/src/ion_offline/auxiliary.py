"""Korean verbs before an auxiliary (적어 보다, 망쳐 버리다): told by form and what follows."""

from __future__ import annotations

import re

from ion_framework.domain.josa import coda_of

_AUXILIARY = re.compile(
    r"^("
    r"(보|주|버리|가|오|나|내|놓|두|있|드리|보내)(고|곤|면|니|니까|면서|며|며는|는|던|려고|려면|려|기|기만|기도|기가|기는|지|지만|자|다|다가|게|도록|는데|는지|세요|네요|거나|았\S*|았)\S{0,2}"
    r"|(봐|줘|버려|가|와|나|내|놔|둬|있어|드려|보내)(요|서|서요|도|야|야지|야죠|야만)?"
    r"|(봤|줬|버렸|갔|왔|났|냈|놨|뒀|놓았|있었|드렸|보냈)\S+"
    r"|(본|볼|준|줄|버린|버릴|간|갈|온|올|난|날|낸|낼|둔|둘|있을|드린|드릴|보낸|보낼)(|다|지|까|까요|게요|수록|지도)"
    r"|(봅|줍|버립|갑|옵|납|냅|둡|드립|있습)니다"
    r")$"
)
_DEPENDENT_NOUN = re.compile(r"^(수|것|거|게|걸|건|겁니다|때|때마다|줄|만큼|만한|정도|뻔|듯|지)")
_NEGATION = re.compile(r"^(않|못|말|마세요|마요)")
_ALWAYS_VERB = re.compile(r".[켜겨져쳐펴텨뎌춰꿔줘쪄뤄눠둬]$|.(며|된)$")
_BEFORE_AUXILIARY = re.compile(r".[어아여려러워해써떠]$")
_BRIGHT_STEM = re.compile(r"[가-힣]아$")
_MEDIAL, _MEDIALS = 28, 21
_BRIGHT = frozenset({0, 8})


def follows_stem(text: str) -> bool:
    """Whether a word can be an auxiliary verb, as in 적어 **보고**."""
    return _AUXILIARY.match(text) is not None


def is_verb(text: str, following: str, nouns: tuple[str, ...]) -> bool:
    """Whether a word is the connective or adnominal form of a verb.

    Args:
        text: the word.
        following: the word after it, empty where there is none.
        nouns: endings of nouns that look like such a form (영어, 배려).
    """
    if text.endswith(nouns):
        return False
    if _ALWAYS_VERB.search(text) or _bright(text):
        return True
    if _BEFORE_AUXILIARY.search(text) and follows_stem(following):
        return True
    if text.endswith("지") and _NEGATION.match(following):
        return True
    rieul = len(text) > 1 and coda_of(text[-1]) == "ㄹ"
    return rieul and _DEPENDENT_NOUN.match(following) is not None


def _bright(text: str) -> bool:
    """Whether a word ends like 돌아, 참아: 아 after a closed syllable with ㅏ or ㅗ."""
    if not _BRIGHT_STEM.search(text) or len(text) == 1 or not "가" <= text[-2] <= "힣":
        return False
    medial = (ord(text[-2]) - ord("가")) // _MEDIAL % _MEDIALS
    return bool(coda_of(text[-2])) and medial in _BRIGHT
