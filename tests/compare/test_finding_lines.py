"""Which lines findings point at, and how they stand beside the real ones."""

from builders import (
    find_differences,
    imagined,
    program,
    real,
    seeds,
)
from test_findings import GOOD, REAL, good_output


def test_logs_without_a_program_are_compared_by_the_form_of_their_lines() -> None:
    findings = find_differences(None, seeds(REAL), [imagined(good_output("Done!\n"))])
    assert [(finding.check, finding.evidence[0].text) for finding in findings] == [("line in no real log", "Done!")]


def test_a_finding_on_several_runs_points_into_each_of_them() -> None:
    reworded = GOOD.replace("shape of input is", "shape of input passed through the network is")
    chatty = "".join(f"Here comes remark {chr(97 + index) * 3}!\n" for index in range(9))
    samples = [imagined(reworded + chatty, sample) for sample in range(12)]
    findings_by_check = {finding.check: finding for finding in find_differences(program(), seeds(REAL), samples)}
    labels = {sample.label for sample in samples}
    for kind in ("literal differs", "line without a print"):
        assert labels <= {line.source for line in findings_by_check[kind].evidence}, kind


def test_a_changed_wording_stands_beside_the_real_line_with_the_same_numbers() -> None:
    log = "Epoch 1 loss: 0.5\nEpoch 2 loss: 0.3\n"
    (finding,) = find_differences(None, [real(log, 1)], [imagined(log.replace("2 loss", "2 lost"))])
    assert [line.text for line in finding.evidence] == ["Epoch 2 lost: 0.3", "Epoch 2 loss: 0.3"]
