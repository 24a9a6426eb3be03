"""Projects of plugins that are bad in one way each, one for every finding of the kit."""

from __future__ import annotations

from typing import Any

from ion_framework.domain.key import Tone
from ion_framework.testing.projects import PERSONA, PYPROJECT, PluginProject

HEAD = """\
import asyncio, os, sys, threading, time
from ion_framework import hookimpl

class Plugin:
    def __init__(self, context):
        self.context = context
"""
GUARD = f"{HEAD}    @hookimpl\n"
DEF = "    def ion_guard(self, turn):\n        "
ASYNC = "    async def ion_guard(self, turn):\n        "
CALM = GUARD + DEF + "return None\n"
DATA = PERSONA.format(name="sage")


def guard(body: str, **changes: Any) -> PluginProject:
    """The project of a guard with this hook implementation."""
    code = body if body.startswith("import") else GUARD + body
    return PluginProject(name="watch", kind="guard", code=code, **changes)


def persona(old: str = "", new: str = "", **changes: Any) -> PluginProject:
    """The project of a persona whose manifest says something else in one place."""
    assert old in DATA
    return PluginProject(manifest=DATA.replace(old, new, 1), **changes)


def pyproject(old: str, new: str, **changes: Any) -> PluginProject:
    """The project of a persona whose pyproject.toml says something else in one place."""
    assert old in PYPROJECT
    return PluginProject(pyproject=PYPROJECT.replace(old, new, 1), **changes)


def beside(method: str, **changes: Any) -> PluginProject:
    """A guard that is well, with one more method."""
    return guard(CALM + method, **changes)


STARTUP = "    @hookimpl\n    async def ion_startup(self):\n        "
SHUTDOWN = "    @hookimpl\n    async def ion_shutdown(self):\n        "
NETWORK = "\n[capabilities]\nnetwork = true\n"
ALL_HIGH = "".join(f"{tone.value} = 0.9\n" for tone in Tone)

BAD: dict[str, PluginProject] = {
    # the manifest and the names
    "package-missing": pyproject('{name} = "{target}"', '{name} = "elsewhere_sage"'),
    "api-major": persona("ion_api = 1", "ion_api = 99"),
    "manifest": persona('summary = "Made for a test."', 'sumary = "Made for a test."'),
    "entry-point": persona('name = "sage"', 'name = "other"'),
    "name-not-carried": pyproject('name = "{distribution}"', 'name = "ion-something-else"'),
    "setting-without-range": guard(
        DEF + "return None\n",
        more_manifest='[settings.most]\ntype = "integer"\ndescription = "Most."\ndefault = 1\n',
    ),
    "language-missing": persona('ko = "시험용."\n'),
    "language-partial": persona(more_manifest='[persona.prompt_style]\nen = "Terse."\n'),
    "text-too-long": persona('en = "Made for a test."', f'en = "{"long " * 200}"'),
    # the package
    "licence-missing": pyproject('license = "Apache-2.0"\n', ""),
    "licence-text-missing": PluginProject(files={"LICENSE": None}),
    "readme-missing": PluginProject(files={"README.md": "# short\n"}),
    "issues-url-missing": pyproject('Issues = "https://example.org/issues"\n', ""),
    "tests-missing": PluginProject(files={"tests/test_it.py": None}),
    "typing-missing": guard(DEF + "return None\n", files={"{package}/py.typed": None}),
    "wheel-lacks-manifest": pyproject(
        'packages = ["src/{package}"]', 'packages = ["src/{package}"]\nexclude = ["*.toml"]'
    ),
    # the code, unrun
    "syntax-error": guard(DEF + "return (\n"),
    "hook-unknown": beside("    @hookimpl\n    def ion_gard(self, turn):\n        return None\n"),
    "hook-arguments": guard("    def ion_guard(self, turns):\n        return None\n"),
    "capability-network": guard(DEF + "import socket\n        return None\n"),
    "capability-files": beside("    def save(self):\n        open('x', 'w').close()\n"),
    "capability-environment": beside("    def who(self):\n        return os.environ['SECRET']\n"),
    "unsafe-code": beside("    def run(self, text):\n        return eval(text)\n"),
    "import-side-effect": guard(CALM.replace("class Plugin", "print('hello')\nclass Plugin")),
    # routing
    "routing-unreachable": persona("calm = 0.9", "calm = 0.2"),
    "routing-swallows": persona("calm = 0.9\nurgent = 0.1\n", ALL_HIGH),
    "routing-neutral": persona("calm = 0.9\nurgent = 0.1", "calm = 0.5"),
    "routing-duplicate": persona("calm = 0.9\nurgent = 0.1", "calm = 0.8\nurgent = 0.3"),
    # behaviour
    "activation": guard(DEF + "return None\n    def __init__(self, context):\n        1 / 0\n"),
    "not-tried": guard(
        DEF + "return None\n",
        manifest='name = "watch"\nsummary = "x"\nprovides = ["guard"]\nion_api = 1\n'
        'needs = [["key"]]\n[settings.key]\ntype = "secret"\ndescription = "A key."\n',
    ),
    "startup": beside(STARTUP + "raise RuntimeError('no')\n"),
    "shutdown": beside(SHUTDOWN + "raise RuntimeError('no')\n"),
    "does-not-answer": guard(
        DEF + "from ion_framework import Refusal\n        return Refusal('no', 'Never.')\n"
    ),
    "kind-contract": PluginProject(
        name="keep",
        kind="cache",
        code=HEAD + "    @hookimpl\n    def ion_provide_cache(self):\n"
        "        from ion_framework.testing import DictCache\n"
        "        class Forgetful(DictCache):\n"
        "            async def lookup(self, key):\n"
        "                self._entries.clear()\n"
        "                return await super().lookup(key)\n"
        "        return Forgetful()\n",
    ),
    "import-slow": guard(HEAD + "        time.sleep(1.2)\n    @hookimpl\n" + DEF + "return None\n"),
    "import-effects": guard(
        HEAD + "        os.mkdir('made')\n    @hookimpl\n" + DEF + "return None\n",
        more_manifest='[capabilities]\nfiles = "write"\n',
    ),
    "effects-undeclared": guard(DEF + "getattr(os, 'mk' + 'dir')(str(time.time_ns()))\n"),
    "hook-raises": guard(DEF + "raise RuntimeError('always')\n"),
    "hook-raises-hostile": guard(DEF + "turn.text.encode('cp949')\n"),
    "hook-wrong-type": guard(DEF + "return 'no'\n"),
    "hook-hangs": guard(ASYNC + "await asyncio.sleep(600)\n"),
    "hook-fails-at-once": guard(
        HEAD
        + "        self.busy = False\n    @hookimpl\n"
        + ASYNC
        + "assert not self.busy\n        self.busy = True\n"
        "        await asyncio.sleep(0.001)\n        self.busy = False\n"
    ),
    "hook-blocks": guard(DEF + "time.sleep(0.15)\n"),
    "hook-survives-cancellation": guard(
        ASYNC + "try:\n            await asyncio.sleep(0.1)\n"
        "        except asyncio.CancelledError:\n            await asyncio.sleep(3)\n"
    ),
    "mutates-arguments": guard(DEF + "object.__setattr__(turn.request, 'text', 'changed')\n"),
    "shared-state": guard(
        "    def ion_guard(self, turn):\n        return None\n"
        "    made = None\n"
        "    def __new__(cls, context):\n"
        "        cls.made = cls.made or object.__new__(cls)\n        return cls.made\n"
    ),
    "changes-process": beside(STARTUP + "sys.setrecursionlimit(5000)\n"),
    "leaks-tasks": beside(STARTUP + "self.task = asyncio.create_task(asyncio.sleep(600))\n"),
    "leaks-threads": beside(
        STARTUP + "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    ),
    "leaks-descriptors": beside(STARTUP + "self.pipe = os.pipe()\n"),
    "leaves-files": beside(
        STARTUP + "open('left.txt', 'w').close()\n",
        more_manifest='[capabilities]\nfiles = "write"\n',
    ),
    "behaviour-died": guard(DEF + "getattr(os, '_ex' + 'it')(3)\n"),
}
"""A project for every finding that a folder can show."""
