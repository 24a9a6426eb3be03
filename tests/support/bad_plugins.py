"""Projects of plugins that are bad in one way each, one for every finding of the kit."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from ion_framework.conformance.cast import reference_cast
from ion_framework.domain.key import Intent, Pace, Tone
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
    code = body if body.startswith(("import", "from")) else GUARD + body
    return PluginProject(name="watch", kind="guard", code=code, **changes)


def extension(body: str) -> PluginProject:
    """The project of an extension with this hook implementation."""
    return PluginProject(name="watch", kind="extension", code=GUARD + body)


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


ISSUES = "https://issues.internal/{distribution}"
STARTUP = "    @hookimpl\n    async def ion_startup(self):\n        "
SHUTDOWN = "    @hookimpl\n    async def ion_shutdown(self):\n        "
NETWORK = "\n[capabilities]\nnetwork = true\n"
AFFINITIES = DATA[DATA.index("[persona.affinities.tone]") :]


def drawn_to(tone: str, pace: str, intent: str) -> str:
    """The tables of affinities."""
    parts = {"tone": tone, "pace": pace, "intent": intent}
    return "".join(f"[persona.affinities.{key}]\n{text}\n" for key, text in parts.items())


def each(kind: type[StrEnum], value: float) -> str:
    """The same affinity for everything of a kind."""
    return "".join(f"{item.value} = {value}\n" for item in kind)


def that_of(name: str) -> str:
    """The affinities of one of the reference cast."""
    (member,) = [member for member in reference_cast() if member.name == name]
    tables = (member.affinities.tone, member.affinities.pace, member.affinities.intent)
    texts = ["".join(f"{key} = {value}\n" for key, value in table.items()) for table in tables]
    return drawn_to(*texts)


ALL_HIGH = drawn_to(
    each(Tone, 1.0).replace("calm = 1.0", "calm = 0.9"), each(Pace, 1.0), each(Intent, 1.0)
)

REFUSING = "from ion_framework import Refusal\n        "
MIXED: dict[str, PluginProject] = {
    "a guard": guard(
        ASYNC + REFUSING + "if 'zq' not in turn.text: return None\n"
        "        self._text = turn.text\n        await asyncio.sleep(0.001)\n"
        "        return Refusal('odd', self._text)\n"
    ),
    "a stream": guard(
        "    async def ion_transform_stream(self, turn, chunks):\n"
        "        from ion_framework import TextChunk\n"
        "        async for chunk in chunks:\n"
        "            if not isinstance(chunk, TextChunk):\n"
        "                yield chunk\n                continue\n"
        "            self._text = chunk.text\n            await asyncio.sleep(0.001)\n"
        "            yield TextChunk(self._text)\n"
    ),
    "the end of a turn": extension(
        "    async def ion_finish(self, turn, reply):\n"
        "        self._reply = reply\n        await asyncio.sleep(0.001)\n"
        "        return self._reply\n"
    ),
    "the turn before": extension(
        DEF.replace("ion_guard", "ion_gather_context") + "from ion_framework import TurnContext\n"
        "        last = getattr(self, 'last', None)\n        self.last = turn.text\n"
        "        return TurnContext(notes=(last,)) if last else None\n"
    ),
}
"""Plugins that give one call what belongs to another, by what mixes them up."""

TOLERATED = guard(
    HEAD.replace(
        "class Plugin",
        "import attr\nfrom collections import deque\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import numpy\n"
        "try:\n    import no_such_module\nexcept ImportError:\n    no_such_module = None\n"
        "class Plugin",
    )
    + "        self.last = deque(maxlen=8)\n    @hookimpl\n"
    + DEF
    + "self.last.append(bytearray(200_000))\n",
    pyproject=PYPROJECT.replace("license =", 'dependencies = ["attrs>=23"]\nlicense ='),
)
"""A plugin that imports what it declares, or may lack, and keeps much, but not of every call."""

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
    "text-not-korean": persona('ko = "시험용."', 'ko = "Made for a test."'),
    "text-placeholder": persona('en = "Made for a test."', 'en = "Lorem ipsum dolor sit amet."'),
    "text-too-long": persona('en = "Made for a test."', f'en = "{"long " * 200}"'),
    # the package
    "licence-missing": pyproject('license = "Apache-2.0"\n', ""),
    "licence-unknown": pyproject('"Apache-2.0"', '"Foo-1.0"'),
    "licence-text-missing": PluginProject(files={"LICENSE": None}),
    "readme-missing": PluginProject(files={"README.md": "# short\n"}),
    "issues-url-missing": pyproject(f'Issues = "{ISSUES}"\n', ""),
    "issues-url-placeholder": pyproject(ISSUES, "https://example.invalid/issues"),
    "tests-missing": PluginProject(files={"tests/test_it.py": "def helper(): ..."}),
    "contract-missing": PluginProject(files={"tests/test_it.py": "def test_it(): ..."}),
    "version-missing": pyproject('version = "1.0"\n', ""),
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
    "capability-environment-open": beside("    def all(self):\n        return dict(os.environ)\n"),
    "dependency-undeclared": beside("    def hold(self):\n        import numpy\n"),
    "unsafe-code": beside("    def run(self, text):\n        return eval(text)\n"),
    "import-side-effect": guard(CALM.replace("class Plugin", "print('hello')\nclass Plugin")),
    # routing
    "routing-unreachable": persona("calm = 0.9", "calm = 0.2"),
    "routing-swallows": persona(AFFINITIES, ALL_HIGH),
    "routing-neutral": persona(AFFINITIES, drawn_to("calm = 0.5", "", "")),
    "routing-duplicate": persona(AFFINITIES, that_of("riri")),
    "routing-here-unreachable": persona(
        AFFINITIES, drawn_to("calm = 0.75\nurgent = 0.0", "burst = 1.0", "planning = 1.0")
    ),
    "routing-here-swallows": persona(AFFINITIES, that_of("lua")),
    "routing-here-duplicate": persona(
        AFFINITIES, drawn_to("calm = 0.8\nurgent = 0.3", "burst = 1.0", "planning = 1.0")
    ),
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
    "runs-processes": guard(
        CALM + STARTUP + "import subprocess\n        subprocess.run(['true'], check=True)\n"
    ),
    "process-every-turn": guard(
        DEF + "import subprocess\n        subprocess.run(['true'], check=True)\n"
    ),
    "memory-grows": guard(
        DEF + "self.kept = [*getattr(self, 'kept', ()), bytearray(200_000)]\n        return None\n"
    ),
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
    "hook-hides-failure": guard(
        "    async def ion_transform_stream(self, turn, chunks):\n"
        "        from ion_framework import Finish\n"
        "        try:\n            async for chunk in chunks:\n                yield chunk\n"
        "        except OSError:\n            yield Finish()\n"
    ),
    "mutates-arguments": guard(DEF + "object.__setattr__(turn.request, 'text', 'changed')\n"),
    "shared-state": MIXED["a stream"],
    "pure-differs": guard(
        "from ion_framework import Refusal, pure\n"
        + HEAD
        + "        self.calls = 0\n    @pure\n    @hookimpl\n"
        + DEF
        + "self.calls += 1\n        return Refusal('busy', f'Call {self.calls}.')\n"
    ),
    "shared-between-ions": guard(
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
