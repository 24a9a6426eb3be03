"""The values of the toxics: their ranges and names."""

import pytest

from ion_framework.testing import (
    Bandwidth,
    Down,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Latency(-1.0), "latency_s"),
        (lambda: Latency(float("inf")), "latency_s"),
        (lambda: Latency(1.0, toxicity=1.5), "toxicity"),
        (lambda: Latency(1.0, direction="sideways"), "sideways"),
        (lambda: Down(toxicity=0.5), "toxicity"),
        (lambda: Bandwidth(0.0), "bytes_per_s"),
        (lambda: Slicer(0), "average_size"),
        (lambda: Slicer(5, size_variation=5), "size_variation"),
        (lambda: LimitData(-1), "limit_bytes"),
    ],
)
def test_toxics_out_of_range_are_refused(make, named):
    """A value outside its range is refused by name."""
    with pytest.raises(ValueError, match=named):
        make()


def test_toxics_have_toxiproxys_names():
    """The eight toxics carry the names that Toxiproxy gives them."""
    kinds = (Latency, Down, Bandwidth, SlowClose, Timeout, ResetPeer, Slicer, LimitData)

    assert [kind.name for kind in kinds] == [
        "latency",
        "down",
        "bandwidth",
        "slow_close",
        "timeout",
        "reset_peer",
        "slicer",
        "limit_data",
    ]
