"""Whose sessions end where there is too much."""

from __future__ import annotations

from ion_host_aiohttp.v1.session_file import SessionFile
from ion_host_aiohttp.v1.sessions import Owner, SessionBounds


def test_who_tells_much_pushes_nobody_out():
    """A caller who tells as much as all may hold loses own sessions, and no other caller's."""
    bounds = SessionBounds(characters_per_caller=40, total_characters=100)
    kept, ann, mallory = SessionFile(None, bounds), Owner("t", "ann"), Owner("t", "mallory")
    kept.append(ann, "s1", "hello", 1.0)
    for number in range(50):
        kept.append(mallory, f"x{number}", "y" * 20, 2.0 + number)

    assert kept.append(ann, "s1", "again", 99.0) == 2
    assert kept.append(mallory, "x49", "y", 100.0) == 2
    assert kept.append(mallory, "x0", "y", 101.0) == 1
    kept.close()


def test_of_too_much_the_largest_caller_loses():
    """Where all hold too many characters the oldest session of the largest caller ends."""
    kept = SessionFile(None, SessionBounds(total_characters=100))
    small, large = Owner("t", "small"), Owner("t", "large")
    kept.append(small, "s1", "x" * 10, 1.0)
    kept.append(large, "a", "x" * 50, 2.0)
    kept.append(large, "b", "x" * 35, 3.0)
    kept.append(small, "s1", "x" * 10, 4.0)

    assert kept.append(small, "s1", "x", 5.0) == 3
    assert kept.append(large, "b", "x", 6.0) == 2
    assert kept.append(large, "a", "x", 7.0) == 1
    kept.close()


def test_of_too_many_the_largest_caller_loses():
    """Where there are too many sessions the oldest one of who has most ends."""
    kept = SessionFile(None, SessionBounds(sessions=4))
    one, many = Owner("t", "one"), Owner("t", "many")
    kept.append(one, "s1", "x", 1.0)
    for number in range(6):
        kept.append(many, f"m{number}", "x", 2.0 + number)

    assert kept.append(one, "s1", "x", 9.0) == 2
    assert kept.append(many, "m5", "x", 10.0) == 2
    assert kept.append(many, "m0", "x", 11.0) == 1
    kept.close()
