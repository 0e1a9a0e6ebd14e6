"""With too few real logs, nobody can tell whether a log was copied or the program always prints the same."""

from test_log_structure import REAL, compare_logs, log, structural_checks


def test_an_imagined_log_that_is_the_only_real_one_to_the_byte_is_undecided() -> None:
    comparison = compare_logs(REAL[:1], [REAL[0], log(21)])
    assert "log copied" not in structural_checks(comparison)
    assert any("whether imagined1 is a copy of real1" in text.lower() for text in comparison.undecided)
    assert not any("is a copy of" in text for text in compare_logs(REAL[:1], [log(20)]).undecided)
