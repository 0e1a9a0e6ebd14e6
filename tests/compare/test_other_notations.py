"""Logs from other countries: names in other languages, decimal commas, minus signs, dates."""

import random

import pytest
from test_log_structure import compare_logs

from gedanken.compare.output.decimal_commas import has_decimal_commas, replace_decimal_commas
from gedanken.compare.output.masking import MASK, masked_line
from gedanken.compare.output.number_commas import Commas, has_thousands_commas
from gedanken.compare.output.transcript import Transcript
from gedanken.compare.output.vocabulary import Measures, Role, Split, meaning_of


@pytest.mark.parametrize(
    ("name", "measures", "split"),
    [
        ("Validierungsfehler", Measures.ERROR, Split.VALIDATION),
        ("Testgenauigkeit", Measures.ACCURACY, Split.TEST),
        ("Gesamtverlust", Measures.LOSS, None),
        ("perte d'apprentissage", Measures.LOSS, Split.TRAIN),
        ("exactitude_val", Measures.ACCURACY, Split.VALIDATION),
        ("pérdida de prueba", Measures.LOSS, Split.TEST),
        ("Perda de validação", Measures.LOSS, Split.VALIDATION),
        ("accuratezza", Measures.ACCURACY, None),
        ("потери на валидации", Measures.LOSS, Split.VALIDATION),
        ("doğrulama kayıp", Measures.LOSS, Split.VALIDATION),
        ("検証損失", Measures.LOSS, Split.VALIDATION),
        ("held-out loss", Measures.LOSS, Split.VALIDATION),
    ],
)
def test_a_metric_is_known_in_other_languages(name: str, measures: Measures, split: Split | None) -> None:
    meaning = meaning_of(name)
    assert (meaning.role, meaning.measures, meaning.split) == (Role.METRIC, measures, split)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Trainingszeit", Role.ENVIRONMENT),
        ("Épocas", Role.COUNTER),
        ("Lernrate", Role.SETTING),
        ("tests", Role.OTHER),
    ],
)
def test_what_is_no_metric_is_none_in_other_languages(name: str, role: Role) -> None:
    assert meaning_of(name).role is role


def test_a_log_with_decimal_commas_holds_numbers_and_not_pairs() -> None:
    lines = [f"Runde {number}: Fehler 0,{number}71; Anteil 8{number},25 % ({number},5 s)\n" for number in range(4)]
    assert has_decimal_commas(["".join(lines)])
    transcript = Transcript("".join(lines), is_log=True, commas=Commas.DECIMAL)
    assert transcript.forms == ["Runde #: Fehler #; Anteil # % (# s)"]
    assert transcript.values[:4].tolist() == [0, 0.071, 80.25, 0.5]
    assert transcript.lines[0] == lines[0].strip(), "what is shown is what was written"


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n0,12\n1,15\n2,18\n",
        "shape (3,22) of [1,2] and [0,51]\n" * 5,
        "12,345 of 60,000 rows in 1,25 steps\n" * 5,
        "loss 0.51 (1,5) at 0.4 0.3\npart 0,5 and 0,25\n" * 5,
        "loss 0.51\n" * 5,
        "",
    ],
)
def test_commas_between_other_numbers_stay(text: str) -> None:
    assert not has_decimal_commas([text])


def test_commas_are_decimal_only_where_every_log_says_so_and_lists_keep_theirs() -> None:
    log_text = "Fehler 0,51; 0,52; 0,53\n" * 3
    assert not has_decimal_commas([log_text, "error 0.51\n"]) and not has_decimal_commas([])
    assert replace_decimal_commas("[1,2,3] 0,51 12,5% 1,5.2") == "[1,2,3] 0.51 12.5% 1,5.2"


def test_a_minus_sign_is_one() -> None:
    transcript = Transcript("bound −91.5\nbound −90.25\n", is_log=True)
    assert transcript.forms == ["bound #"] and transcript.values.tolist() == [-91.5, -90.25]


@pytest.mark.parametrize(
    ("line", "compared"),
    [
        ("[07.02.2025 04:05:06] Runde 3", f"[{MASK}] Runde 3"),
        ("INFO 02-07 04:05:06 fit.py:9", f"INFO {MASK} fit.py:9"),
        ("02/07 04:05:06 - fit", f"{MASK} - fit"),
        ("round 12/40 00:01:22", f"round 12/40 {MASK}"),
        ("02/07/25 - 04:05.06PM, it", f"{MASK} - {MASK}, it"),
        ("-- begins at Fri 2025-02-07 04:05:06 UTC. --", f"-- begins at {MASK}. --"),
        ("Monitor 2025-02-07 04:05:06 sees 3", f"Monitor {MASK} sees 3"),
        ("| fit_0a1b2_00003 | 3 |", f"| fit_{MASK}_00003 | 3 |"),
        ("| fit_12e34_00003 at 1:22 | 3 |", f"| fit_{MASK}_00003 at 1:22 | 3 |"),
        ("part_00003 1e5 rows", "part_00003 1e5 rows"),
    ],
)
def test_dates_and_ids_are_set_aside_however_they_are_written(line: str, compared: str) -> None:
    assert masked_line(line) == compared


def perplexities(shift: float, head: str = "cap 9,250.5") -> list[str]:
    rng = random.Random(4)
    values = [[shift + 8000 / (sweep + 1) ** 0.5 + rng.gauss(0, 30) for sweep in range(9)] for _run in range(7)]
    return [
        "".join(
            [head + "\n", *(f"sweep {sweep} perplexity: {value:,.1f}\n" for sweep, value in enumerate(run_values))]
        )
        for run_values in values
    ]


def test_a_number_with_thousands_and_decimals_is_one_number() -> None:
    result = compare_logs(perplexities(0), perplexities(-900)[:3])
    assert [finding.name for finding in result.series if finding.p is not None] == ["last perplexity", "perplexity"]
    assert [finding.check for finding in result.findings] == ["primary endpoint differs"]


@pytest.mark.parametrize(
    ("lines", "is_one"),
    [
        ("cost 1,234.5\ncost 987.0\n", True),
        ("cost 12,345,678.5 at 3,5\n", True),
        ("cost 1,234.5\ncost 12,34.5\n", False),
        ("cost 1,234.5\ncost 1,1234.5\n", False),
        ("1,234.5\n2,345.6\n", False),
        ("pair (1,234.5) [2,345.6]\n", False),
        ("cost 1,234\n", False),
        ("", False),
    ],
)
def test_thousands_are_groups_of_three_digits_behind_a_word(lines: str, is_one: bool) -> None:
    assert has_thousands_commas([lines, "cost 0.5\n"]) is is_one


@pytest.mark.parametrize("shown", ["[0.75 ]", "[0.7  ]", "[ 0.75]", "[0.751]"])
def test_a_number_that_is_padded_in_brackets_is_the_same_print(shown: str) -> None:
    transcript = Transcript(f"round 1 share {shown} cost 3\nround 2 share [0.752] cost 2\n", is_log=True)
    assert transcript.forms == ["round # share [#] cost #"]


@pytest.mark.parametrize(
    ("line", "is_date"),
    [
        ("won/drawn: W/D/L 11/4/26", False),
        ("W/D/L: 11/04/26", False),
        ("tally 8/2/10", False),
        ("04/11/26 cost 3", True),
        ("4/11/2026 cost 3", True),
        ("4/11/26 09:15:02 cost 3", True),
        ("4/11/26, 9:15:02 cost 3", True),
    ],
)
def test_three_numbers_are_a_date_only_if_they_may_be_one(line: str, is_date: bool) -> None:
    assert (MASK in masked_line(line)) is is_date
