"""A fitted model as bytes."""

import hashlib
import tomllib
from pathlib import Path

import numpy as np
import pytest

from perf.training.fitting import Fit
from perf.training.packing import STEPS_PER_DEVIATION, pack, unpacked, write

ROWS, COLUMNS = 2048, 3


def fitted(scale: float = 0.02) -> Fit:
    """Weights of some spread with a bias per column."""
    draw = np.random.default_rng(11)
    return Fit(draw.normal(scale=scale, size=(ROWS, COLUMNS)), np.asarray([0.25, -1.5, 1 / 3]))


def test_what_is_packed_comes_back():
    """Every weight comes back within half a step, every bias to the sixth digit."""
    packed = pack("mentor-tone", fitted())
    back = unpacked(packed, ROWS)

    assert np.abs(back.weights - fitted().weights).max() <= 0.5 * packed.scale * 1.0001
    assert back.biases == pytest.approx(fitted().biases, abs=1e-6)
    assert pack("mentor-tone", back).biases == packed.biases


def test_the_scale_follows_the_spread():
    """A step is a share of the standard deviation: ten times the weights give the same bytes."""
    small, large = pack("gate", fitted(0.01)), pack("gate", fitted(0.1))

    assert small.scale == pytest.approx(fitted(0.01).weights.std() / STEPS_PER_DEVIATION)
    assert large.scale == pytest.approx(10 * small.scale)
    assert small.compressed == large.compressed


def test_outliers_are_cut_off():
    """A weight too large for a byte becomes the largest, with its sign."""
    weights = fitted().weights.copy()
    weights[0, 0], weights[1, 0] = 100.0, -100.0
    packed = pack("gate", Fit(weights, fitted().biases))
    back = unpacked(packed, ROWS)

    assert back.weights[0, 0] == pytest.approx(127 * packed.scale)
    assert back.weights[1, 0] == pytest.approx(-127 * packed.scale)


def test_no_weights_are_packed_as_zeros():
    """A table in which nothing was learned can be packed."""
    back = unpacked(pack("gate", Fit(np.zeros((ROWS, 1)), np.zeros(1))), ROWS)

    assert not back.weights.any()


def test_the_same_weights_are_the_same_files(tmp_path: Path):
    """Written twice, the files are identical, and the description names their digests."""
    for folder in ("first", "second"):
        heats = {"mentor": {"tone": 0.75}, "public": {"tone": 1.25}}
        packed, familiar = [pack("mentor-tone", fitted())], ["[familiar]", "uneven = 0.25"]
        write(tmp_path / folder, packed, heats, familiar, ["[training]", "seed = 0"])

    first, second = (
        {file.name: file.read_bytes() for file in (tmp_path / folder).iterdir()}
        for folder in ("first", "second")
    )
    assert first == second
    described = tomllib.loads(first["model.toml"].decode())
    digest = hashlib.sha256(first["mentor-tone.z"]).hexdigest()
    assert digest == described["tables"]["mentor-tone"]["sha256"]
    assert {"mentor": {"tone": 0.75}, "public": {"tone": 1.25}} == described["temperatures"]
    assert {"uneven": 0.25} == described["familiar"]
    assert {"seed": 0} == described["training"]
