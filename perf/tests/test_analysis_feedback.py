"""What users corrected is something that the evaluation reads."""

import attrs

from ion_framework.cli.analyze_feedback import COLUMNS, labelled
from ion_framework.testing.contracts.store.values import make_feedback
from perf.analysis.command import main

SAID = (
    ("This build fails again and again, I am so fed up with it!", "frustrated", "problem_solving"),
    ("무지개는 어떻게 생기는지 궁금해요.", "curious", "learning"),
)


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
