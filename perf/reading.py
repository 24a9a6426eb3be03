"""Reading a message's resonance: ``python -m perf.reading``.

Messages of 80 to 120 characters are read in one process. *cold* words were not read before, *warm*
words were. The baseline is the one thing that every analyser does, whatever it knows: the
language is detected. First use and memory are measured in fresh processes that import ION and then
read a message in English and one in Korean; their baseline is a process that does the former only.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import attrs
from ion_resonance.analyzer import analyze
from ion_resonance.model import model

from ion_framework import Resonance, detect_language
from perf.processes import python, unconfigured
from perf.report import RESULTS, Budget, Judged, Measurement, publish

READ_US = 500.0
FIRST_MS = 50.0
ADDED_MB = 10.0

BATCH = 20
"""How often a message is read for one sample, so that the clock does not matter."""

MESSAGES = {
    "en": (
        "This is the third time the export dies halfway, and the client sees it today. Why?",
        "Could you explain how an index speeds up this query, and when it makes writes slower?",
        "I keep going back and forth between two offers; one pays more, the other team is kinder.",
        "Let's plan the next two weeks: first the tests, then the release, a day for surprises.",
        "haha okay that bug was sitting in the config the whole time, I feel so silly right now!!",
    ),
    "ko": (
        "이거 진짜 답답해요! 왜 안 되는 거죠? 어제부터 계속 같은 오류가 나는데 원인을 모르겠어요. "
        "회의가 내일인데 큰일이네요. 어떻게 하면 좋을까요? 도와주세요.",
        "인덱스를 걸면 이 조회가 왜 빨라지는지, 그리고 언제는 오히려 쓰기가 느려지는지 예를 하나 "
        "들어서 처음 배우는 사람도 알 수 있게 차근차근 설명해 주실 수 있을까요?",
        "두 회사에서 제안을 받았는데 한쪽은 연봉이 높고 다른 쪽은 사람들이 참 좋아요. 며칠째 "
        "밤마다 고민만 하고 있는데 어떤 기준으로 정하면 후회가 없을까요?",
        "다음 두 주 계획을 같이 세워 봐요. 먼저 테스트를 고치고, 그다음에 배포하고, 예상 못 한 "
        "일을 위해서 하루쯤은 비워 두고 싶어요. 어떻게 나누면 될까요?",
        "지난 프로젝트를 돌이켜 보니 일정이 밀린 게 꼭 기술 때문만은 아니었던 것 같아요. 다음에는 "
        "무엇을 다르게 하면 좋을지 천천히 정리해 보고 싶네요.",
    ),
}
"""What mentees write: per language five messages of the promised length."""

FRESH = """
import json, resource, sys, time
from ion_framework import Ion, Resonance
if sys.argv[1] == "ION":
    from ion_resonance.analyzer import analyze
    analyze("hello", source="perf")
    analyze("안녕하세요", source="perf")
passed = time.process_time() * 1000
usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([passed, usage * (1 if sys.platform == "darwin" else 1024) / 1_000_000]))
"""
"""A fresh process: milliseconds of its own time in all, and the most memory that it held in MB."""


@attrs.frozen
class Series:
    """One row.

    Attributes:
        language: of the messages.
        cold: whether the words are forgotten before each reading.
    """

    language: str
    cold: bool

    @property
    def what(self) -> str:
        """Its name."""
        return f"read, {self.language}, {'cold' if self.cold else 'warm'} words"


def read(message: str) -> Resonance:
    """Read one message."""
    return analyze(message, source="perf")


def read_cold(message: str) -> Resonance:
    """Read one message as if no word of it had been read before."""
    model().forget()
    return read(message)


def sample_us(do: Callable[[str], object], message: str) -> float:
    """Microseconds of this process's time that one call takes."""
    start = time.process_time()
    for _ in range(BATCH):
        do(message)
    return (time.process_time() - start) / BATCH * 1e6


def measure_reading(series: Series, runs: int) -> Measurement:
    """Measure every message of a language, and the baseline right before it."""
    do = read_cold if series.cold else read
    bare, samples = [], []
    for message in MESSAGES[series.language]:
        read(message)  # not counted: first use is slower
    for _, message in itertools.product(range(runs), MESSAGES[series.language]):
        bare.append(sample_us(detect_language, message))
        samples.append(sample_us(do, message))
    return Measurement(series.what, "us", tuple(samples), tuple(bare), Budget(READ_US))


def fresh(name: str) -> tuple[float, float]:
    """Milliseconds and MB of a fresh process."""
    done = subprocess.run(
        python("-c", FRESH, name), env=unconfigured(), capture_output=True, text=True, check=True
    )
    passed, held = json.loads(done.stdout)
    return passed, held


def measure_first_use(runs: int) -> Iterator[Measurement]:
    """Measure what the first two messages cost, in time and in memory."""
    fresh("ION")  # byte code is compiled once, not in a sample
    pairs = [(fresh("bare"), fresh("ION")) for _ in range(runs)]
    bare_ms, bare_mb = zip(*(bare for bare, _ in pairs), strict=True)
    ion_ms, ion_mb = zip(*(ion for _, ion in pairs), strict=True)
    yield Measurement(
        "start and first use, en and ko", "ms", ion_ms, bare_ms, Budget(FIRST_MS, Judged.OVER_BARE)
    )
    yield Measurement("resident", "MB", ion_mb, bare_mb, Budget(ADDED_MB, Judged.OVER_BARE))


def measure(runs: int) -> tuple[Measurement, ...]:
    """Measure everything."""
    rows = [Series(language, cold) for language in MESSAGES for cold in (True, False)]
    return (*(measure_reading(row, runs) for row in rows), *measure_first_use(runs))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; see ``--help``."""
    parser = argparse.ArgumentParser(prog="python -m perf.reading", description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="samples of each (default: 15)")
    parser.add_argument("--check", action="store_true", help="exit code 1 when over a budget")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for raw samples")
    given = parser.parse_args(arguments)
    return publish("reading", measure(given.runs), given.results, check=given.check)


if __name__ == "__main__":
    raise SystemExit(main())
