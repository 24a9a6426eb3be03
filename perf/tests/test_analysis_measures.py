"""The measures, against figures computed by hand."""

from random import Random

import pytest

from perf.analysis.bootstrap import Interval, interval, resampled
from perf.analysis.calibration import calibrate, cover
from perf.analysis.measures import headline, matrix, per_class

CELLS = {("a", "a"): 3, ("a", "b"): 1, ("b", "b"): 2, ("b", "a"): 2, ("c", "a"): 1, ("c", "d"): 1}
"""Labelled: 4 a, 4 b, 2 c. Read: 6 a, 3 b, 0 c, 1 d."""


def test_headline_by_hand():
    """Accuracy, macro-F1 and macro-recall are those computed by hand, over labels that occur."""
    found = headline(CELLS)

    assert found.accuracy == pytest.approx(5 / 10)
    assert found.macro_f1 == pytest.approx((6 / 10 + 4 / 7 + 0) / 3)
    assert found.macro_recall == pytest.approx((3 / 4 + 2 / 4 + 0) / 3)


def test_a_perfect_reader_has_one_everywhere():
    """Who reads everything as labelled scores 1, however many labels occur."""
    found = headline({("a", "a"): 7, ("b", "b"): 1})

    assert (1.0, 1.0, 1.0) == (found.accuracy, found.macro_f1, found.macro_recall)


def test_class_scores_by_hand():
    """Every label that is labelled or read has its precision, recall, F1 and support."""
    found = {one.label: one for one in per_class(CELLS, "abcde")}

    assert list("abcd") == list(found)
    assert (3 / 6, 3 / 4, 6 / 10, 4) == pytest.approx(
        (found["a"].precision, found["a"].recall, found["a"].f1, found["a"].support)
    )
    assert (0.0, 0.0, 0.0, 2) == (
        found["c"].precision,
        found["c"].recall,
        found["c"].f1,
        found["c"].support,
    )
    assert (0.0, 0.0, 0) == (found["d"].precision, found["d"].recall, found["d"].support)


def test_the_matrix_has_labels_down_and_readings_across():
    """A row of the matrix is a label, a column a reading."""
    assert ((3, 1, 0), (2, 2, 0), (1, 0, 0)) == matrix(CELLS, "abc")


def test_ece_by_hand():
    """The calibration error is the mean gap of the bins, weighted by their rows."""
    judged = [(0.9, True), (0.8, True), (0.7, False), (0.6, True), (0.3, False), (0.1, False)]

    found = calibrate(judged, bins=3)

    # bins: .1 .3 (mean .2, right 0), .6 .7 (mean .65, right .5), .8 .9 (mean .85, right 1)
    assert [2, 2, 2] == [one.rows for one in found.bins]
    assert [0.2, 0.65, 0.85] == pytest.approx([one.confidence for one in found.bins])
    assert [0.0, 0.5, 1.0] == pytest.approx([one.accuracy for one in found.bins])
    assert found.ece == pytest.approx((0.2 + 0.15 + 0.15) / 3)


def test_ten_bins_of_equal_mass():
    """A hundred different confidences fall into ten bins of ten."""
    found = calibrate([(number / 100, True) for number in range(100)])

    assert [10] * 10 == [one.rows for one in found.bins]


def test_fewer_rows_than_bins_have_a_bin_each():
    """Every row is in one bin also where there are fewer rows than bins."""
    found = calibrate([(0.2, False), (0.5, True), (0.9, True)])

    assert [1, 1, 1] == [one.rows for one in found.bins]
    assert found.ece == pytest.approx((0.2 + 0.5 + 0.1) / 3)


def test_equal_confidences_share_a_bin():
    """Readings of one confidence are one bin, so the order of the rows changes nothing."""
    judged = [(0.5, number < 30) for number in range(60)] + [(0.9, True)] * 40
    shuffled = Random(1).sample(judged, len(judged))  # noqa: S311  no secret

    found = calibrate(judged)

    assert [60, 40] == [one.rows for one in found.bins]
    assert found == calibrate(shuffled)
    assert found.ece == pytest.approx(0.6 * 0 + 0.4 * 0.1)


def test_coverage_by_hand():
    """A reading at the threshold counts, one below it is abstained."""
    found = cover([(0.9, True), (0.5, False), (0.49, True), (0.2, False)], 0.5)

    assert (0.5, 0.5) == (found.coverage, found.accuracy)


def test_coverage_of_nothing_has_no_accuracy():
    """Where every reading is abstained there is no accuracy, rather than one of 0."""
    found = cover([(0.1, True)], 0.5)

    assert (0.0, None) == (found.coverage, found.accuracy)


def test_draws_have_as_many_rows_and_follow_the_seed():
    """A draw counts as many rows as there are, and one seed draws the same every time."""
    outcomes = ["x"] * 30 + ["y"] * 10

    first = list(resampled(outcomes, 50, 7))

    assert {40} == {sum(counts.values()) for counts in first}
    assert first == list(resampled(outcomes, 50, 7))
    assert first != list(resampled(outcomes, 50, 8))


def test_an_interval_of_a_share_has_the_width_of_theory():
    """The interval of a share of .5 in 400 rows is about 1.96 standard errors to each side."""
    outcomes = [True] * 200 + [False] * 200

    found = interval([counts.get(True, 0) / 400 for counts in resampled(outcomes, 1000, 0)])

    assert found.low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.01)
    assert found.high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.01)


def test_an_interval_leaves_out_as_much_on_either_side():
    """Of a hundred values an interval of 90 % leaves out five on either side."""
    assert Interval(5, 94) == interval(list(range(100)), 0.9)
