"""How texts are wrapped into few lines of a terminal."""

from hypothesis import given
from hypothesis import strategies as st

from gedanken.report.wrapping import wrap_clauses, wrap_items, wrap_sentences

FINDING = (
    "In 3 of 3 imagined runs, the last loss is 0.58; 7 real runs end between 0.35 and 0.43 (p < .001; the imagined "
    "mean is 0.18 higher at the end, 95 % interval 0.15 to 0.209)."
)


def test_a_text_that_fits_is_whole() -> None:
    assert " ".join(wrap_clauses(FINDING, 80, 4)) == FINDING


def test_a_text_that_does_not_fit_ends_with_a_whole_clause() -> None:
    lines = wrap_clauses(FINDING, 80, 2)
    assert " ".join(lines).endswith("0.43 (p < .001; the imagined mean is 0.18 higher at the end) …")
    assert " ".join(wrap_clauses(FINDING, 70, 2)).endswith("between 0.35 and 0.43 (p < .001) …")


def test_a_quotation_is_not_cut_at_its_commas() -> None:
    text = "The real runs print “epoch, loss, accuracy, learning rate”, and 3 of 3 imagined runs do not print it."
    assert " ".join(wrap_clauses(text, 70, 1)) == "The real runs print “epoch, loss, accuracy, learning rate” …"


def test_brackets_in_quotations_are_not_closed() -> None:
    text = "Real runs print “Sequential(” 3 times, but 3 of 3 imagined runs do not print this line, which is wrong"
    assert " ".join(wrap_clauses(text, 60, 1)) == "Real runs print “Sequential(” 3 times …"


def test_blanks_do_not_count() -> None:
    assert len(wrap_clauses("No:" + " " * 150 + ", " + "word " * 60, 80, 2)) == 2


def test_a_first_clause_that_leaves_most_lines_empty_is_no_place_to_cut() -> None:
    lines = wrap_clauses(f"No: {'word ' * 60}", 80, 2)
    assert len(lines) == 2 and lines[1].endswith("word …")


@given(st.text("ab .;,:()“”\n\x1b", max_size=300), st.integers(0, 120), st.integers(1, 4))
def test_no_text_takes_more_lines_or_columns_than_there_are(text: str, width: int, limit: int) -> None:
    for wrap in (wrap_clauses, wrap_sentences, lambda text, *space: wrap_items([text], *space)):
        lines = wrap(text, width, limit)
        assert len(lines) <= limit and all(len(line) <= max(20, width - 1) for line in lines)
