"""The linear model: its sums, its memory, its files and where they come from."""

from __future__ import annotations

import hashlib
import shutil
import tomllib
import zlib
from importlib.resources import files
from math import exp
from pathlib import Path

import pytest
from ion_resonance import model as module
from ion_resonance.familiar import FAINT, LENIENCE, SOURCES, Style
from ion_resonance.grams import BUCKETS
from ion_resonance.model import VALUES, ModelError, feature_buckets, model
from ion_resonance.model import provenance as provenance_of
from ion_resonance.voice import voice_of

TEXTS = (
    "",
    "?",
    "I don't know, I don't know. Please help!",
    "이거 진짜 답답해요! 왜 안 되는 거죠?",
    "서버가 3번 죽었어요 ㅠㅠ server down!!! 도와주세요",
    "no " * 300,
    "가나다라마바사 " * 300,
    " ".join(f"word{number}x" for number in range(900)),
)
WEIGHTS = Path(str(files("ion_resonance"))) / "weights"
SIDES = ("mentor", "public")
NAMES = (*(f"{side}-{component}" for side in SIDES for component in VALUES), "gate", "familiar")
STYLES = (Style(), Style(small=True), Style(even=False), Style(small=True, even=False))


class Reference:
    """The model once more, slowly: columns of plain integers, added one by one."""

    def __init__(self) -> None:
        self.described = tomllib.loads((WEIGHTS / "model.toml").read_text("utf-8"))
        self.columns = {
            name: zlib.decompress((WEIGHTS / f"{name}.z").read_bytes()) for name in NAMES
        }

    def bias(self, name: str, place: int) -> float:
        """The constant of one column."""
        return float(self.described["tables"][name]["biases"][place])

    def words(self, name: str, place: int, buckets: list[int]) -> float:
        """Scaled sum of one column over the buckets of a message."""
        raw = self.columns[name]
        weights = (raw[place * BUCKETS + bucket] for bucket in buckets)
        units = sum(weight - 256 if weight > 127 else weight for weight in weights)
        return float(self.described["tables"][name]["scale"] * units)

    def total(self, name: str, place: int, buckets: list[int]) -> float:
        """Both together."""
        return self.bias(name, place) + self.words(name, place, buckets)

    def familiar(self, buckets: list[int], style: Style) -> list[float]:
        """How much a message is written like each familiar source."""
        shares = [
            share(
                self.total("familiar", place, buckets)
                + style.small * self.described["familiar"]["small"][name]
            )
            for place, name in enumerate(SOURCES)
        ]
        shares = [each if each > FAINT else 0.0 for each in shares]
        lenient = share(self.total("gate", 0, buckets) + LENIENCE)
        return [lenient * each / max(1.0, sum(shares)) for each in shares]

    def scores(self, component: str, text: str, style: Style) -> list[float]:
        """The score of each value."""
        buckets = feature_buckets(text)
        if component == "tone":
            return [self.tone(place, buckets, style) for place in range(len(VALUES["tone"]))]
        gate = share(self.total("gate", 0, buckets))
        return [
            (1 - gate) * self.total("mentor-intent", place, buckets)
            + gate * self.total("public-intent", place, buckets)
            for place in range(len(VALUES[component]))
        ]

    def tone(self, place: int, buckets: list[int], style: Style) -> float:
        """The score of a tone, by the formula of the module."""
        familiar, stated = self.familiar(buckets, style), self.described["familiar"]
        known = sum(familiar)
        gate = share(self.total("gate", 0, buckets) + stated["shift"])
        mentor = (1 - known) * (1 - gate)
        calm = VALUES["tone"][place] == "calm" and not style.even
        return (
            mentor * self.total("mentor-tone", place, buckets)
            + (1 - known) * gate * self.bias("public-tone", place)
            + known * self.words("public-tone", place, buckets)
            + sum(
                each * stated["starts"][name][place]
                for name, each in zip(SOURCES, familiar, strict=True)
            )
            + (1 - mentor) * stated["uneven"] * calm
        )


def share(score: float) -> float:
    """The logistic function, flat beyond 30."""
    return 1 / (1 + exp(-max(min(score, 30.0), -30.0)))


@pytest.fixture(scope="module")
def reference() -> Reference:
    """The slow model."""
    return Reference()


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the packaged weights that the model is read from instead."""
    shutil.copytree(WEIGHTS, tmp_path / "weights")
    monkeypatch.setattr(module, "files", lambda _: tmp_path)
    return tmp_path / "weights"


@pytest.mark.parametrize("component", VALUES)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_lanes_add_up_like_plain_integers(reference, component, text, style):
    """Adding all columns at once gives the scores that adding each one slowly gives."""
    surface = voice_of(text).text

    assert reference.scores(component, surface, style) == pytest.approx(
        model().read(surface, style).scores(component), abs=1e-9
    )


@pytest.mark.parametrize("component", VALUES)
def test_contributions_and_bias_add_up_to_the_score(component):
    """What each word and the style add, with what a value has before, is its score."""
    style = Style(small=True, even=False)
    reading = model().read("why does it fail again and again? 왜 또 안 돼요?", style)

    for place, value in enumerate(VALUES[component]):
        added = sum(weight for _, weight in reading.contributions(component, value))
        added += sum(weight for _, weight in reading.style(component, place))
        assert reading.bias(component, place) + added == pytest.approx(
            reading.scores(component)[place]
        )


def test_the_gates_are_shares():
    """A message resembles the public sources, and the familiar ones together, from 0 to 1."""
    for reading in (model().read(text, style) for text in TEXTS for style in STYLES):
        assert 0.0 < reading.gate < 1.0
        assert all(share >= 0.0 for share in reading.familiar)
        assert sum(reading.familiar) <= 1.0 + 1e-9


def test_the_temperature_lies_between_those_of_the_sides(reference):
    """A message's temperature is the mean of both sides' by the gate's share."""
    for component in VALUES:
        stated = [reference.described["temperatures"][side][component] for side in SIDES]
        assert min(stated) <= model().read("hello").temperature(component) <= max(stated)


def test_the_memory_of_words_is_bounded_and_changes_nothing(monkeypatch):
    """Words beyond the bound are forgotten, and what is read stays the same."""
    text = " ".join(f"word{chr(97 + number)}" for number in range(20))
    expected = model().read(text).scores("tone")
    monkeypatch.setattr(module, "REMEMBERED", 4)
    small = model.__wrapped__()

    for _ in range(3):
        assert expected == small.read(text).scores("tone")
        assert 0 < len(small._known) <= 4


def test_reading_again_gives_equal_scores():
    """What is remembered of one message changes no other."""
    before = [model().read(text).scores("intent") for text in TEXTS]
    after = [model().read(text).scores("intent") for text in reversed(TEXTS)]

    assert before == after[::-1]


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_named(weights, name):
    """A file that is not the one described is refused by its name."""
    raw = bytearray((weights / f"{name}.z").read_bytes())
    raw[len(raw) // 2] ^= 1
    (weights / f"{name}.z").write_bytes(raw)

    with pytest.raises(ModelError, match=rf"weights/{name}\.z is not the file"):
        model.__wrapped__()


def test_a_missing_file_is_named(weights):
    """A file that is not there is refused by its name, too."""
    (weights / "gate.z").unlink()

    with pytest.raises(ModelError, match=r"weights/gate\.z"):
        model.__wrapped__()


def test_a_file_of_another_size_is_refused_with_both_sizes(weights):
    """A table for another number of buckets is refused, also where its checksum is stated."""
    short = zlib.compress(bytes(7))
    (weights / "gate.z").write_bytes(short)
    described = (weights / "model.toml").read_text("utf-8")
    old = hashlib.sha256((WEIGHTS / "gate.z").read_bytes()).hexdigest()
    new = hashlib.sha256(short).hexdigest()
    (weights / "model.toml").write_text(described.replace(old, new), "utf-8")

    with pytest.raises(ModelError, match=rf"weights/gate\.z holds 7 bytes; {BUCKETS} are expected"):
        model.__wrapped__()


def test_every_source_has_an_origin_and_a_licence():
    """The data sets behind the weights are listed once each, with where from and under what."""
    sources = provenance_of()

    assert len({source.name for source in sources}) == len(sources) > 0
    assert all(source.origin and source.licence for source in sources)
    assert all(source.tone + source.intent > 0 for source in sources)
    assert {"CC0-1.0", "Apache-2.0"} <= {source.licence for source in sources}
