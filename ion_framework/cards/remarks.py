"""What whoever imports or exports a card should know, in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import attrs

from ion_framework.domain.language import Language

_LISTED = 5
"""Names that a remark lists; of further ones it says only how many there are."""


class Kind(StrEnum):
    """What a remark is about."""

    UNVERSIONED = "unversioned"
    NEWER = "newer"
    ASSETS = "assets"
    VERSION = "version"
    SILLYTAVERN = "sillytavern"
    BARE_PATTERNS = "bare_patterns"
    SPECIFIED = "specified"
    UNUSABLE = "unusable"
    UNUSED = "unused"
    DECORATORS = "decorators"
    SYSTEM = "system"
    COMMENTS = "comments"
    FOREIGN = "foreign"
    FOREIGN_UNUSED = "foreign_unused"


@attrs.frozen
class Remark:
    """A remark.

    Attributes:
        kind: what it is about.
        values: what its sentence names.
    """

    kind: Kind
    values: Mapping[str, object] = attrs.field(factory=dict)

    def text(self, language: Language = Language.ENGLISH) -> str:
        """The sentence, without a full stop."""
        return _TEXTS[language][self.kind].format(**self.values)


def listed(names: Iterable[str]) -> str:
    """Names as a remark lists them, each once: the first few, and how many more there are."""
    found = list(dict.fromkeys(names))
    more = f" (+{len(found) - _LISTED})" if len(found) > _LISTED else ""
    return ", ".join(name[:_SHOWN] for name in found[:_LISTED]) + more


_SHOWN = 80
"""Characters of a name."""

_TEXTS: Mapping[Language, Mapping[Kind, str]] = {
    Language.ENGLISH: {
        Kind.UNVERSIONED: "it does not say which version it is of; it was read as V2",
        Kind.NEWER: (
            "it is of a newer version ({spec}, {said}) than ION knows; what is new in it is kept "
            "and not used"
        ),
        Kind.ASSETS: "assets that it names are not in the file: {names}",
        Kind.VERSION: (
            "its character_version has {count} characters; people see the first {shown}, the card "
            "keeps them all"
        ),
        Kind.SILLYTAVERN: (
            "lorebook entries that SillyTavern wrote ({count}) were read as it reads them: a key "
            "is a pattern only between slashes (/pattern/flags; such keys here: {patterns}), every "
            "other one is plain text, and constant, selective and secondary keys count"
        ),
        Kind.BARE_PATTERNS: (
            "lorebook entries with use_regex, which V2 does not know ({count}), were read so: a "
            "key is a pattern only between slashes (/pattern/flags; such keys here: {patterns}), "
            "every other one is plain text"
        ),
        Kind.SPECIFIED: (
            "lorebook entries with use_regex ({count}) were read as V3 has it: every key is a "
            "pattern, and constant, selective and secondary keys do not count"
        ),
        Kind.UNUSABLE: "RE2 does not take these patterns, which match nothing: {names}",
        Kind.UNUSED: "fields of lorebook entries that are kept and not used: {names}",
        Kind.DECORATORS: "decorators of lorebook entries that are kept and not used: {names}",
        Kind.SYSTEM: (
            "the system text was changed in a way that does not tell which of system_prompt, "
            "description, personality, scenario and mes_example it means: they are as they were, "
            "and the changed text stands in extensions.ion, where ION reads it"
        ),
        Kind.COMMENTS: "comments of the card are no longer in what was changed: {names}",
        Kind.FOREIGN: "taken from extensions.ion, which another program wrote: {names}",
        Kind.FOREIGN_UNUSED: "kept and not used of extensions.ion: {names}",
    },
    Language.KOREAN: {
        Kind.UNVERSIONED: "어느 버전인지 적혀 있지 않아 V2로 읽었습니다",
        Kind.NEWER: (
            "ION이 아는 것보다 새 버전({spec}, {said})입니다. 새로 생긴 내용은 보존하지만 쓰지는"
            " 않습니다"
        ),
        Kind.ASSETS: "카드가 가리키는 에셋이 파일에 없습니다: {names}",
        Kind.VERSION: (
            "character_version이 {count}자입니다. 화면에는 앞의 {shown}자만 보이고, 카드에는 전부"
            " 남아 있습니다"
        ),
        Kind.SILLYTAVERN: (
            "SillyTavern이 쓴 로어북 항목 {count}개를 SillyTavern의 방식대로 읽었습니다. 슬래시로"
            " 감싼 키(/패턴/플래그, 여기서는 {patterns}개)만 패턴이고 나머지는 일반 텍스트이며,"
            " constant, selective, 보조 키가 적용됩니다"
        ),
        Kind.BARE_PATTERNS: (
            "V2에는 없는 use_regex가 있는 로어북 항목 {count}개에서는 슬래시로 감싼 키"
            "(/패턴/플래그, 여기서는 {patterns}개)만 패턴으로, 나머지는 일반 텍스트로 읽었습니다"
        ),
        Kind.SPECIFIED: (
            "use_regex가 있는 로어북 항목 {count}개를 V3 규격대로 읽었습니다. 모든 키가 패턴이고,"
            " constant, selective, 보조 키는 적용되지 않습니다"
        ),
        Kind.UNUSABLE: "RE2가 받아들이지 않아 아무것도 찾지 못하는 패턴입니다: {names}",
        Kind.UNUSED: "보존하지만 쓰지 않는 로어북 항목의 필드입니다: {names}",
        Kind.DECORATORS: "보존하지만 쓰지 않는 로어북 항목의 데코레이터입니다: {names}",
        Kind.SYSTEM: (
            "시스템 텍스트의 바뀐 곳이 system_prompt, description, personality, scenario,"
            " mes_example 가운데 어디인지 알 수 없어 이 필드들은 원래대로 두었습니다. 바뀐 글은"
            " ION이 읽는 extensions.ion에 있습니다"
        ),
        Kind.COMMENTS: "바뀐 부분에 있던 카드의 주석이 빠졌습니다: {names}",
        Kind.FOREIGN: "다른 프로그램이 쓴 extensions.ion에서 가져온 것입니다: {names}",
        Kind.FOREIGN_UNUSED: "extensions.ion에서 보존하지만 쓰지 않는 것입니다: {names}",
    },
}
