"""What ``ion persona import`` and ``ion persona export`` say to people."""

from __future__ import annotations

from collections.abc import Mapping

from ion_framework.domain.language import Language

CARD_TEXTS: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: {
        "remark": "about the card: {remark}",
        "imported": "{shown} is a package now: {folder}",
        "neutral": (
            "A card does not say which messages a persona is for: it is neutral to every tone, "
            "pace and intent (0.5 each). Set [persona.affinities] in its ion-plugin.toml."
        ),
        "restored": "ION wrote this card: affinities and everything else came with it.",
        "kept": (
            "ION wrote this card once: affinities, and texts in the language that a card has no "
            "room for, came with it."
        ),
        "edited": (
            "another program has changed the card since ION wrote it: its own texts were taken"
        ),
        "patterns": (
            "its lorebook has regular expressions: install ion-framework[cards] to use it"
        ),
        "next": "Next: ion persona check {folder}",
        "written": "{name} is written to {file}",
        "changed": "changed since the import: {fields}",
        "assets": (
            "this card has assets, which stay in {card}: write a .{carrier} file to keep them in it"
        ),
    },
    Language.KOREAN: {
        "remark": "카드 참고: {remark}",
        "imported": "{shown}을(를) 패키지로 만들었습니다: {folder}",
        "neutral": (
            "카드에는 어떤 메시지에 어울리는지가 없어서 모든 감정, 속도, 의도에 중립(각 0.5)입니다."
            " ion-plugin.toml의 [persona.affinities]를 채워 주세요."
        ),
        "restored": "ION이 쓴 카드라 끌리는 정도를 비롯한 모든 것이 그대로 돌아왔습니다.",
        "kept": (
            "ION이 쓴 적이 있는 카드라, 끌리는 정도와 카드에 담을 자리가 없는 다른 언어의 글은"
            " 그대로 돌아왔습니다."
        ),
        "edited": "ION이 쓴 뒤 다른 프로그램이 카드를 고쳐서, 카드에 적힌 글을 따랐습니다",
        "patterns": ("로어북에 정규식이 있습니다. 쓰려면 ion-framework[cards]를 설치해 주세요"),
        "next": "다음: ion persona check {folder}",
        "written": "{name}을(를) {file}에 썼습니다",
        "changed": "가져온 뒤 바뀐 필드: {fields}",
        "assets": "이 카드의 에셋은 {card}에 남아 있습니다. 함께 담으려면 .{carrier} 파일로 쓰세요",
    },
}
"""Sentences by name and language."""
