"""The command: checks promises and says which are kept."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from perf.reliability.catalogue import promises
from perf.reliability.promise import Promise, Setting
from perf.reliability.report import Checked, lines, write
from perf.report import RESULTS

SEED = 20261121


def check(promise: Promise, seed: int, scale: float) -> Checked:
    """Check one promise, in an event loop and a folder of its own."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        setting = Setting(seed, Path(name), scale)
        try:
            findings = tuple(asyncio.run(promise.check(setting)))
        except Exception as error:  # noqa: BLE001  one broken check leaves the others to run
            traceback.print_exc()
            broken = f"{type(error).__name__}: {error}"
            return Checked(promise, (), time.perf_counter() - began, broken)
    return Checked(promise, findings, time.perf_counter() - began)


def run(chosen: Sequence[Promise], seed: int, scale: float, folder: Path) -> int:
    """Check promises one after the other; gives 1 where one is not kept."""
    print(f"seed {seed}, scale {scale:g}")
    found = []
    for promise in chosen:
        found.append(check(promise, seed, scale))
        print(lines(found[-1]), flush=True)
    kept = sum(item.kept for item in found)
    print(f"\n{kept} of {len(found)} promises kept; samples in {write(found, seed, scale, folder)}")
    return int(kept < len(found))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m perf.reliability", description=__doc__)
    parser.add_argument("number", nargs="*", type=int, help="promises to check (all)")
    parser.add_argument("--fast", action="store_true", help="those of every commit only")
    parser.add_argument("--list", action="store_true", help="list the promises and end")
    parser.add_argument(
        "--seed", type=int, default=SEED, help="of every random choice (%(default)s)"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="share of the promised length (1)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the samples")
    given = parser.parse_args(arguments)
    known = promises()
    unknown = sorted(set(given.number) - {promise.number for promise in known})
    if unknown:
        valid = ", ".join(str(promise.number) for promise in known)
        parser.error(f"no such promise: {', '.join(map(str, unknown))}; valid are: {valid}")
    chosen = [
        promise
        for promise in known
        if (not given.number or promise.number in given.number) and (promise.fast or not given.fast)
    ]
    if given.list:
        print(
            "\n".join(f"{item.number:>2}  {item.title}  (~{item.seconds:g} s)" for item in chosen)
        )
        return 0
    return run(chosen, given.seed, given.scale, given.results)
