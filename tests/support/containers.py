"""The steps of a container file, run in folders of this machine.

A stage is a folder with a fresh virtual environment for its base image, which has Python and pip.
What is absolute in the file lies below that folder. There are no layers, no other user and no other
root: that is what this cannot show.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from fnmatch import fnmatchcase
from pathlib import Path

import attrs

from tests.support.environments import Environment

ABSOLUTE = re.compile(r"(?<![\w.:/*-])/(?=ion\b|data\b)")
MOUNT = re.compile(r"--mount=(\S+)\s+")


@attrs.frozen
class Step:
    """One instruction: its name in capitals, and the rest with its lines joined."""

    name: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The rest as words, without options."""
        return [word for word in shlex.split(self.rest) if not word.startswith("--")]

    @property
    def options(self) -> dict[str, str]:
        """The options ``--name=value`` in front."""
        found = (word[2:].partition("=") for word in shlex.split(self.rest) if word[:2] == "--")
        return {name: value for name, _, value in found}

    @property
    def command(self) -> list[str]:
        """The exec form of ``CMD`` or of ``HEALTHCHECK``'s command."""
        return json.loads(self.rest[self.rest.index("[") :])


def steps(file: Path) -> tuple[Step, ...]:
    """The instructions of a container file."""
    lines = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    split = (line.split(None, 1) for line in joined.splitlines() if line.strip())
    return tuple(Step(name, rest.strip()) for name, rest in split)


class BuildContext:
    """Which files a ``.dockerignore`` leaves in a build.

    Patterns begin at the root unless ``**/`` stands in front, mean whole folders as well, and the
    last one that matches decides. Of the form only that is known which this repository uses.
    """

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines()]
        self._patterns = [line for line in lines if line and not line.startswith("#")]

    def has(self, file: Path) -> bool:
        """Whether a file, by its path from the root, is sent to the build."""
        names = [file, *file.parents][:-1]
        kept = True
        for pattern in self._patterns:
            bare = pattern.removeprefix("!")
            if any(_matches(name, bare) for name in names):
                kept = pattern.startswith("!")
        return kept


def _matches(name: Path, pattern: str) -> bool:
    """Whether a pattern means exactly this file or folder."""
    if pattern.startswith("**/"):
        return fnmatchcase(name.name, pattern.removeprefix("**/"))
    parts = pattern.split("/")
    return len(parts) == len(name.parts) and all(map(fnmatchcase, name.parts, parts))


@attrs.define
class Stage:
    """What has become of one stage.

    Attributes:
        root: the folder that stands for its root.
        environment: its Python.
        folder: where the next step runs.
        variables: those of ``ENV``, with paths of this machine.
        user: the last ``USER``.
    """

    root: Path
    environment: Environment
    folder: Path
    variables: dict[str, str] = attrs.field(factory=dict)
    user: str = ""

    def path(self, text: str) -> Path:
        """Where a path of the container is on this machine."""
        return self.root / text.lstrip("/") if text.startswith("/") else self.folder / text

    def mapped(self, text: str) -> str:
        """A text with the paths in it below this stage's root."""
        return ABSOLUTE.sub(f"{self.root}/", text)


def build(file: Path, context: Path, scratch: Path) -> Stage:
    """Run the steps of a container file; gives its last stage."""
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for step in steps(file):
        if step.name == "FROM":
            root = scratch / f"stage-{len(stages)}"
            stage = Stage(root, Environment.create(root), root)
            stages[step.words[-1] if "AS" in step.words else str(len(stages))] = stage
        elif stage is not None:
            _take(step, stage, stages, context)
    assert stage is not None
    return stage


def _take(step: Step, stage: Stage, stages: dict[str, Stage], context: Path) -> None:
    if step.name == "WORKDIR":
        stage.folder = stage.path(step.rest)
        stage.folder.mkdir(parents=True, exist_ok=True)
    elif step.name == "COPY":
        _copy(step, stage, stages, context)
    elif step.name == "ENV":
        pairs = (word.partition("=") for word in step.words)
        stage.variables |= {name: stage.mapped(value) for name, _, value in pairs}
    elif step.name == "USER":
        stage.user = step.rest
    elif step.name == "RUN":
        _run(step, stage, stages)


def _copy(step: Step, stage: Stage, stages: dict[str, Stage], context: Path) -> None:
    *sources, target = step.words
    for source in sources:
        of_stage = step.options.get("from")
        found = stages[of_stage].path(source) if of_stage else context / source
        to = stage.path(target)
        if found.is_dir():
            shutil.copytree(found, to, dirs_exist_ok=True)
        else:
            to = to / found.name if target.endswith("/") else to
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(found, to)


def _run(step: Step, stage: Stage, stages: dict[str, Stage]) -> None:
    script = step.rest
    for mount in MOUNT.findall(script):
        given = dict(part.split("=", 1) for part in mount.split(","))
        target = stage.path(given["target"])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(stages[given["from"]].path(given["source"]))
    script = stage.mapped(MOUNT.sub("", script))
    builds = " wheel " in script
    run = stage.environment.build if builds else stage.environment.run
    run(script, stage.folder)
