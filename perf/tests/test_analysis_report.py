"""An analyser of ten lines, evaluated: scores, parts, comparison, gate, pictures and time."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ion_framework.domain.key import Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.language import detect_language
from ion_framework.domain.resonance import IntentReading, Resonance, Rhythm, ToneReading
from perf.analysis.analyzers import Evaluated
from perf.analysis.compare import differences, read_predictions
from perf.analysis.gate import Limit, Side, broken, figures
from perf.analysis.readings import Component, first_party_table
from perf.analysis.report import Evaluation, document, evaluate
from perf.analysis.rows import InputError, read_rows
from perf.analysis.scores import Options
from perf.analysis.writing import pictures, write

OPTIONS = Options(abstain=0.5, draws=200, seed=1)

TONES = """\
text	lang	tone	source	topic
why?	en	curious	forum	a|b
why not?	en	curious	forum	c
stop it	en	frustrated	mail	c
all fine	en	calm	mail	c
왜요?	ko	confused	forum	c
네	ko	calm	forum	c
"""
BOTH = "text\tlang\ttone\tintent\nwhy?\ten\tcurious\tvalidation\n"


def reader(text: str) -> Resonance:
    """Whatever asks is curious and surely so; everything else is calm, perhaps."""
    asks = "?" in text
    return Resonance(
        rhythm=Rhythm(Pace.MEDIUM, 1, 1.0, 0.0, 0.0, 0.0),
        tone=ToneReading(Tone.CURIOUS if asks else Tone.CALM, 0.9 if asks else 0.4),
        intent=IntentReading(Intent.LEARNING, 0.6),
        language=detect_language(text),
    )


def frustrated_reader(text: str) -> Resonance:
    """Reads everything as frustrated."""
    asks = reader(text)
    tone = ToneReading(Tone.FRUSTRATED, 0.9)
    return Resonance(asks.rhythm, tone, asks.intent, asks.language)


def evaluated(folder: Path, content: str, read=reader, **options) -> Evaluation:
    """The evaluation of a reader on a file with this content."""
    file = folder / "labelled.tsv"
    file.write_text(content, "utf-8")
    analyser = Evaluated("ten-lines", read, lambda: frozenset({"mail"}))
    return evaluate(read_rows(file), analyser, first_party_table(), OPTIONS, **options)


def test_scores_by_hand(tmp_path: Path):
    """Tone scores, calibration and coverage of six messages are those computed by hand."""
    scores = evaluated(tmp_path, TONES).report.parts["all"].components[Component.TONE]

    # read: curious curious calm calm curious calm
    assert scores.headline.accuracy == pytest.approx(4 / 6)
    assert scores.headline.macro_f1 == pytest.approx((4 / 5 + 0 + 4 / 5 + 0) / 4)
    assert scores.headline.macro_recall == pytest.approx((1 + 0 + 1 + 0) / 4)
    assert scores.calibration.ece == pytest.approx(0.5 * (2 / 3 - 0.4) + 0.5 * (0.9 - 2 / 3))
    assert (0.5, 2 / 3) == pytest.approx((scores.coverage.coverage, scores.coverage.accuracy))
    assert ("frustrated", "calm", "curious", "confused") == scores.labels
    assert ((0, 1, 0, 0), (0, 2, 0, 0), (0, 0, 2, 0), (0, 0, 1, 0)) == scores.confusion


def test_an_interval_holds_its_figure(tmp_path: Path):
    """Every bootstrap interval lies around its figure, within 0 and 1."""
    for part in evaluated(tmp_path, TONES).report.parts.values():
        for scores in part.components.values():
            for name, around in scores.intervals.items():
                assert 0 <= around.low <= getattr(scores.headline, name) <= around.high <= 1


def test_a_persona_is_that_of_the_labels_and_the_pace_read(tmp_path: Path):
    """The gold persona is the table's for labelled tone, pace as read and labelled intent."""
    table = first_party_table()
    (read,) = evaluated(tmp_path, BOTH).parts["all"]

    gold = ResonanceKey(Tone.CURIOUS, Pace.MEDIUM, Intent.VALIDATION)
    made = ResonanceKey(Tone.CURIOUS, Pace.MEDIUM, Intent.LEARNING)
    judged = read.judgements[Component.PERSONA]
    assert {"lua", "elro", "riri", "nana"} == set(table.personas)
    assert (table[gold].primary, table[made].primary, 0.6) == (
        judged.gold,
        judged.read,
        judged.confidence,
    )


def test_without_an_intent_column_both_sides_take_learning(tmp_path: Path):
    """Where no intent is labelled, a persona differs only through the tone."""
    table = first_party_table()
    read = evaluated(tmp_path, TONES).parts["all"][2]

    personas = [
        table[ResonanceKey(tone, Pace.MEDIUM, Intent.LEARNING)].primary
        for tone in (Tone.FRUSTRATED, Tone.CALM)
    ]
    judged = read.judgements[Component.PERSONA]
    assert personas == [judged.gold, judged.read]


def test_without_a_tone_column_there_is_no_persona(tmp_path: Path):
    """A file that labels only intents has scores of intents only."""
    content = "text\tlang\tintent\nwhy?\ten\tlearning\n"

    assert {Component.INTENT} == set(evaluated(tmp_path, content).report.parts["all"].components)


def test_parts_are_languages_seen_and_unseen_and_columns(tmp_path: Path):
    """Scores stand per language, seen and unseen source, and value of a wanted column."""
    found = evaluated(tmp_path, TONES, by=("topic",)).report

    assert {
        "all": 6,
        "en": 4,
        "ko": 2,
        "en.seen": 2,
        "en.unseen": 2,
        "ko.unseen": 2,
        "topic=a|b": 1,
        "topic=c": 5,
    } == {name: part.rows for name, part in found.parts.items()}
    assert ("mail",) == found.training_sources


def test_the_same_seed_gives_the_same_report(tmp_path: Path):
    """Apart from clock and time taken, two evaluations with one seed are equal."""

    def steady(text: str) -> dict:
        return {
            name: value for name, value in json.loads(text).items() if name not in ("at", "timing")
        }

    first, second = (document(evaluated(tmp_path, TONES).report) for _ in range(2))

    assert steady(first) == steady(second)
    assert 6 == len(json.loads(first)["predictions"])
    assert "stop it" not in first


def test_time_is_taken_of_reading_and_of_the_memo(tmp_path: Path):
    """The report times all messages, those of typical length and the engine's memo."""
    found = {one.what: one for one in evaluated(tmp_path, TONES).report.timing}
    typical = evaluated(tmp_path, f"text\tlang\ttone\n{'word ' * 20}\ten\tcalm\n").report.timing

    assert {"all": 6, "memo": 6} == {name: one.messages for name, one in found.items()}
    assert all(0 < one.median_us <= one.p95_us for one in found.values())
    assert "80-120 characters" in [one.what for one in typical]


def test_a_reader_of_anything_alike_is_robust(tmp_path: Path):
    """No variant changes anything for a reader that reads everything alike."""
    alike = evaluated(tmp_path, TONES, frustrated_reader).report.robustness

    assert {(0.0, 0.0, 0.0)} == {(one.persona, one.tone, one.intent) for one in alike}


def test_comparison_by_hand(tmp_path: Path):
    """A comparison pairs the messages of two reports and shows what became better or worse."""
    before = tmp_path / "before.json"
    before.write_text(document(evaluated(tmp_path, TONES, frustrated_reader).report), "utf-8")

    now = evaluated(tmp_path, TONES)
    found = {
        (one.part, one.component, one.measure): one
        for one in differences(now, read_predictions(before), OPTIONS)
    }

    tone = found["all", Component.TONE, "accuracy"]
    assert (6, 1 / 6, 4 / 6) == pytest.approx((tone.rows, tone.before, tone.now))
    assert tone.interval.low <= tone.difference <= tone.interval.high
    same = differences(now, now.report.predictions, OPTIONS)
    assert {(0.0, False)} == {(one.difference, one.clear) for one in same}


def test_a_comparison_with_other_messages_is_an_error(tmp_path: Path):
    """Reports without a common message cannot be compared."""
    other = evaluated(tmp_path, BOTH.replace("why?", "who?")).report.predictions

    with pytest.raises(InputError, match="no message is in both"):
        differences(evaluated(tmp_path, TONES), other, OPTIONS)


@pytest.mark.parametrize(
    "content",
    ["no json", "[]", '{"format": 0}', '{"format": 1}', '{"format": 1, "predictions": 3}'],
)
def test_a_comparison_needs_a_report(tmp_path: Path, content: str):
    """What is no report.json is named as such."""
    file = tmp_path / "other.json"
    file.write_text(content, "utf-8")

    with pytest.raises(InputError, match=r"--compare: .*other\.json"):
        read_predictions(file)


def test_promises_are_compared_with_their_figures(tmp_path: Path):
    """A figure that equals its limit keeps the promise, on either side."""
    report = evaluated(tmp_path, TONES).report
    limits = [
        Limit("tone_accuracy", Side.MIN, 4 / 6),
        Limit("tone_accuracy", Side.MAX, 4 / 6),
        Limit("ko.tone_accuracy", Side.MIN, 0.51),
        Limit("intent_changes", Side.MAX, 0.1),
        Limit("en.unseen.tone_accuracy", Side.MAX, 0.9),
    ]

    found = broken(report, limits)

    assert ["ko.tone_accuracy", "en.unseen.tone_accuracy"] == [one.limit.figure for one in found]
    assert [0.5, 1.0] == [one.value for one in found]
    assert {"tone_f1", "persona_macro_recall", "tone_ece", "typo_persona_changes"} <= set(
        figures(report)
    )


def test_a_promise_about_no_figure_is_an_error(tmp_path: Path):
    """An unknown figure is refused with those that are near."""
    with pytest.raises(InputError, match=r"--min tone_f2.*near are: .*tone_f1"):
        broken(evaluated(tmp_path, TONES).report, [Limit("tone_f2", Side.MIN, 0.5)])


def test_pictures_are_xml_on_their_own_paper(tmp_path: Path):
    """Every picture is well-formed, and the first thing it draws is a background of its size."""
    drawn = pictures(evaluated(tmp_path, TONES).report)

    assert {"confusion-tone.svg", "confusion-persona-ko.svg", "reliability.svg"} <= set(drawn)
    for content in drawn.values():
        root = ET.fromstring(content)  # noqa: S314  our own
        paper = root[1].attrib
        assert "{http://www.w3.org/2000/svg}svg" == root.tag
        assert ("#ffffff", root.get("width"), root.get("height")) == (
            paper["fill"],
            paper["width"],
            paper["height"],
        )


def test_the_files_of_a_report(tmp_path: Path):
    """A report is Markdown that shows every picture beside it, JSON and the pictures."""
    report = evaluated(tmp_path, TONES, by=("topic",)).report
    out = tmp_path / "deep" / "out"

    write(report, out, (), ())

    text = (out / "report.md").read_text("utf-8")
    shown = re.findall(r"\]\((.+\.svg)\)", text)
    assert {*shown, "report.md", "report.json"} == {file.name for file in out.iterdir()}
    assert all(f"## {name.replace('|', chr(92) + '|')}: " in text for name in report.parts)
    assert "stop it" not in text


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path):
    """A file where the folder should be is named."""
    (tmp_path / "out").write_text("", "utf-8")

    with pytest.raises(InputError, match=r"--out .*cannot be written"):
        write(evaluated(tmp_path, TONES).report, tmp_path / "out", (), ())
