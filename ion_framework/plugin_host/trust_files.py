"""The files of an installed distribution: what RECORD says of them, and what lies on the disk.

RECORD is the list that an installer leaves of what it has put where, with a hash of each file. What
it says is compared with the disk, and summed up in one digest that is the same on every machine on
which the same archive was installed. So these are left out of the digest: what the installer itself
adds (who installed, from where), byte code, and scripts outside of the folder of packages, which
name the Python that they were made for.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath

import attrs

INSTALLERS_OWN = frozenset(
    {"RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json"}
    | {"uv_cache.json"}
)
"""Files of the metadata that an installer writes, and no archive brings."""

STRONG = frozenset({"sha256", "sha384", "sha512"})
"""Hashes that are believed."""

RUN_AT_START = frozenset({"sitecustomize.py", "usercustomize.py"})
"""Modules that Python imports at every start; besides, it runs lines of ``.pth`` files."""

CACHE = "__pycache__"


class Fault(StrEnum):
    """What is wrong with a file, or with all of them."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    UNHASHED = "unhashed"
    ELSEWHERE = "elsewhere"


@attrs.frozen
class Problem:
    """One file that is not as it was installed.

    Attributes:
        fault: what is wrong.
        file: its path from the folder of packages.
        message: the same in one sentence.
    """

    fault: Fault
    file: str
    message: str


@attrs.frozen
class Entry:
    """One file as it should be.

    Attributes:
        path: from the folder of packages, with slashes.
        digest: as in RECORD, ``sha256=<base64>``.
        size: bytes, as in RECORD.
    """

    path: str
    digest: str
    size: str


@attrs.frozen
class Inventory:
    """The files of one distribution.

    Attributes:
        editable: whether it is a source tree that was installed in place.
        digest: SHA-256 over all that counts, as ``sha256:<hex>``; empty where it cannot be told.
        problems: how the disk differs from RECORD.
        unverifiable: why nothing can be compared, empty where it can.
        hashes: what each file has to be, by its real path on the disk.
        packages: dotted names of the packages and modules that it brings.
    """

    editable: bool = False
    digest: str = ""
    problems: tuple[Problem, ...] = ()
    unverifiable: str = ""
    hashes: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    packages: tuple[str, ...] = ()


def take_inventory(found: Distribution, folder: Path | None) -> Inventory:
    """Read and hash the files of a distribution; nothing of it is imported.

    Args:
        found: the distribution.
        folder: the package that Python would import for its plugin; None where there is none.
    """
    if is_editable(found):
        return _source_tree(folder)
    entries = tuple(read_record(found))
    if not any(entry.digest for entry in entries):
        return Inventory(
            unverifiable="it was installed without a RECORD that has hashes; install a wheel of it "
            "with pip"
        )
    counted = [entry for entry in entries if _counts(entry.path)]
    root = Path(str(found.locate_file("")))
    roots = _roots(counted)
    problems = [
        *_compared(root, counted),
        *_added(root, roots, {entry.path for entry in entries}),
        *_elsewhere(root, counted, folder),
    ]
    return Inventory(
        digest=_digest(counted),
        problems=tuple(problems),
        hashes={os.path.realpath(root / entry.path): entry.digest for entry in counted},
        packages=tuple(path.replace("/", ".").removesuffix(".py") for path in roots),
    )


def is_editable(found: Distribution) -> bool:
    """Whether a distribution is a source tree that was installed in place (PEP 610)."""
    origin = origin_of(found).get("dir_info")
    return isinstance(origin, dict) and origin.get("editable") is True


def origin_of(found: Distribution) -> Mapping[str, object]:
    """What ``direct_url.json`` says of where a distribution came from; empty where it is silent."""
    try:
        told = json.loads(found.read_text("direct_url.json") or "{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def read_record(found: Distribution) -> Iterator[Entry]:
    """The lines of RECORD, none where there is no RECORD."""
    try:
        text = found.read_text("RECORD") or ""
    except (OSError, UnicodeDecodeError):
        return
    for row in csv.reader(text.splitlines()):
        if row:
            path, digest, size = (*row, "", "")[:3]
            yield Entry(path, digest, size)


def start_files(found: Distribution) -> tuple[str, ...]:
    """Files of a distribution that make Python run code at every start, before anything can check.

    Of a source tree installed in place, a ``.pth`` file that only names its folder does not count.
    """
    editable = is_editable(found)
    return tuple(
        entry.path
        for entry in read_record(found)
        if "/" not in entry.path
        and (entry.path in RUN_AT_START or entry.path.endswith(".pth"))
        and not (editable and _only_names_folders(Path(str(found.locate_file(entry.path)))))
    )


def hash_of(content: bytes, like: str) -> str:
    """The hash of a file's content, in the form and by the algorithm of another.

    Args:
        content: the content.
        like: a hash as in RECORD; its algorithm is one of `STRONG`.
    """
    algorithm = like.partition("=")[0]
    digest = hashlib.new(algorithm, content).digest()
    return f"{algorithm}={urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def digest_of(file: Path) -> str:
    """SHA-256 of a file, as ``sha256:<hex>``.

    Raises:
        OSError: it cannot be read.
    """
    return f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"


def _only_names_folders(file: Path) -> bool:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return not any(line.startswith(("import ", "import\t")) for line in lines)


def _counts(path: str) -> bool:
    """Whether a line of RECORD is about what an archive brings into the folder of packages."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts:
        return False
    if CACHE in parts and path.endswith(".pyc"):
        return False
    return not (parts[0].endswith(".dist-info") and parts[-1] in INSTALLERS_OWN)


def _digest(entries: Iterable[Entry]) -> str:
    lines = sorted(f"{entry.path},{entry.digest},{entry.size}\n" for entry in entries)
    return f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}"


def _compared(root: Path, entries: Iterable[Entry]) -> Iterator[Problem]:
    for entry in entries:
        if entry.digest.partition("=")[0] not in STRONG:
            message = f"RECORD has no SHA-2 hash of {entry.path}"
            yield Problem(Fault.UNHASHED, entry.path, message)
            continue
        try:
            content = (root / entry.path).read_bytes()
        except OSError:
            yield Problem(Fault.MISSING, entry.path, f"{entry.path} is missing or unreadable")
            continue
        if hash_of(content, entry.digest) != entry.digest:
            message = f"{entry.path} is not the file that was installed"
            yield Problem(Fault.CHANGED, entry.path, message)


def _roots(entries: Iterable[Entry]) -> tuple[str, ...]:
    """The outermost packages, and the modules beside them, as paths."""
    paths = [entry.path for entry in entries]
    packages = {path.rpartition("/")[0] for path in paths if path.endswith("/__init__.py")}
    outermost = {
        package
        for package in packages
        if not any(parent.as_posix() in packages for parent in PurePosixPath(package).parents)
    }
    modules = {path for path in paths if "/" not in path and path.endswith(".py")}
    return tuple(sorted(outermost | modules))


def _added(root: Path, roots: Iterable[str], known: set[str]) -> Iterator[Problem]:
    for package in roots:
        if package.endswith(".py"):
            continue
        for file in sorted(_files(root / package)):
            path = file.relative_to(root).as_posix()
            if path not in known:
                message = f"{path} was not installed with it, and lies in its package all the same"
                yield Problem(Fault.ADDED, path, message)


def _elsewhere(root: Path, entries: Iterable[Entry], folder: Path | None) -> Iterator[Problem]:
    if folder is None:
        return
    wanted = os.path.realpath(folder / "__init__.py")
    if wanted not in {os.path.realpath(root / entry.path) for entry in entries}:
        message = f"Python would import {folder}, which this distribution has not installed"
        yield Problem(Fault.ELSEWHERE, str(folder), message)


def _files(folder: Path) -> Iterator[Path]:
    """Every file below a folder but byte code in its cache; a link to a folder counts as a file."""
    try:
        found = list(os.scandir(folder))
    except OSError:  # a package whose files are missing is told of file by file
        return
    for item in found:
        if item.is_dir(follow_symlinks=False):
            yield from _files(Path(item.path))
        elif folder.name != CACHE or not item.name.endswith(".pyc"):
            yield Path(item.path)


def _source_tree(folder: Path | None) -> Inventory:
    """The files of a package that lies in a source tree: nothing says what they should be."""
    if folder is None:
        return Inventory(editable=True, unverifiable="its source tree cannot be found")
    try:
        entries = {file: _entry(folder, file) for file in _files(folder)}
    except OSError as error:
        return Inventory(editable=True, unverifiable=f"its source tree cannot be read: {error}")
    return Inventory(
        editable=True,
        digest=_digest(entries.values()),
        hashes={os.path.realpath(file): entry.digest for file, entry in entries.items()},
        packages=(folder.name,),
    )


def _entry(folder: Path, file: Path) -> Entry:
    content = file.read_bytes()
    path = file.relative_to(folder.parent).as_posix()
    return Entry(path, hash_of(content, "sha256="), str(len(content)))
