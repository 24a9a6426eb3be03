"""The command perf.reliability: what it lists, refuses, prints and writes."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("ion_two_tier_cache")
pytest.importorskip("aiocache")

from perf.reliability.catalogue import promises
from perf.reliability.command import SEED, main, run
from perf.reliability.promise import Finding, Promise, Setting


def made_up(number=90, kept=True, error=None):
    """A promise that finds one thing, or breaks."""

    async def check(setting):
        if error is not None:
            raise error
        (setting.folder / "left-behind").touch()
        drawn = setting.random("test").random()
        return [Finding("what was drawn", "any", f"{drawn:.3f}", kept, {"drawn": (drawn,)})]

    return Promise(number=number, title=f"made up {number}", check=check, seconds=1)


def written(folder):
    """What was written, one document."""
    (file,) = folder.iterdir()
    return json.loads(file.read_text("utf-8"))


def test_every_promise_of_the_cache_has_a_file():
    """The catalogue holds each promise once, in order, and all those of the cache."""
    numbers = [promise.number for promise in promises()]

    assert numbers == sorted(set(numbers))
    assert {1, 2, 3, 4, 5, 6, 7, 8, 9} <= set(numbers)


def test_the_command_lists_the_promises(capsys):
    """With --list every promise is named and none is checked."""
    assert main(["--list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(promises())
    assert all(promise.title in line for promise, line in zip(promises(), lines, strict=True))


def test_the_command_lists_what_is_checked_at_every_commit(capsys):
    """With --fast only those are left that are checked at every commit."""
    assert main(["--list", "--fast"]) == 0

    numbers = [int(line.split()[0]) for line in capsys.readouterr().out.splitlines()]
    assert numbers == [promise.number for promise in promises() if promise.fast]
    assert {3, 5, 7, 8} <= set(numbers)


def test_an_unknown_number_is_refused(capsys):
    """A number that no promise has ends the command with 2 and with the numbers that there are."""
    with pytest.raises(SystemExit) as ended:
        main(["3", "977"])

    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert "no such promise: 977; valid are: 1, 2, 3" in told


def test_what_is_kept_ends_well(tmp_path, capsys):
    """A promise that is kept is printed with its figure, and the command ends with 0."""
    assert run([made_up()], SEED, 1.0, tmp_path) == 0

    told = capsys.readouterr().out
    assert f"seed {SEED}" in told
    assert "made up 90" in told
    assert "kept    what was drawn" in told
    assert "1 of 1 promises kept" in told


def test_what_is_not_kept_is_named(tmp_path, capsys):
    """A promise that is missed is named with figure and target, and the command ends with 1."""
    assert run([made_up(), made_up(91, kept=False)], SEED, 1.0, tmp_path) == 1

    told = capsys.readouterr().out
    assert "made up 91" in told
    assert "MISSED  what was drawn" in told
    assert "(promised: any)" in told
    assert "1 of 2 promises kept" in told


def test_a_broken_check_leaves_the_others_to_run(tmp_path, capsys):
    """A check that raises counts as not kept, says why, and the next one is still checked."""
    assert run([made_up(error=RuntimeError("no Redis here")), made_up(91)], 7, 1.0, tmp_path) == 1

    told = capsys.readouterr()
    assert "BROKEN: RuntimeError: no Redis here" in told.out
    assert "kept    what was drawn" in told.out
    assert "Traceback" in told.err


def test_raw_samples_are_written(tmp_path):
    """Seed, scale, figures and every raw sample are in the file."""
    run([made_up(kept=False)], 7, 0.5, tmp_path)

    document = written(tmp_path)
    (promise,) = document["promises"]
    (finding,) = promise["findings"]
    assert (document["seed"], document["scale"]) == (7, 0.5)
    assert (promise["number"], promise["kept"]) == (90, False)
    drawn = Setting(7, tmp_path).random("test").random()
    assert finding["samples"]["drawn"] == [pytest.approx(drawn)]


def test_the_same_seed_draws_the_same(tmp_path):
    """Random choices follow from the seed and their purpose alone."""
    first, second = Setting(1, tmp_path), Setting(1, tmp_path, 0.1)

    assert first.random("a").random() == second.random("a").random()
    assert first.random("a").random() != first.random("b").random()
    assert first.random("a").random() != Setting(2, tmp_path).random("a").random()


def test_a_smaller_scale_shortens_down_to_the_least(tmp_path):
    """Lengths and numbers shrink with the scale and never below the least."""
    setting = Setting(1, tmp_path, 0.01)

    assert (setting.seconds(60), setting.seconds(600)) == (1.0, 6.0)
    assert (setting.number(1000), setting.number(1000, 50)) == (10, 50)
