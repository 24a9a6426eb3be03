"""What users corrected is something that the evaluation reads."""

import json

import attrs

from ion_framework.cli.analyze_feedback import COLUMNS, labelled
from ion_framework.testing.contracts.store.values import make_feedback
from perf.analysis.command import main

SAID = (
    ("This build fails again and again, I am so fed up with it!", "frustrated", "problem_solving"),
    ("무지개는 어떻게 생기는지 궁금해요.", "curious", "learning"),
)

RECEIPT = '{"key": "frustrated-burst-problem_solving"}'


def test_an_export_of_feedback_is_evaluated(tmp_path, capfd):
    """``perf.analysis`` measures the analyser on an export, broken down by its basis."""
    rows, _ = labelled(
        make_feedback(str(number), message=text, tone=tone, intent=intent)
        for number, (text, tone, intent) in enumerate(SAID)
    )
    file = tmp_path / "feedback.tsv"
    lines = ["\t".join(COLUMNS), *("\t".join(attrs.astuple(row)) for row in rows)]
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    out = tmp_path / "report"

    code = main([str(file), "--by", "basis", "--draws", "10", "--out", str(out)])

    assert 0 == code, capfd.readouterr()
    assert (out / "report.json").exists()


def exported(tmp_path, *feedback):
    """The file of an export."""
    rows, _ = labelled(feedback)
    file = tmp_path / "feedback.tsv"
    lines = ["\t".join(COLUMNS), *("\t".join(attrs.astuple(row)) for row in rows)]
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return file


def test_a_corrected_persona_is_the_label(tmp_path, capfd):
    """Who should have answered counts as such, and labels neither tone nor intent."""
    text, _, _ = SAID[0]
    item = make_feedback("f", rating=None, message=text, persona="nana", receipt=RECEIPT)
    out = tmp_path / "report"

    code = main([str(exported(tmp_path, item)), "--draws", "10", "--out", str(out)])

    assert 0 == code, capfd.readouterr()
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert ["persona"] == list(report["parts"]["all"]["components"])
    (prediction,) = report["predictions"].values()
    assert "nana" == prediction["persona"][0]
    assert "nana" != prediction["persona"][1]


def test_a_persona_of_somebody_elses_is_refused(tmp_path, capfd):
    """A persona that is none of the first-party ones is refused by name and line."""
    item = make_feedback("f", rating=None, message="hello", persona="mira")

    code = main([str(exported(tmp_path, item)), "--out", str(tmp_path / "report")])

    assert 0 != code
    assert "feedback.tsv:2: column persona: 'mira' is not valid" in capfd.readouterr().err
