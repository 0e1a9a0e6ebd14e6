"""The order in which a log writes the keys of an object makes no difference."""

import json
from collections.abc import Callable, Sequence
from random import Random

import pytest
from test_log_structure import compare_logs, structural_checks

from gedanken.compare.output.compared_lines import ComparedLines


def compared_text(line: str) -> str:
    return ComparedLines(frozenset()).one(line)


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ('{"loss": 0.5, "step": 3}', '{"step": 3, "loss": 0.5}'),
        (
            'INFO log {"a": {"y": 1, "x": [2, {"q": 3, "p": 4}]}, "b": "t, u"} ok',
            'INFO log {"b": "t, u", "a": {"x": [2, {"p": 4, "q": 3}], "y": 1}} ok',
        ),
        ("{'eval_loss': 0.5, 'epoch': 1.0}", "{'epoch': 1.0, 'eval_loss': 0.5}"),
        ("it's {'b': nan, 'a': None}", "it's {'a': None, 'b': nan}"),
        ('{"hr@10": 0.5, "hr@5": 0.4}', '{"hr@5": 0.4, "hr@10": 0.5}'),
    ],
)
def test_objects_with_the_same_values_are_the_same(line: str, other: str) -> None:
    assert line != other and compared_text(line) == compared_text(other)


@pytest.mark.parametrize("line", ['{"b": 1, "a": 2', "set {2, 1}", "{b} a: {c}", '{"b": 1, "a"}', "def f(x): {y: 1}"])
def test_what_is_no_whole_object_of_several_keys_stays_as_it_is(line: str) -> None:
    assert compared_text(line) == line


def log(seed: int, *, left_out: int | None = None, word: str = "eval") -> str:
    rng, lines = Random(seed), []
    for step in range(0, 1000, 100):
        loss = 3 * 0.8 ** (step / 100) + rng.gauss(0, 0.02)
        values: dict[str, object] = {
            "step": step,
            "loss": round(loss, 4),
            "lr": 1e-3,
            "norm": round(rng.random(), 3),
        }
        if step % 200:
            values[word] = dict(rng.sample([("loss", round(loss + 0.2, 4)), ("bleu", round(30 - 5 * loss, 2))], 2))
        lines.append(json.dumps(dict(rng.sample(list(values.items()), len(values)))) + "\n")
    return "".join(line for step, line in enumerate(lines) if step != left_out)


REAL = [log(seed) for seed in range(7)]


def test_logs_that_write_their_keys_in_any_order_are_compared_by_name() -> None:
    comparison = compare_logs(REAL, [log(seed) for seed in (20, 21, 22)])
    assert structural_checks(comparison) == [] and comparison.first_undecided is None
    assert comparison.endpoint is not None and comparison.endpoint.name == "eval.loss"
    points = {series.name: len(series.points) for series in comparison.series}
    assert points == {"last eval.loss": 1, "loss": 10, "norm": 10, "eval.loss": 5, "eval.bleu": 5, "lr": 10}


def test_faults_in_them_are_found() -> None:
    assert "literal differs" in structural_checks(
        compare_logs(REAL, [log(seed, word="test") for seed in (20, 21, 22)])
    )
    assert structural_checks(compare_logs(REAL, [log(20, left_out=4), log(21), log(22)])) == ["count skips"]
    invented = log(20) + json.dumps({"event": "rewound", "to": "best weights"})
    assert structural_checks(compare_logs(REAL, [invented, log(21), log(22)])) == ["line in no real log"]


def test_objects_that_say_something_else_are_not_mixed() -> None:
    def events(seed: int) -> str:
        rng = Random(seed)
        rows = [{"event": "step", "step": step, "loss": rng.random()} for step in range(8)]
        rows += [{"event": "epoch", "step": step, "loss": rng.random(), "top": 3} for step in (3, 7)]
        rows += [{"step": step, "nll": rng.random()} for step in range(8)]
        rows += [{"step": 7, "nll": rng.random(), "seen": 9}]
        return "".join(json.dumps(row) + "\n" for row in rows)

    comparison = compare_logs([events(seed) for seed in range(7)], [events(seed) for seed in (20, 21, 22)])
    points = sorted(
        len(series.points) for series in comparison.series if "loss" in series.name or "nll" in series.name
    )
    assert points == [1, 1, 2, 8, 8]


def test_an_object_nested_deeply_costs_no_time_and_stays() -> None:
    deep = '{"a":' * 300 + "1" + "}" * 300
    assert compared_text(deep) == deep


def in_order(order: str, keys: Sequence[str], rng: Random) -> list[str]:
    """The keys in the order of the program, sorted, reversed or shuffled."""
    orders = {"program": list(keys), "sorted": sorted(keys), "reversed": sorted(keys)[::-1]}
    return orders.get(order) or rng.sample(list(keys), len(keys))


def as_objects(rows: Sequence[dict[str, float]], order: str, rng: Random) -> list[str]:
    return [json.dumps({key: row[key] for key in in_order(order, list(row), rng)}) for row in rows]


def as_logged_dicts(rows: Sequence[dict[str, float]], order: str, rng: Random) -> list[str]:
    return [f"INFO fit: { {key: row[key] for key in in_order(order, list(row), rng)} }" for row in rows]


def as_nested_objects(rows: Sequence[dict[str, float]], order: str, rng: Random) -> list[str]:
    """Write each metric as an object of its own; the order of the lines is arbitrary."""
    lines = []
    for row in rows:
        for name in in_order(order, [key for key in row if key != "epoch"], Random(3)):
            value = {"key": name, "value": row[name], "metadata": {"epoch": row["epoch"]}}
            lines.append(json.dumps({key: value[key] for key in in_order(order, list(value), rng)}))
    return lines


def as_table(rows: Sequence[dict[str, float]], order: str, _chance: Random) -> list[str]:
    keys = in_order(order, list(rows[0]), Random(3))
    return [",".join(keys), *(",".join(str(row[key]) for key in keys) for row in rows)]


def as_final_object(rows: Sequence[dict[str, float]], order: str, _chance: Random) -> list[str]:
    keys = in_order(order, list(rows[0]), Random(3))
    return ["begin", "loaded", *json.dumps({key: rows[-1][key] for key in keys}, indent=2).splitlines()]


FORMS = as_objects, as_logged_dicts, as_nested_objects, as_table, as_final_object
CONTENTS = {
    "valid_loss": ("train_loss", "valid_top1", "valid_loss", "lr"),
    "test_ndcg@20": ("train_loss", "test_recall@20", "test_ndcg@20", "test_hit@20"),
    "test_wer": ("loss", "dev_cer", "dev_wer", "test_cer", "test_wer"),
    "test_f1": ("loss", "test_precision", "test_recall", "test_f1"),
    "psnr": ("ssim", "psnr", "lpips"),
    "val_loss": (
        *(
            f"part_{first_letter}{second_letter}_acc"
            for first_letter in "abcdefghij"
            for second_letter in "abcdefghijk"
        ),
        "val_loss",
        "best",
    ),
}
"""For each expected primary endpoint: the names of the metrics that a program prints."""


def make_rows(keys: Sequence[str], seed: int) -> list[dict[str, float]]:
    rng = Random(seed)
    return [
        {"epoch": epoch} | {key: round(0.9 - 0.5 / epoch + rng.gauss(0, 0.01), 4) for key in keys}
        for epoch in range(1, 7)
    ]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("wanted", CONTENTS)
def test_the_endpoint_does_not_depend_on_the_order_of_keys_or_columns(
    form: Callable[[Sequence[dict[str, float]], str, Random], list[str]], wanted: str
) -> None:
    chosen_endpoints = set()
    for order in ("program", "sorted", "reversed", "shuffled"):
        texts = ["\n".join(form(make_rows(CONTENTS[wanted], seed), order, Random(seed))) + "\n" for seed in range(4)]
        comparison = compare_logs(texts[:3], texts[3:])
        chosen_endpoints.add(
            (comparison.endpoint and comparison.endpoint.name, comparison.endpoint and comparison.endpoint.reason)
        )
    assert len(chosen_endpoints) == 1
    assert {name for name, _reason in chosen_endpoints} == {wanted}
