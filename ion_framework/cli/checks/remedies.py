"""What to do about a plugin, by its status."""

from __future__ import annotations

from ion_framework.domain.language import Language
from ion_framework.plugin_host.record import Status

REMEDIES = {
    Language.ENGLISH: {
        Status.IDLE: "give it one of the settings that the reason names; nothing else is wrong",
        Status.DISABLED: "take it off the list, or name it in one that goes before: settings, "
        "then environment (ION_PLUGINS_ENABLE), then command line (--enable NAME)",
        Status.INVALID: "correct the plugin, install another version of it, or disable it",
        Status.CONFLICT: "uninstall one of them, or disable it by the name of its distribution",
        Status.INCOMPATIBLE: "install versions of the plugin and of ion-framework that fit "
        "together",
        Status.UNTRUSTED: "install the pinned distribution again; if you trust what is installed, "
        "pin anew with ion plugins freeze --out FILE; ion plugins verify FILE shows every "
        "difference",
        Status.FAILED: "correct the plugin or what it needs, or disable it: "
        "--disable, ION_PLUGINS_DISABLE or plugins.disable",
        Status.QUARANTINED: "see its errors in the log; it is let in again after a while",
    },
    Language.KOREAN: {
        Status.IDLE: "이유에 적힌 설정 가운데 하나를 지정하세요. 다른 문제는 없습니다",
        Status.DISABLED: "목록에서 빼거나, 더 우선하는 곳에서 켜세요. 설정 파일보다 환경 변수"
        "(ION_PLUGINS_ENABLE)가, 환경 변수보다 명령줄(--enable NAME)이 우선합니다",
        Status.INVALID: "플러그인을 고치거나, 다른 버전을 설치하거나, 끄세요",
        Status.CONFLICT: "둘 중 하나를 제거하거나, 배포 패키지 이름으로 끄세요",
        Status.INCOMPATIBLE: "서로 맞는 버전의 플러그인과 ion-framework를 설치하세요",
        Status.UNTRUSTED: "고정해 둔 배포 패키지를 다시 설치하세요. 지금 설치된 것을 믿는다면 "
        "ion plugins freeze --out FILE로 다시 고정하세요. 다른 점은 ion plugins verify FILE이 모두 "
        "보여 줍니다",
        Status.FAILED: "플러그인이나 플러그인에 필요한 것을 고치거나, 끄세요: "
        "--disable, ION_PLUGINS_DISABLE, plugins.disable",
        Status.QUARANTINED: "로그에서 오류를 확인하세요. 한동안 지나면 다시 참여합니다",
    },
}
"""The remedy of every status that needs one; runs and ready need none."""
