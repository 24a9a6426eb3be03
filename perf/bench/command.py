"""The command: measures what it is asked for, shows, writes, draws, compares."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from perf.bench import baseline, http_bench
from perf.bench.charts import draw
from perf.bench.cores import all_cores
from perf.bench.extent import QUICK, Extent
from perf.bench.parts_bench import parts
from perf.bench.persona_bench import personas
from perf.bench.results import write
from perf.bench.rows import Row
from perf.bench.servers import has_fastapi
from perf.bench.start_bench import start
from perf.bench.table import table
from perf.report import RESULTS

Bench = Callable[[Extent], Iterator[Row]]

BENCHES: Mapping[str, Bench] = {
    "cached": http_bench.cached,
    "uncached": http_bench.uncached,
    "workers": http_bench.workers,
    "monitors": http_bench.monitors,
    "extras": http_bench.extras,
    "personas": personas,
    "parts": parts,
    "start": start,
}
"""Every benchmark by its name; what each measures is its first line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see ``--help``."""
    parser = _parser()
    given = parser.parse_args(arguments)
    unknown = [name for name in given.name if name not in BENCHES]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; valid are: {', '.join(BENCHES)}")
    try:
        known = baseline.read_baseline(given.baseline) if given.baseline else None
    except baseline.BaselineError as error:
        parser.error(str(error))
    extent = QUICK if given.quick else Extent()
    rows = measure(given.name or list(BENCHES), extent)
    print(table(rows))
    print(f"\nMedians, in brackets the middle half of {extent.rounds} rounds.")
    print(f"Every sample is in {write(rows, given.results, quick=given.quick)}")
    for file in draw(rows, given.results):
        print(f"A picture is in {file}")
    code = int(given.check and not all(row.kept for row in rows))
    if given.write_baseline:
        number = baseline.write_baseline(rows, given.write_baseline)
        print(f"{number} ratios are the baseline in {given.write_baseline}")
    if known is not None:
        compared = baseline.compare(rows, known, given.tolerance)
        text, worse = baseline.verdict(compared, given.baseline)
        print(text)
        code = code or worse
    return code


def measure(names: Sequence[str], extent: Extent) -> list[Row]:
    """Run benchmarks, one after the other; what is going on goes to the error stream."""
    cores = len(all_cores()) or "an unknown number of"
    _say(f"{cores} cores; FastAPI and uvicorn are {'' if has_fastapi() else 'not '}installed")
    rows: list[Row] = []
    for name in dict.fromkeys(names):
        began = time.perf_counter()
        rows += BENCHES[name](extent)
        _say(f"{name}: {time.perf_counter() - began:.0f} s")
    return rows


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    described = "\n".join(
        f"  {name:10} {(bench.__doc__ or '').splitlines()[0]}" for name, bench in BENCHES.items()
    )
    parser = argparse.ArgumentParser(
        prog="python -m perf.bench",
        description="ION beside what cannot be done without, in one run, round by round.",
        epilog=f"benchmarks:\n{described}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="*", help="benchmarks to run (all)")
    parser.add_argument("--quick", action="store_true", help="few rounds: that it works")
    parser.add_argument("--check", action="store_true", help="exit code 1 where a target is missed")
    parser.add_argument(
        "--baseline", type=Path, help="exit code 1 where a ratio is worse than here"
    )
    parser.add_argument("--write-baseline", type=Path, help="file to write the ratios to")
    parser.add_argument(
        "--tolerance",
        type=float,
        default=baseline.TOLERANCE,
        help="share by which a ratio may be worse (%(default)s)",
    )
    parser.add_argument(
        "--results", type=Path, default=RESULTS, help="folder for samples, pictures"
    )
    return parser
