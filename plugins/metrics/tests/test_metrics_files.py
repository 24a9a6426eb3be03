"""Figures of several processes: added up exactly, and never lower than before."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from ion_metrics import names
from ion_metrics.ledger import Ledger

if sys.platform == "win32":
    pytest.skip("there are no workers on Windows", allow_module_level=True)

from ion_metrics.files import JOURNAL, MOST_GONE, VALUES, Shelf, put_together, total

OTHER_PROCESS = """\
import sys, time
from pathlib import Path
from ion_metrics import names
from ion_metrics.files import Shelf
from ion_metrics.ledger import Ledger

ledger = Ledger()
ledger.keep_on(Shelf(Path(sys.argv[1])))
ledger.values[ledger.place(names.HTTP_SHED)] += 5
ledger.values[ledger.place(names.PROCESSES)] = 1
print("ready", flush=True)
time.sleep(60)
"""
SHED, LIVING = ("ion_http_requests_shed_total", ()), ("ion_processes", ())


def one(folder, by=1.0):
    """A process that has counted something."""
    ledger = Ledger()
    ledger.values[ledger.place(names.HTTP_SHED)] += by
    ledger.keep_on(Shelf(folder))
    ledger.values[ledger.place(names.PROCESSES)] = 1.0
    return ledger


def test_it_adds_up_what_lives_and_what_was(tmp_path):
    """Counters of a process that is gone stay, its gauges go; those of others are added."""
    first, second = one(tmp_path), one(tmp_path, by=2.0)
    both = total(tmp_path)
    second.let_go()
    left = total(tmp_path)

    assert (both[SHED], both[LIVING]) == ((3.0,), (2.0,))
    assert (left[SHED], left[LIVING]) == ((3.0,), (1.0,))
    assert second.numbers()[SHED] == (0.0,)
    first.let_go()


def test_a_killed_process_takes_nothing_along(tmp_path):
    """What a process has counted is there after SIGKILL, to the last addition."""
    own = one(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, str(tmp_path)], stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        before = total(tmp_path)
        process.send_signal(signal.SIGKILL)
    after = total(tmp_path)

    assert (before[SHED], before[LIVING]) == ((6.0,), (2.0,))
    assert (after[SHED], after[LIVING]) == ((6.0,), (1.0,))
    own.let_go()


def test_files_of_the_gone_are_put_together(tmp_path):
    """However many processes have come and gone, few files are left, and the sums are the same."""
    living = one(tmp_path)
    for _ in range(3 * MOST_GONE):
        one(tmp_path).let_go()
        put_together(tmp_path)

    assert total(tmp_path)[SHED] == (3.0 * MOST_GONE + 1,)
    assert len(list(tmp_path.glob(f"*{VALUES}"))) <= MOST_GONE + 2
    living.let_go()


def test_what_was_put_together_counts_once(tmp_path):
    """Files whose removal was cut short are not counted beside the one that replaces them."""
    kept = {}
    for _ in range(MOST_GONE + 1):
        one(tmp_path).let_go()
    for file in tmp_path.iterdir():
        kept[file] = file.read_bytes()
    put_together(tmp_path)
    for file, content in kept.items():
        file.write_bytes(content)

    assert total(tmp_path)[SHED] == (MOST_GONE + 1.0,)


def test_a_line_that_is_being_written_is_not_read(tmp_path):
    """A journal's last line counts once it is complete."""
    own = one(tmp_path)
    (journal,) = tmp_path.glob(f"*{JOURNAL}")
    with journal.open("ab") as file:
        file.write(b'["ion_http_requests_wai')

    assert total(tmp_path)[SHED] == (1.0,)
    own.let_go()


def test_a_later_series_is_found(tmp_path):
    """A series that is first counted after the file was opened is told, too."""
    own = one(tmp_path)
    place = own.place(names.TOKENS, ("루아-1", "input"))
    own.values[place] += 4.0

    assert total(tmp_path)["ion_generation_tokens_total", ("루아-1", "input")] == (4.0,)
    own.let_go()
