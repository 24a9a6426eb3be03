"""Which language a caller reads, from ``Accept-Language`` (RFC 9110, section 12.5.4)."""

from __future__ import annotations

from ion_framework.domain.language import Language

_MOST_RANGES = 32


def accepted_language(header: str) -> Language | None:
    """The language of the catalogue that the caller likes best; None where the header names none.

    ``ko-KR`` accepts Korean; ``*`` leaves the choice to the host. Of two with the same weight the
    first counts. What is malformed is ignored, as the header is only a wish.
    """
    best: Language | None = None
    best_weight = 0.0
    for item in header.split(",")[:_MOST_RANGES]:
        tag, _, parameter = item.partition(";")
        language = _BY_TAG.get(tag.strip().lower().partition("-")[0])
        weight = _weight(parameter)
        if language is not None and weight > best_weight:
            best, best_weight = language, weight
    return best


_BY_TAG = {language.value: language for language in Language}


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
