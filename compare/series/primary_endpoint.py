"""Chooses the series of the primary endpoint: the one that the user names, or one that a rule selects from the
real runs.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.named_numbers import OF_THE_BATCH
from gedanken.compare.output.vocabulary import Measures, Role, Split, find_split, name_key, words_in
from gedanken.compare.results import Endpoint
from gedanken.compare.series.columns import Column

_MONITORED = re.compile(
    r"(?P<name>[\w/@.-]*[\w@](?: loss| acc(?:uracy)?)?),? (?:has )?"
    r"(?:not improved?|did not improve|did(?:n't| not) decrease|improved)\b"
    r"|'(?P<quoted>[\w/@.-]+)' (?:reached|was not in top)"
    r"|\b(?:best|cur(?:rent)?) metric[,:] (?P<kept>[\w/@.-]+)[:=]"
    r"|(?:early stopping on|monitor(?:ing|ed)?[=: ]+|metric_for_best_model[=: ]+)['\"]?(?P<other>[\w/@.-]+)",
    re.IGNORECASE,
)
_METRIC_KINDS = {
    Measures.RETURN: ("the return", ""),
    Measures.LOSS: ("a loss", ""),
    Measures.ERROR: ("an error", "loss"),
    Measures.ACCURACY: ("an accuracy", "loss"),
    Measures.QUALITY: ("a quality score", "loss or accuracy"),
    Measures.PART: ("one part of a loss", "total loss"),
}
"""For each kind of metric: its name in a sentence, and the kinds that are preferred to it."""
_STRICTEST = re.compile(r"50-95|0?\.50?:0?\.95")
"""Matches the strictest mean average precision (mAP) that an object detector prints, as in `mAP50-95`.

Object detectors are usually ranked by it.
"""
_NUMBERED_SET = re.compile(r"(?:val|valid|validation|eval|test)[_-]?(?:set|data)?[_-]?(\d+)(?![\d.])", re.IGNORECASE)
"""Matches a numbered held-out set, as in `validation_1-logloss`. Libraries use the last one for early stopping."""
_IN_BATCHES = re.compile(r"(?<!\w)(?!ep)\w*\W{0,3}\[\s*#\s?/\s?#\s?\]", re.IGNORECASE)
"""Matches the count of batches in the form of lines about single batches: `Test: [#/#]`."""
_CANDIDATES = 3
"""If this many metrics, each shown once, differ only in their first word, that word names a compared model."""
_PART_OF_A_TABLE = re.compile(r"area= ?(?:small|medium|large)|maxDets= *10?\b")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)")
_SIDE_METRICS = frozenset(["precision", "recall", "specificity", "sensitivity"])
"""Metrics that are usually shown before F1, which combines them."""
_SECOND_METRICS = _SIDE_METRICS | {"hit", "hits", "hr", "cer", "chrf", "ter", "mae", "mse", "mape", "ssim", "lpips"}
"""Metrics that are usually not the main result if another one is shown, such as F1, NDCG, WER, BLEU, RMSE or PSNR."""
_ADVERSARIES = frozenset(["d", "g", "dis", "gen", "disc", "netd", "netg", "discriminator", "generator"])
_PERPLEXITIES = frozenset(["ppl", "perplexity"])
_OBJECTIVES = list(Measures)
_ENTITIES = frozenset(["loc", "org", "misc", "gpe"])
"""Labels for kinds of names in texts. Beside them, `PER` stands for persons, not for the phoneme error rate."""
_HELD_OUT = (Split.VALIDATION, Split.TEST)
_MAX_REPORT_SHARE = 0.2
"""If a run's last report takes at most this share of its lines, all metrics in it count as printed last."""


class ColumnStatistics(NamedTuple):
    """Statistics of a column in the real runs."""

    runs: int
    """Number of real runs that show the column."""
    times: float
    """How often a run shows the column (median)."""
    last: float
    """Where in a run the column's last value is (median), from 0 at the beginning to 1 at the end."""
    is_whole: bool
    """True if all values of the column are whole numbers."""
    is_setting: bool = False
    """True for a whole number that is the same in all runs and is printed repeatedly or early.

    Such a number is a setting, not a measurement.
    """


def choose_endpoint(
    columns: Mapping[str, Column],
    statistics: Mapping[str, ColumnStatistics],
    n_real: int,
    wanted: str | None = None,
    monitored: frozenset[tuple[str, ...]] = frozenset(),
) -> Endpoint | None:
    """Choose the series of the primary endpoint; None if no series qualifies.

    `wanted` is the series that the user requests. If it is None, the metrics that most real runs show are compared
    with each other. Of two metrics, the first of these criteria in which they differ decides. A metric is preferred
    if:

    - It is measured on held-out data.
    - The program stops or saves its model by it (`monitored`).
    - It is the objective. The order is: return, loss, `score`, the usual measure of the task (such as BLEU or mIoU),
      error, accuracy, other quality, part of a loss.
    - It does not summarize earlier values.
    - It belongs to the first process.
    - It belongs to the last of several numbered held-out sets.
    - It is the strictest mAP.
    - It is printed last. Within one report, test is preferred to validation.
    - It is not usually reported beside another one, as recall is beside F1.
    - It comes first in its line. In JSON or CSV, it is also shown for training data or else comes first by name.
    """
    if wanted is not None:
        name = _find_by_name(columns, wanted)
        return Endpoint(name, "chosen with --primary", "user") if name else None
    common_names = [
        name
        for name, column_statistics in statistics.items()
        if 2 * column_statistics.runs > n_real or column_statistics.runs == n_real
    ]
    metrics = [name for name in common_names if _is_metric(columns[name], statistics[name])]
    if any(not _ENTITIES.isdisjoint(words_in(column.words)) for column in columns.values()):
        metrics = [name for name in metrics if not _is_named_per(columns[name])]
    if not metrics:
        metrics = [name for name in common_names if _may_be_metric(columns[name], statistics[name])]
    if not metrics:
        metrics = [name for name in common_names if columns[name].metric is not None and statistics[name].times > 1]
    if not metrics:
        return None
    curves = [columns[name] for name in metrics if statistics[name].times > 1]
    batches = _batch_metrics([columns[name] for name in metrics])
    report = min(_MAX_REPORT_SHARE, *(1 / max(statistics[name].times, 1) for name in metrics))
    is_partial = {name: (columns[name].form, columns[name].fixed, columns[name].index) in batches for name in metrics}
    # The lines about several candidates are no single report.
    candidates = _candidate_metrics(metrics, columns, statistics)
    summed_up = {columns[name].form for name in metrics if "f" in words_in(columns[name].words)}
    training_keys = {_bare_key(columns[name]) for name in metrics if _data_of(columns[name]) not in _HELD_OUT}
    best = min(
        metrics,
        key=lambda name: (
            _rank_by_data(columns[name], statistics[name], is_partial[name]),
            *_sort_key(columns[name], statistics[name], monitored, curves, 0 if name in candidates else report),
            *_key_within_report(columns[name], summed_up, training_keys),
        ),
    )
    return Endpoint(best, _format_reason(columns[best], monitored, [columns[name] for name in metrics]), "rule")


def monitored_metrics(forms: Sequence[str]) -> frozenset[tuple[str, ...]]:
    """Find the metrics that a line names as the reason for stopping or saving the model, as in `val_acc improved
    from …`.
    """
    names = (
        match["name"] or match["quoted"] or match["kept"] or match["other"]
        for form in forms
        for match in _MONITORED.finditer(form)
    )
    return frozenset(name_key(name) for name in names)


def column_statistics(column_values: Sequence[NDArray[np.float64]], ends: Sequence[float]) -> ColumnStatistics:
    """Compute a column's statistics from its values in each real run; `ends` are the positions of the last values."""
    non_empty = [values for values in column_values if len(values)]
    times = float(np.median([len(values) for values in non_empty])) if non_empty else 0.0
    last = float(np.median(ends)) if len(ends) else -1.0
    all_values = np.concatenate(non_empty) if non_empty else np.empty(0)
    finite = all_values[np.isfinite(all_values)]
    is_whole = bool((finite == np.rint(finite)).all())
    is_same = is_whole and len(non_empty) > 1 and len(np.unique(all_values)) == 1
    is_setting = is_same and (times > 1 or 0 <= last < 0.5)
    return ColumnStatistics(len(non_empty), times, last, is_whole, is_setting)


def _find_by_name(columns: Mapping[str, Column], wanted: str) -> str | None:
    """Find the series that the user means, by its name, its label or the words of its label.

    None if there is none.
    """
    wanted = wanted.removeprefix("last ")
    lookups = (
        {name: name for name in columns},
        {column.label: name for name, column in reversed(list(columns.items()))},
        {column.label.casefold(): name for name, column in reversed(list(columns.items()))},
    )
    for text, names in zip((wanted, wanted, wanted.casefold()), lookups, strict=True):
        if text in names:
            return names[text]
    key = name_key(wanted)
    return next((name for name, column in columns.items() if key and name_key(column.label) == key), None)


def _is_metric(column: Column, statistics: ColumnStatistics) -> bool:
    is_measured = not column.is_environment and not statistics.is_setting
    return column.metric is not None and is_measured and statistics.times > 0


def _is_named_per(column: Column) -> bool:
    """Return whether a number is called just `PER`, or `PER` on some data."""
    return [word for word in words_in(column.words) if not find_split(word)] == ["per"]


def _may_be_metric(column: Column, statistics: ColumnStatistics) -> bool:
    """Return whether a number without the name of a known metric may be a metric."""
    is_other = not column.is_environment and column.words != "" and column.meaning.role is Role.OTHER
    return is_other and statistics.times > 1 and not statistics.is_whole


def _rank_by_data(column: Column, statistics: ColumnStatistics, is_of_a_batch: bool) -> float:
    """Rank a metric by the data it was measured on: 0 for held-out data, up to 2 for training or unknown data."""
    if _data_of(column) in _HELD_OUT and not is_of_a_batch:
        # The last candidate of a search is no better than any other.
        return 0.5 if _is_of_candidates(column, statistics) else 0
    return 1 if column.meaning.is_always_held_out or column.is_starred else 2


def _is_of_candidates(column: Column, statistics: ColumnStatistics) -> bool:
    """Return whether a metric scores each candidate of a search, as in `[CV 2/3] … score=0.87`."""
    return _is_bare_score(column) and "cv" in words_in(column.words) and statistics.times > 1


def _batch_metrics(metrics: Sequence[Column]) -> set[tuple[object, ...]]:
    """Return (form, fixed, index) of each metric of a single batch, and of its running mean: `Acc@1 75.0 (71.2)`."""
    # Only a line such as `* Acc@1 71.2` states a metric for all data.
    if not any(column.is_starred for column in metrics):
        return set()
    means = [column for column in metrics if column.words.endswith(" in brackets") and not column.is_starred]
    keys = {(column.form, column.fixed, column.index - offset) for column in means for offset in (0, 1)}
    keys |= {(column.form, column.fixed, column.index) for column in metrics if _is_in_batches(column)}
    batch_values = [column for column in metrics if column.words.endswith(OF_THE_BATCH)]
    return keys | {(column.form, column.fixed, column.index + offset) for column in batch_values for offset in (0, 1)}


def _is_in_batches(column: Column) -> bool:
    """Return whether a metric on held-out data comes after a count of batches, as in `Test: [40/97] Loss 0.31`."""
    return not column.is_starred and _data_of(column) in _HELD_OUT and _IN_BATCHES.search(column.form) is not None


def _candidate_metrics(
    metrics: Sequence[str], columns: Mapping[str, Column], statistics: Mapping[str, ColumnStatistics]
) -> Set[str]:
    """Return the metrics that are shown once for each of several candidates, as in `SVM test score 0.8`."""
    tails = {name: words_in(columns[name].words)[1:] for name in metrics if statistics[name].times <= 1}
    count = Counter(tail for tail in tails.values() if len(tail) > 1)
    return {name for name, tail in tails.items() if count[tail] >= _CANDIDATES}


def _sort_key(
    column: Column,
    statistics: ColumnStatistics,
    monitored: frozenset[tuple[str, ...]],
    curves: Sequence[Column],
    report: float,
) -> tuple[object, ...]:
    """Return the key by which metrics are sorted; `report` is the share of a run's lines that its last report
    takes.
    """
    meaning = column.meaning
    is_of_training = meaning.split in (None, Split.TRAIN)
    is_repeated = statistics.times <= 1 and any(
        name_key(curve.words) == name_key(column.words) or (is_of_training and curve.meaning.split == meaning.split)
        for curve in curves
    )
    is_summary = meaning.is_summary or "in brackets" in column.words or is_repeated
    return (
        0 if name_key(column.words) in monitored else 1,
        _rank_by_objective(column),
        is_summary,
        _is_mean_fitness(column),
        column.fixed,
        -int(match[1]) if (match := _NUMBERED_SET.match(column.words)) else 0,
        _PART_OF_A_TABLE.search(column.words) is not None,
        _STRICTEST.search(column.words) is None,
        -1.0 if 1 - statistics.last < report else -round(statistics.last, 6),
        meaning.split is not Split.TEST,
    )


def _bare_key(column: Column) -> tuple[str, ...]:
    """Return a key for the name of a metric without the words for data. It is the same for `train_mse` and
    `val_mse`.
    """
    return tuple(word for word in name_key(column.words) if not find_split(word))


def _key_within_report(
    column: Column, summed_up: Set[str] = frozenset(), trained: Set[tuple[str, ...]] = frozenset()
) -> tuple[object, ...]:
    """Return the key by which the metrics of one report are sorted."""
    words = words_in(column.words)
    # The keys of an object and the columns of a table may be in any order. The objective is shown for training data
    # too.
    if column.is_found_by_name:
        is_second = not _SECOND_METRICS.isdisjoint(words)
        return _bare_key(column) not in trained, is_second, _natural_sort_key(column.words)
    # A text usually shows the most important metric first.
    return column.form in summed_up and not _SIDE_METRICS.isdisjoint(words), column.index, ()


def endpoint_sort_key(column: Column) -> tuple[object, ...]:
    """Return a sort key that puts the most likely primary endpoints first, judging by the name alone."""
    meaning = column.meaning
    is_held_out = meaning.is_held_out or meaning.is_always_held_out
    return not is_held_out, _rank_by_objective(column), meaning.is_summary, *_key_within_report(column)


def _natural_sort_key(name: str) -> tuple[str | float, ...]:
    """Return a sort key for names in alphabetical order, with `hr@5` before `hr@10`."""
    return tuple(float(part) if index % 2 else part.casefold() for index, part in enumerate(_NUMBER.split(name)))


def _rank_by_objective(column: Column) -> float:
    """Rank a metric by how likely it is to be the program's objective; 0 is the most likely."""
    meaning = column.meaning
    if meaning.measures is Measures.PART and not _ADVERSARIES.isdisjoint(words_in(column.words)):
        return _OBJECTIVES.index(Measures.LOSS) + 0.25  # two networks, of which each has a loss of its own
    if meaning.measures is None:
        return len(_OBJECTIVES)
    if _is_bare_score(column):
        return _OBJECTIVES.index(Measures.LOSS) + 0.4
    if meaning.is_always_held_out:
        return _OBJECTIVES.index(Measures.LOSS) + 0.5
    return _OBJECTIVES.index(meaning.measures)


def _is_bare_score(column: Column) -> bool:
    """Return whether a metric on held-out data is called just a score, as in `valid_score`."""
    words = [word for word in words_in(column.words) if not find_split(word)]
    # Programs give this name to the measure by which they judge their model.
    return column.meaning.is_held_out and words in (["score"], ["scores"])


def _is_mean_fitness(column: Column) -> bool:
    """Return whether a metric is the mean fitness of a population."""
    words = set(words_in(column.words))
    # In the end, only the population's best member counts.
    return "fitness" in words and not words.isdisjoint(("average", "avg", "mean"))


def _format_reason(column: Column, monitored: frozenset[tuple[str, ...]], metrics: Sequence[Column]) -> str:
    """Say in a few words why this series was chosen among `metrics`."""
    meaning, split = column.meaning, _data_of(column)
    is_held_out = split in _HELD_OUT or meaning.is_always_held_out or column.is_starred
    missing = [] if is_held_out else ["metric on held-out data"]
    if name_key(column.words) in monitored:
        kind = "the metric that, according to the log, decides when to stop or save"
    elif meaning.measures is None:
        is_known = any(metric.meaning.measures is not None for metric in metrics)
        data_text = " on held-out data" if is_known and split in _HELD_OUT else ""
        kind, missing = "a number that changes during the run", [f"known metric{data_text}"]
    elif _is_bare_score(column):
        kind = "the score by which the program judges its model"
    elif meaning.is_always_held_out:
        kind = "the usual metric of its task"
    else:
        measured = _measure_of(column) or meaning.measures
        if measured is Measures.PART and _is_only_loss(column, metrics):
            measured = Measures.LOSS
        kind, preferred = _METRIC_KINDS[measured]
        missing += _format_missing(preferred, column, metrics)
    data = f" on held-out data ({split})" if split in _HELD_OUT else ""
    data = data or (" in a line that sums up an evaluation (marked *)" if column.is_starred else "")
    suffix = f", and no {' and no '.join(missing)} is printed" if missing else ""
    return f"chosen because it is {kind}{data}{suffix}"


def _data_of(column: Column) -> Split | None:
    """Return the data of a metric, such as the test set, by its name or by the label at the beginning of its line."""
    return column.meaning.split or find_split(column.head)


def _measure_of(column: Column) -> Measures | None:
    """Return what a metric measures. For `top-1`, this is an accuracy."""
    return Measures.ACCURACY if "top" in words_in(column.words) else column.meaning.measures


def _is_only_loss(column: Column, metrics: Sequence[Column]) -> bool:
    """Return whether no other loss is printed for the same data. The loss's perplexity does not count."""
    # A single loss is not known to be part of another: Megatron calls its whole loss `lm loss`.
    kinds = (Measures.LOSS, Measures.PART)
    losses = [
        metric for metric in metrics if metric.meaning.measures in kinds and _data_of(metric) == _data_of(column)
    ]
    names = {name_key(metric.words.removesuffix(" in brackets")) for metric in losses}
    return len([name for name in names if _PERPLEXITIES.isdisjoint(name)]) == 1


def _format_missing(preferred: str, column: Column, metrics: Sequence[Column]) -> list[str]:
    """Name the kinds of metric in `preferred` that are not printed, as a list with at most one text: `loss or
    accuracy`.
    """
    is_held_out = _data_of(column) in _HELD_OUT
    printed = {_measure_of(metric) for metric in metrics if not is_held_out or _data_of(metric) in _HELD_OUT}
    kinds = {"loss": Measures.LOSS, "total loss": Measures.LOSS, "accuracy": Measures.ACCURACY}
    words = preferred.split(" or ") if preferred else []
    missing = [word for word in words if kinds[word] not in printed]
    if not is_held_out and column.is_starred and missing != words:
        return [f"{preferred} in such a line"]
    if not missing:
        return []
    if Measures.PART in printed:
        missing = ["total loss" if word == "loss" else word for word in missing]
    return [" or ".join(missing) + (" on held-out data" if is_held_out else "")]
