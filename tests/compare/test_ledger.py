"""Each printed line is assigned to the print that made it, or to none."""

from collections.abc import Sequence

import pytest
from builders import SHAPE, TRACEBACK, TRAIN, lines
from hypothesis import given
from hypothesis import strategies as st

from gedanken.compare.output.transcript import Transcript, form_of_line
from gedanken.compare.output.wording import HOLE
from gedanken.compare.parsed.ledger_of_lines import Entry, Ledger
from gedanken.compare.source.print_sites import PrintSite
from gedanken.compare.source.program_source import Source

SITES = Source(TRAIN).print_sites()
LOG = """
print(f'Epoch {epoch}/{epochs} - loss: {loss:.4f} - acc: {acc:.4f}')
print(f'Epoch {epoch} took {seconds:.1f}s')
print('Final test accuracy: %.2f%%' % accuracy)
print('shape of input is', x.shape)
print('done')
"""


def ledger_entries(text: str, sites: Sequence[PrintSite]) -> list[Entry]:
    return list(Ledger(Transcript(text), sites))


def kinds(text: str) -> list[str]:
    return [entry.kind for entry in ledger_entries(text, SITES)]


def only_entry(text: str) -> Entry:
    (entry,) = ledger_entries(text, SITES)
    return entry


@given(
    st.sampled_from(Source(LOG).print_sites()),
    st.lists(st.floats(-1e6, 1e6).map(str) | st.integers(0, 10**6).map(str), min_size=4, max_size=4),
    st.text(" ", max_size=3),
)
def test_every_line_that_a_print_makes_is_assigned_to_that_print(
    site: PrintSite, values: list[str], margin: str
) -> None:
    remaining = iter(values)
    line = "".join(next(remaining) if character == HOLE else character for character in site.template)
    (entry,) = ledger_entries(margin + line, Source(LOG).print_sites())
    assert (entry.kind, entry.site) == ("site", site)


@given(
    st.text()
    | st.lists(st.sampled_from(["Epoch 1/3", " - loss: ", TRACEBACK, "\n", HOLE, "tensor(", "x"])).map("".join)
)
def test_no_text_breaks_the_ledger(text: str) -> None:
    ledger_entries(text, [*SITES, PrintSite(HOLE, 1)])


def test_of_all_prints_that_can_make_a_line_the_one_with_most_words_is_meant() -> None:
    sites = Source("print(x)\nprint(f'Epoch {e}')\nprint(f'Epoch {e} done')").print_sites()
    (entry,) = ledger_entries("Epoch 1 done", sites)
    assert entry.site == sites[2]


@pytest.mark.parametrize(
    "line",
    [
        "shape of input passed through the network is torch.Size([64, 3, 32, 32])",
        "Shape of the input is torch.Size([64, 784])",
        "{Epoch 1/3 - loss: 0.1349 - acc: 0.9377}",
        ".epoch 1/3 - loss: 3.3425 - acc: 0.4048",
        "Epoch 1/3, Loss: 0.3425, Acc: 0.4048",
        "Epoch 1/3 - loss: 0.3425 - accuracy: 0.4048",
    ],
)
def test_a_changed_wording_is_near_to_its_print(line: str) -> None:
    assert only_entry(line).kind == "literal"


@pytest.mark.parametrize(
    "line",
    [
        "No output.",
        "{nvidia-smi}",
        "Files already downloaded and verified",
        "The terminal will output the result of the training process.",
        "938/938 [==============================] - 3s 3ms/step",
    ],
)
def test_a_line_that_no_print_is_near_to_is_foreign(line: str) -> None:
    assert only_entry(line) == Entry(1, line, "foreign")


def test_blank_lines_are_no_entries_and_count_as_lines() -> None:
    assert [entry.number for entry in ledger_entries(f"\n{SHAPE}  \n{SHAPE}", SITES)] == [2, 4]


@pytest.mark.parametrize("margin", ["", "  "])
def test_a_traceback_is_no_print_and_what_follows_it_is_judged(margin: str) -> None:
    crash = "".join(margin + line for line in TRACEBACK.splitlines(keepends=True))
    assert kinds(f"{SHAPE}{crash}\nTo resolve this issue, define Net.\n{lines([1, 2])}") == [
        "site",
        "foreign",
        "site",
        "site",
    ]


def test_an_error_raised_in_the_handling_of_another_is_one_traceback_longer() -> None:
    chained = "During handling of the above exception, another exception occurred:"
    assert kinds(f"{TRACEBACK}\n{chained}\n\n{TRACEBACK}    more of the message\n") == []


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_lines_of_one_form_have_one_skeleton(one: int, other: int) -> None:
    form = "  Epoch {0}/10 - loss: {0}.5 ({0}%)  tensor({0}., grad) torch.Size([{0}, 2])"
    assert form_of_line(form.format(one)) == form_of_line(form.format(other))


@pytest.mark.parametrize("unit", ["torch.Size(", "tensor(1", " ", "Epoch 1/3 - loss: ", "9"])
def test_a_hostile_line_is_judged_in_no_time(unit: str) -> None:
    ledger_entries(unit * (200_000 // len(unit)) + "!", SITES)


DIGITS = Source(
    "print('top-5', x)\nprint(f'run{n}2 of {m}')\nprint(f'{a}%')\nprint('top', x)\nprint(x, 'run')"
).print_sites()
PARTS = ["top-5 ", "top-55", "top ", "run", "run12 of ", "7", "2", "%", "0.5", "\n", "-", "٣"]


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_lines_judged_by_their_shape_are_judged_as_each_would_be_by_itself(text: str) -> None:
    entries_by_line = [
        (entry.kind, entry.site) for line in text.splitlines() for entry in ledger_entries(line, DIGITS)
    ]
    assert [(entry.kind, entry.site) for entry in ledger_entries(text, DIGITS)] == entries_by_line
    has_print = [any(site.can_print(line) for site in DIGITS) for line in text.splitlines() if line.strip()]
    assert has_print == [kind == "site" for kind, _site in entries_by_line]
