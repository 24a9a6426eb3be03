"""Sentences of the command line in Korean."""

from __future__ import annotations

import time
from pathlib import Path

import attrs
import pytest

from ion_framework.cli.translating import sentences, translated
from ion_framework.clock import SystemClock
from ion_framework.domain.language import Language
from ion_framework.errors import PluginOrderError, RequiredPluginError
from ion_framework.manifest.model import SettingSpec, SettingType
from ion_framework.plugin_host.assessment import assess
from ion_framework.plugin_host.discovery import Candidate, inline
from ion_framework.plugin_host.host import PluginHost
from ion_framework.plugin_host.ordering import Place, arrange, refuse_ambiguity
from ion_framework.plugin_host.record import Status
from ion_framework.plugin_host.registry import unknown_hooks
from ion_framework.plugin_host.selection import unmatched, why_disabled
from ion_framework.settings.environment import unknown_variables
from ion_framework.settings.model import PluginSettings, Settings
from ion_framework.settings.plugin_values import resolve
from ion_framework.testing import make_manifest
from ion_framework.testing.packages import PERSONA_MANIFEST


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("needed by lua", "lua가 사용합니다"),
        ("rank 3 decides where personas are level", "점수가 같으면 순위 3으로 정합니다"),
        ("rank 2 decides where personas are level", "점수가 같으면 순위 2로 정합니다"),
        ("was not read\nwas not read", "읽지 않았습니다\n읽지 않았습니다"),
        ("what nobody has translated", "what nobody has translated"),
        ("by name; fallback, goes last", "이름순; 대체용이라 맨 뒤"),
        ("what nobody has; by name", "what nobody has; 이름순"),
        (
            "f.toml: a.b: must be an integer, is x; f.toml: c: must be at least 1, is 0",
            "f.toml: a.b: 정수만 쓸 수 있는데 x가 적혀 있습니다; "
            "f.toml: c: 1 이상의 값만 쓸 수 있는데 0이 적혀 있습니다",
        ),
        (
            "may stop the start: ann and ben both decide ion_route, and nothing says which goes "
            "first; write in ion.toml, in the order that you want:",
            "시작이 중단될 수 있습니다: ann과 ben이 모두 ion_route를 맡는데 무엇이 먼저인지 정해져 "
            "있지 않습니다. 원하는 순서로 ion.toml에 적으세요:",
        ),
        (
            "idle: one; two (lua 1.0)",
            "대기 중입니다: one; two (lua 1.0)",
        ),
        (
            "failed 5 times within 60 s in ion_route, last: raised ValueError; left out for 60 s",
            "ion_route에서 60초 안에 5번 실패했습니다. 마지막 원인: "
            "예외가 발생했습니다(ValueError); 60초 동안 제외합니다",
        ),
    ],
)
def test_a_sentence_is_said_in_korean_with_its_particles(english, korean):
    """Gaps keep their values, and particles follow the last sound of these."""
    assert korean == translated(english, Language.KOREAN)
    assert english == translated(english, Language.ENGLISH)


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("raised ValueError: no ink", "예외가 발생했습니다(ValueError: no ink)"),
        ("raised SystemExit", "예외가 발생했습니다(SystemExit)"),
        ("cancelled itself", "자기 작업을 스스로 취소했습니다"),
        ("cancelled the task of the turn", "자기를 부른 턴의 작업을 취소했습니다"),
        ("returned str instead of Hit or Miss", "Hit or Miss 대신 str를 돌려주었습니다"),
        ("gave nothing for 5 s", "5초 동안 아무것도 보내지 않았습니다"),
        (
            "no thread was free for 2 s: all 8 are busy",
            "2초 동안 빈 스레드가 없었습니다(8개 모두 사용 중)",
        ),
        ("found nothing that can be served", "찾은 것을 답으로 쓸 수 없습니다"),
        (
            "its answer cannot be checked: raised ValueError: no ink",
            "돌려준 값을 검사할 수 없습니다: 예외가 발생했습니다(ValueError: no ink)",
        ),
    ],
)
def test_why_a_plugin_is_left_out_is_said_in_korean(english, korean):
    """Each way in which a call fails is told, put out after five and again after a probe."""
    whole = f"failed 5 times within 60 s in ion_route, last: {english}; left out for 60 s"
    again = f"failed again in ion_route after its quarantine: {english}; left out for 60 s"

    assert translated(whole, Language.KOREAN) == (
        f"ion_route에서 60초 안에 5번 실패했습니다. 마지막 원인: {korean}; 60초 동안 제외합니다"
    )
    assert translated(again, Language.KOREAN) == (
        f"격리 뒤 ion_route에서 다시 실패했습니다: {korean}; 60초 동안 제외합니다"
    )


def test_every_sentence_reads_in_korean():
    """Each has Hangul in it, and no particle is written in both forms."""
    for _, korean in sentences():
        assert any("가" <= character <= "힣" for character in korean)
        assert "(" + "를)" not in korean


def _reasons_of_lists():
    candidate = Candidate("sage", "sage_package", "ion-sage", "1.0")
    for settings in (
        PluginSettings(safe_mode=True),
        PluginSettings(disable=("sage",)),
        PluginSettings(enable=("other",)),
    ):
        yield why_disabled(candidate, settings)
    yield from unmatched((candidate,), PluginSettings(required=("nobody",)))


def _reasons_of_variables():
    yield from unknown_variables({"ION_CONFG": "x", "ION_XQZJ": "y"}, ())


def _reasons_of_order():
    places = [Place("ann"), Place("ben")]
    cycle = [Place("ann", before=("ben",)), Place("ben", before=("ann",))]
    for fails in (
        lambda: refuse_ambiguity("ion_generate", places, (), None),
        lambda: refuse_ambiguity("ion_generate", places, (), Path("ion.toml")),
        lambda: arrange(cycle, ()),
    ):
        with pytest.raises(PluginOrderError) as caught:
            fails()
        yield str(caught.value)


def _reasons_of_settings():
    schema = {
        name: SettingSpec(SettingType(kind), "A setting.", **bounds)
        for name, kind, bounds in (
            ("size", "integer", {"minimum": 1}),
            ("share", "number", {"maximum": 1}),
            ("mode", "string", {"choices": ("a", "b")}),
            ("quick", "boolean", {}),
            ("names", "list", {}),
        )
    }
    given = {"size": 0, "share": 2, "mode": "c", "quick": "x", "names": 1, "sise": 1, "zzz": 1}
    yield from resolve("sage", schema, given, {}, Path("ion.toml")).problems
    yield from resolve("sage", schema, {"size": "x", "share": "y", "mode": 1}, {}, None).problems
    yield from resolve("sage", {}, {"size": 1}, {}, None).problems


def _reasons_of_manifests(folder):
    for place, (text, point) in enumerate(
        (
            (PERSONA_MANIFEST.format(name="other"), "pkg"),
            ('name = "sage"\nsummary = "x"\nprovides = ["router"]\nion_api = 1\n', "pkg"),
            ('name = "sage"\nsummary = "x"\nprovides = []\nion_api = 1\n', "pkg:plugin"),
            ('name = "sage"\nsumary = "x"\nprovides = ["router"]\nion_api = 1\n', "pkg:plugin"),
            ('name = "sage"\nsummary = 1\nprovides = ["x"]\nion_api = 1\n', "pkg:plugin"),
            ('name = "sage"\nprovides = ["router"]\nion_api = 99\n', "pkg:plugin"),
            ("name = ", "pkg:plugin"),
            (None, "pkg:plugin"),
        )
    ):
        package = folder / str(place)
        package.mkdir()
        if text is not None:
            (package / "ion-plugin.toml").write_text(text, "utf-8")
        candidate = Candidate("sage", point, "ion-sage", "1.0", package)
        yield assess((candidate,), Settings(), {})[0].reason
    twins = tuple(inline(make_manifest("sage", "router"), lambda _: None) for _ in range(2))
    yield assess(twins, Settings(), {})[0].reason
    required = attrs.evolve(Settings(), plugins=PluginSettings(required=("sage", "nobody")))
    for found in ((), (attrs.evolve(twins[0], factory=None),)):
        host = PluginHost(required, lambda found=found: found, {}, SystemClock())
        with pytest.raises(RequiredPluginError) as caught:
            host.check_required(Status.READY)
        yield str(caught.value)
    host = PluginHost(
        attrs.evolve(Settings(), plugin={"nobody": {}}, order={"ion_generat": ()}),
        lambda: twins[:1],
        {},
        SystemClock(),
    )
    yield from host.settings_problems()
    yield from unknown_hooks(attrs.evolve(Settings(), order={"ion_generat": (), "zzz": ()}))


def test_what_the_core_gives_as_a_reason_is_told_in_korean(tmp_path):
    """No line of what a plan shows of lists, order, settings and manifests stays English."""
    reasons = (
        *_reasons_of_lists(),
        *_reasons_of_variables(),
        *_reasons_of_order(),
        *_reasons_of_settings(),
        *_reasons_of_manifests(tmp_path),
    )

    told = {line: translated(line, Language.KOREAN) for r in reasons for line in r.split("\n")}

    code = ("[order]", "ion_generate = [")
    english = {line for line, korean in told.items() if line == korean}
    assert len(told) > 30
    assert not {line for line in english if not line.startswith(code)}


@pytest.mark.parametrize(
    "text",
    ["; " * 2000, ": " * 4000, "settings.a: must be x, is y; " * 200, "; x" * 4000],
    ids=("joints", "colons", "faults", "parts"),
)
def test_no_text_takes_long(text):
    """However long a text is and whatever it holds, it is told within a moment."""
    began = time.process_time()
    translated(text, Language.KOREAN)

    assert time.process_time() - began < 5
