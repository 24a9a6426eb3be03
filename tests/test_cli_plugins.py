"""``ion plugins``, ``ion plugins plan`` and ``ion personas``."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ion_framework.testing.packages import PERSONA_MANIFEST, PluginPackage
from tests.test_cli_process import EXTENSION, environment, ion, write

GENERATOR = 'name = "{0}"\nsummary = "Test."\nprovides = ["generator"]\nion_api = 1\n{1}\n'
CODE = """
print("noise from the import")
from ion_framework import Finish, TextChunk, hookimpl

class Plugin:
    def __init__(self, context):
        print("noise from the factory")

    @hookimpl
    async def ion_generate(self, prompt):
        yield TextChunk("hi")
        yield Finish()

plugin = Plugin
"""
OFF_BY_DEFAULT = {
    "gemini", "llm-analyzer", "log", "notify", "openai-compatible", "otel", "secrets-gcp", "sentry",
    "store-postgres", "store-redis",
}  # fmt: skip
OTHER_LUA = PERSONA_MANIFEST.format(name="other").replace(
    "[persona.prompts.system]", '[persona.display_name]\nen = "Lua"\n[persona.prompts.system]'
)
FIELDS = ["name", "provides", "status", "reason", "distribution", "version"]


def generator(name: str, more: str = "", code: str = CODE) -> PluginPackage:
    """A generator."""
    return PluginPackage(name=name, manifest=GENERATOR.format(name, more), code=code)


def test_list_has_the_promised_fields_for_every_plugin() -> None:
    """``--json`` is a list of objects that begin with the six promised fields."""
    ran = ion("plugins", "--json")

    assert 0 == ran.code
    assert {"lua", "elro", "riri", "nana", "resonance", "offline", "two-tier-cache", "aiohttp"} <= {
        plugin["name"] for plugin in ran.json()
    }
    for plugin in ran.json():
        assert FIELDS == list(plugin)[:6]
        status = "idle" if plugin["name"] in OFF_BY_DEFAULT else "ready"
        assert (status, True) == (plugin["status"], plugin["first_party"])


def test_listing_imports_no_plugin_and_nothing_heavy() -> None:
    """Without ``--load`` no plugin, no asyncio, rich or structlog, and no pipeline is imported."""
    done = subprocess.run(
        (sys.executable, "-P", "-X", "importtime", "-m", "ion_framework.cli", "plugins"),
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
        timeout=60,
    )

    imported = set(re.findall(r"\| +([\w.]+)$", done.stderr, re.MULTILINE))
    plugins = {"ion_persona_lua", "ion_resonance", "ion_offline", "ion_host_aiohttp"}
    heavy = {"asyncio", "rich", "structlog", "aiohttp", "pluggy", "ion_framework.ion"}
    assert "ion_framework.plugin_host.host" in imported
    assert not imported & (plugins | heavy)
    assert not [name for name in imported if name.startswith("ion_framework.pipeline")]


def test_broken_plugins_are_listed_and_do_not_fail_the_listing(tmp_path: Path) -> None:
    """A plugin without a manifest is invalid, with the remedy; the exit code stays 0."""
    ran = ion(
        "plugins", "--json", folder=write(tmp_path, PluginPackage(name="bare", manifest=None))
    )

    bare = next(plugin for plugin in ran.json() if plugin["name"] == "bare")
    assert (0, "invalid", []) == (ran.code, bare["status"], bare["provides"])
    assert "put an ion-plugin.toml beside __init__.py" in bare["reason"]


def test_load_shows_what_became_of_each_and_keeps_json_clean(tmp_path: Path) -> None:
    """Plugins that print do not spoil the JSON; one that raises is failed, and the code is 1."""
    folder = write(
        tmp_path,
        generator("loud"),
        generator("bad", code="raise OSError('no disk')"),
    )

    ran = ion("plugins", "--load", "--json", folder=folder)

    status = {plugin["name"]: plugin for plugin in ran.json()}
    assert 1 == ran.code
    assert ("active", "failed") == (status["loud"]["status"], status["bad"]["status"])
    assert "OSError: no disk" in status["bad"]["reason"]
    assert status["loud"]["import_ms"] > 0
    assert "noise from the import\nnoise from the factory" in ran.err


def test_load_tells_of_plugins_that_fail_when_they_start(tmp_path: Path) -> None:
    """``--load`` goes through ``ion_startup`` as a host does."""
    code = (
        "from ion_framework import hookimpl\nclass plugin:\n    def __init__(self, context): pass\n"
        "    @hookimpl\n    async def ion_startup(self): raise OSError('unreachable')\n"
    )
    package = PluginPackage(name="late", manifest=EXTENSION.format("late"), code=code)

    ran = ion("plugins", "--load", folder=write(tmp_path, package))

    assert 1 == ran.code
    assert re.search(
        r"^late +failed .*ion_startup raised OSError: unreachable", ran.out, re.MULTILINE
    )


def test_load_succeeds_where_all_that_should_run_runs() -> None:
    """The plugins of this repository are all active, but for those that are off by default."""
    ran = ion("plugins", "--load", "--json")

    assert 0 == ran.code
    idle = {plugin["name"] for plugin in ran.json() if plugin["status"] != "active"}
    assert OFF_BY_DEFAULT == idle


def test_two_generators_without_an_order_are_a_finding_and_no_traceback(tmp_path: Path) -> None:
    """``--load`` and ``plan`` both say that the start stops and what to write."""
    folder = write(tmp_path, generator("alpha"), generator("beta"))

    loaded, planned = ion("plugins", "--load", folder=folder), ion("plugins", "plan", folder=folder)

    for ran in (loaded, planned):
        assert 1 == ran.code
        assert "stops the start: alpha and beta both decide ion_generate" in ran.out
        assert 'ion_generate = ["alpha", "beta"]' in ran.out
        assert "Traceback" not in ran.err


def test_plan_tells_order_and_reason_without_importing(tmp_path: Path) -> None:
    """``order`` goes first, then ``before``/``after``, then names, fallbacks last."""
    folder = write(
        tmp_path,
        generator("alpha", 'after = ["beta"]', code="raise SystemExit(9)"),
        generator("beta"),
        generator("gamma"),
    )
    config = tmp_path / "ion.toml"
    config.write_text('[order]\nion_generate = ["gamma", "beta", "alpha"]\n', "utf-8")

    ran = ion("plugins", "plan", "--json", "--config", str(config), folder=folder)

    stages = {stage["hook"]: stage for stage in ran.json()["stages"]}
    steps = stages["ion_generate"]["steps"]
    assert 0 == ran.code
    assert ["gamma", "beta", "alpha", "offline"] == [step["plugin"] for step in steps]
    assert "listed in order.ion_generate" == steps[0]["why"]
    assert "fallback, goes last" == steps[-1]["why"]
    assert "noise" not in ran.err


def test_plan_names_a_cycle(tmp_path: Path) -> None:
    """Two plugins that each want to go first stop the start."""
    folder = write(
        tmp_path, generator("alpha", 'before = ["beta"]'), generator("beta", 'before = ["alpha"]')
    )

    ran = ion("plugins", "plan", folder=folder)

    assert 1 == ran.code
    assert "before/after form a cycle: alpha -> beta -> alpha" in ran.out


def test_plan_tells_of_required_plugins_and_wrong_names(tmp_path: Path) -> None:
    """A missing required plugin and an unknown hook stop the start; an unknown name only warns."""
    config = tmp_path / "ion.toml"
    config.write_text(
        '[plugins]\nrequired = ["gone"]\n[order]\nion_generate = ["nobody"]\nion_guess = []\n',
        "utf-8",
    )

    plan = ion("plugins", "plan", "--json", "--config", str(config)).json()

    unknown, required = plan["stops"]
    assert "ion_guess" in unknown
    assert "'gone' is not installed" in required
    assert "order.ion_generate names 'nobody', which is not installed" in plan["warnings"]
    assert ["lua", "elro", "riri", "nana"] == [persona["name"] for persona in plan["personas"]]


def test_plan_is_told_in_korean(tmp_path: Path) -> None:
    """With ``--lang ko`` headings, reasons, stops and warnings are Korean."""
    config = tmp_path / "ion.toml"
    config.write_text(
        '[plugins]\nrequired = ["gone"]\ndisable = ["nana"]\n[order]\nion_generate = ["nobody"]\n',
        "utf-8",
    )

    ran = ion("plugins", "plan", "--config", str(config), "--lang", "ko")

    assert 1 == ran.code
    assert re.search(r"^페르소나 +순위 +배포 패키지", ran.out, re.MULTILINE)
    assert re.search(r"1\. resonance +ion-resonance .* (하나뿐|이름순)", ran.out)
    assert re.search(r"^nana +disabled +설정 파일에서 껐습니다", ran.out, re.MULTILINE)
    assert "시작을 막는 문제: 필수 플러그인 'gone'" in ran.out
    assert "경고: order.ion_generate에 적힌 'nobody'" in ran.out


def test_why_knows_shown_names_and_refuses_those_of_two(tmp_path: Path) -> None:
    """A shown name means its persona in any case, and a name of two plugins is a usage error."""
    twin = PluginPackage(name="other", manifest=OTHER_LUA)
    folder = write(tmp_path, twin)

    shown = ion("plugins", "why", "엘로", "--json").json()
    both = ion("plugins", "why", "LUA", folder=folder)
    exact = ion("plugins", "why", "lua", "--json", folder=folder).json()

    assert (["elro"], ["lua"]) == ([x["name"] for x in shown], [x["name"] for x in exact])
    assert 2 == both.code
    assert "may mean any of" in both.err
    assert "lua (ion-persona-lua)" in both.err


def test_unknown_variable_is_warned_of_below_the_table() -> None:
    """The table ends with warnings; beside JSON they go to standard error."""
    table, document = ion("plugins", ION_PROT="1"), ion("plugins", "--json", ION_PROT="1")

    assert "warning: the variable ION_PROT is not known" in table.out.splitlines()[-1]
    assert "warning: the variable ION_PROT is not known" in document.err
    assert document.json()


def test_options_of_the_group_count_for_plan() -> None:
    """``ion plugins --json --disable lua plan`` is the same as with the options at the end."""
    ran = ion("plugins", "--json", "--disable", "lua", "plan")

    assert sorted({*OFF_BY_DEFAULT, "lua"}) == [left["plugin"] for left in ran.json()["left_out"]]


@pytest.mark.parametrize("load", [(), ("--load",)])
def test_personas_are_listed_in_the_order_that_decides_ties(load: tuple[str, ...]) -> None:
    """The list has what each is best for, whether or not plugins are imported."""
    ran = ion("personas", "--json", *load)

    personas = ran.json()
    assert ["lua", "elro", "riri", "nana"] == [persona["name"] for persona in personas]
    assert "frustrated" in personas[0]["best_for_tones"]
    assert personas[0]["best_for_paces"]
    assert personas[0]["best_for_intents"]
    assert all(persona["traits"] and persona["strengths"] for persona in personas)


def test_new_data_only_persona_is_listed_at_once(tmp_path: Path) -> None:
    """Installing a package is all that a fifth persona needs."""
    ran = ion("personas", "--json", folder=write(tmp_path, PluginPackage(name="sage")))

    assert ["lua", "elro", "riri", "nana", "sage"] == [item["name"] for item in ran.json()]


def test_texts_of_personas_follow_the_language() -> None:
    """People see their locale's language, JSON is English unless it is asked for another."""
    korean = ion("personas", LANG="ko_KR.UTF-8")

    assert "루아" in korean.out
    assert "Lua" == ion("personas", "--json", LANG="ko_KR.UTF-8").json()[0]["display_name"]
    assert "루아" == ion("personas", "--json", "--lang", "ko").json()[0]["display_name"]


def test_personas_that_code_brings_are_shown_after_loading(tmp_path: Path) -> None:
    """Without ``--load`` a note says that an extension may bring more."""
    code = (
        "from ion_framework import hookimpl\n"
        "from ion_framework.testing.builders import make_persona\n"
        "class plugin:\n    def __init__(self, context): pass\n"
        "    @hookimpl\n    def ion_provide_personas(self): return [make_persona('echo')]\n"
    )
    package = PluginPackage(name="more", manifest=EXTENSION.format("more"), code=code)
    folder = write(tmp_path, package)

    static, loaded = (
        ion("personas", "--json", folder=folder),
        ion("personas", "--load", "--json", folder=folder),
    )

    assert "more may bring more personas: ion personas --load" in static.err
    assert "echo" not in static.out
    assert "echo" == loaded.json()[-1]["name"]
