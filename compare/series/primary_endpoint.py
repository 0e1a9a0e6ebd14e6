"""Chooses the series of the primary endpoint: the user's, or one that a rule selects from real runs."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.named_numbers import OF_THE_BATCH
from gedanken.compare.output.vocabulary import Measures, Role, Split, key_of, split_in, words_in
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
_WHAT = {
    Measures.RETURN: ("the return", ""),
    Measures.LOSS: ("a loss", ""),
    Measures.ERROR: ("an error", "loss"),
    Measures.ACCURACY: ("an accuracy", "loss"),
    Measures.QUALITY: ("a quality score", "loss or accuracy"),
    Measures.PART: ("one part of a loss", "total loss"),
}
"""For each kind of metric: its name in a sentence, and the kinds that would have been preferred to it."""
_STRICTEST = re.compile(r"50-95|0?\.50?:0?\.95")
"""Matches the strictest mean average precision that an object detector prints, as in `mAP50-95`. Object detectors
are usually ranked by it."""
_NUMBERED_SET = re.compile(r"(?:val|valid|validation|eval|test)[_-]?(?:set|data)?[_-]?(\d+)(?![\d.])", re.IGNORECASE)
"""Matches a numbered held-out set, as in `validation_1-logloss`; libraries use the last one for early stopping."""
_IN_BATCHES = re.compile(r"(?<!\w)(?!ep)\w*\W{0,3}\[\s*#\s?/\s?#\s?\]", re.IGNORECASE)
"""Matches the count of batches in a form of lines about one batch: `Test: [#/#]`."""
_CANDIDATES = 3
"""If this many metrics, each shown once, differ only in their first word, that word names a compared model."""
_PART_OF_A_TABLE = re.compile(r"area= ?(?:small|medium|large)|maxDets= *10?\b")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)")
_SIDE_METRICS = frozenset(["precision", "recall", "specificity", "sensitivity"])
"""Metrics that lines usually show before F1, which sums them up."""
_SECOND_METRICS = _SIDE_METRICS | {"hit", "hits", "hr", "cer", "chrf", "ter", "mae", "mse", "mape", "ssim", "lpips"}
"""Metrics that are usually not reported first: beside F1, NDCG, WER, BLEU, RMSE or PSNR, for example."""
_ADVERSARIES = frozenset(["d", "g", "dis", "gen", "disc", "netd", "netg", "discriminator", "generator"])
_PERPLEXITIES = frozenset(["ppl", "perplexity"])
_OBJECTIVES = list(Measures)
_ENTITIES = frozenset(["loc", "org", "misc", "gpe"])
"""Labels for names in texts, such as locations. Beside these labels, `PER` stands for persons, not for the phoneme
error rate."""
_HELD_OUT = (Split.VALIDATION, Split.TEST)
_REPORT = 0.2
"""Maximum share of a run's lines that its last report may take. All metrics in that report count as printed last."""


class Shown(NamedTuple):
    """Statistics of a column in the real runs."""

    runs: int
    """Number of real runs that show the column."""
    times: float
    """Median number of times that a run shows the column."""
    last: float
    """Median position of the column's last value in a run, where 1 is the end of the run."""
    is_whole: bool
    """True if all values of the column are whole numbers."""
    is_setting: bool = False
    """True for a whole number that is the same in all runs and printed repeatedly or early: it is set, not
    measured."""


def choose(
    columns: Mapping[str, Column],
    shown: Mapping[str, Shown],
    n_real: int,
    wanted: str | None = None,
    monitored: frozenset[tuple[str, ...]] = frozenset(),
) -> Endpoint | None:
    """Choose the series of the primary endpoint; None if no series qualifies.

    `wanted` is the series that the user requests. If it is None, the metrics that most real runs show are compared.
    The first criterion in which two metrics differ decides:

    - It is measured on held-out data.
    - The program stops or saves by it (`monitored`).
    - It is the objective. The order is: return, loss, `score`, the usual measure of the task (such as BLEU or mIoU),
      error, accuracy, other quality, part of a loss.
    - It is no summary of earlier values.
    - It belongs to the first process.
    - It belongs to the last of several numbered held-out sets.
    - It is the strictest mAP.
    - It is printed last. Within one report, test is preferred to validation.
    - It is not usually reported beside another one, such as recall beside F1.
    - It comes first in its line. In JSON or CSV, it is shown for training data too, or else comes first by name.
    """
    if wanted is not None:
        name = _named(columns, wanted)
        return Endpoint(name, "chosen with --primary", "user") if name else None
    most = [name for name, one in shown.items() if 2 * one.runs > n_real or one.runs == n_real]
    metrics = [name for name in most if _is_metric(columns[name], shown[name])]
    if any(not _ENTITIES.isdisjoint(words_in(column.words)) for column in columns.values()):
        metrics = [name for name in metrics if not _is_person(columns[name])]
    if not metrics:
        metrics = [name for name in most if _may_be_one(columns[name], shown[name])]
    if not metrics:
        metrics = [name for name in most if columns[name].metric is not None and shown[name].times > 1]
    if not metrics:
        return None
    curves = [columns[name] for name in metrics if shown[name].times > 1]
    batches = _of_batches([columns[name] for name in metrics])
    report = min(_REPORT, *(1 / max(shown[name].times, 1) for name in metrics))
    is_partial = {name: (columns[name].form, columns[name].fixed, columns[name].index) in batches for name in metrics}
    # The lines about several candidates are no single report.
    candidates = _of_candidates(metrics, columns, shown)
    summed_up = {columns[name].form for name in metrics if "f" in words_in(columns[name].words)}
    trained = {_bare_key(columns[name]) for name in metrics if _split(columns[name]) not in _HELD_OUT}
    best = min(
        metrics,
        key=lambda name: (
            _held_out(columns[name], shown[name], is_partial[name]),
            *_rank(columns[name], shown[name], monitored, curves, 0 if name in candidates else report),
            *_among_peers(columns[name], summed_up, trained),
        ),
    )
    return Endpoint(best, _reason(columns[best], monitored, [columns[name] for name in metrics]), "rule")


def monitored_in(forms: Sequence[str]) -> frozenset[tuple[str, ...]]:
    """Find the metrics that lines name as the criterion for stopping or saving, as in `val_acc improved from …`."""
    found = (
        match["name"] or match["quoted"] or match["kept"] or match["other"]
        for form in forms
        for match in _MONITORED.finditer(form)
    )
    return frozenset(key_of(name) for name in found)


def shown_by(column_values: Sequence[NDArray[np.float64]], ends: Sequence[float]) -> Shown:
    """Compute a column's statistics from its values in each real run. `ends` are the positions of the last values, 0
    to 1."""
    with_some = [values for values in column_values if len(values)]
    times = float(np.median([len(values) for values in with_some])) if with_some else 0.0
    last = float(np.median(ends)) if len(ends) else -1.0
    every = np.concatenate(with_some) if with_some else np.empty(0)
    finite = every[np.isfinite(every)]
    is_whole = bool((finite == np.rint(finite)).all())
    is_same = is_whole and len(with_some) > 1 and len(np.unique(every)) == 1
    is_setting = is_same and (times > 1 or 0 <= last < 0.5)
    return Shown(len(with_some), times, last, is_whole, is_setting)


def _named(columns: Mapping[str, Column], wanted: str) -> str | None:
    """Find the series that the user means: by its name, its label or the words of its label."""
    wanted = wanted.removeprefix("last ")
    ways = (
        {name: name for name in columns},
        {column.label: name for name, column in reversed(list(columns.items()))},
        {column.label.casefold(): name for name, column in reversed(list(columns.items()))},
    )
    for asked, names in zip((wanted, wanted, wanted.casefold()), ways, strict=True):
        if asked in names:
            return names[asked]
    key = key_of(wanted)
    return next((name for name, column in columns.items() if key and key_of(column.label) == key), None)


def _is_metric(column: Column, shown: Shown) -> bool:
    is_measured = not column.is_environment and not shown.is_setting
    return column.metric is not None and is_measured and shown.times > 0


def _is_person(column: Column) -> bool:
    """Return whether a number is called just `PER`, or `PER` on some data."""
    return [word for word in words_in(column.words) if not split_in(word)] == ["per"]


def _may_be_one(column: Column, shown: Shown) -> bool:
    """Return whether a number may be a metric although it has no known metric's name."""
    is_other = not column.is_environment and column.words != "" and column.meaning.role is Role.OTHER
    return is_other and shown.times > 1 and not shown.is_whole


def _held_out(column: Column, shown: Shown, is_of_a_batch: bool) -> float:
    """Rank a metric by its data: 0 for held-out data, up to 2 for training or unknown data."""
    if _split(column) in _HELD_OUT and not is_of_a_batch:
        # The last candidate of a search is no better than any other.
        return 0.5 if _is_of_candidates(column, shown) else 0
    return 1 if column.meaning.is_held_out_by_nature or column.is_starred else 2


def _is_of_candidates(column: Column, shown: Shown) -> bool:
    """Return whether a metric scores each candidate of a search, as in `[CV 2/3] … score=0.87`."""
    return _is_bare_score(column) and "cv" in words_in(column.words) and shown.times > 1


def _of_batches(metrics: Sequence[Column]) -> set[tuple[object, ...]]:
    """Return (form, fixed, index) of each metric on one batch, and of its running mean: `Acc@1 75.0 (71.2)`."""
    # Only a line such as `* Acc@1 71.2` states a metric for all data.
    if not any(column.is_starred for column in metrics):
        return set()
    means = [column for column in metrics if column.words.endswith(" in brackets") and not column.is_starred]
    found = {(column.form, column.fixed, column.index - back) for column in means for back in (0, 1)}
    found |= {(column.form, column.fixed, column.index) for column in metrics if _is_in_batches(column)}
    firsts = [column for column in metrics if column.words.endswith(OF_THE_BATCH)]
    return found | {(column.form, column.fixed, column.index + on) for column in firsts for on in (0, 1)}


def _is_in_batches(column: Column) -> bool:
    """Return whether a metric on held-out data stands behind a count of batches: `Test: [40/97] Loss 0.31`."""
    return not column.is_starred and _split(column) in _HELD_OUT and _IN_BATCHES.search(column.form) is not None


def _of_candidates(metrics: Sequence[str], columns: Mapping[str, Column], shown: Mapping[str, Shown]) -> Set[str]:
    """Return the metrics that are shown once for each of several candidates, as in `SVM test score 0.8`."""
    tails = {name: words_in(columns[name].words)[1:] for name in metrics if shown[name].times <= 1}
    count = Counter(tail for tail in tails.values() if len(tail) > 1)
    return {name for name, tail in tails.items() if count[tail] >= _CANDIDATES}


def _rank(
    column: Column,
    shown: Shown,
    monitored: frozenset[tuple[str, ...]],
    curves: Sequence[Column],
    report: float,
) -> tuple[object, ...]:
    """Return the sort key of a metric, smallest first; `report` is the last report's share of a run's lines."""
    meaning = column.meaning
    is_of_training = meaning.split in (None, Split.TRAIN)
    repeats = shown.times <= 1 and any(
        key_of(curve.words) == key_of(column.words) or (is_of_training and curve.meaning.split == meaning.split)
        for curve in curves
    )
    is_summary = meaning.is_summary or "in brackets" in column.words or repeats
    return (
        0 if key_of(column.words) in monitored else 1,
        _objective(column),
        is_summary,
        _is_mean_fitness(column),
        column.fixed,
        -int(found[1]) if (found := _NUMBERED_SET.match(column.words)) else 0,
        _PART_OF_A_TABLE.search(column.words) is not None,
        _STRICTEST.search(column.words) is None,
        -1.0 if 1 - shown.last < report else -round(shown.last, 6),
        meaning.split is not Split.TEST,
    )


def _bare_key(column: Column) -> tuple[str, ...]:
    """Return the key of a metric's name without the words for data: the same for `train_mse` and `val_mse`."""
    return tuple(word for word in key_of(column.words) if not split_in(word))


def _among_peers(
    column: Column, summed_up: Set[str] = frozenset(), trained: Set[tuple[str, ...]] = frozenset()
) -> tuple[object, ...]:
    """Return the sort key of a metric among the metrics of one report."""
    words = words_in(column.words)
    # The keys of an object and the columns of a table may be in any order. The objective is shown for training data
    # too.
    if column.is_found_by_name:
        is_second = not _SECOND_METRICS.isdisjoint(words)
        return _bare_key(column) not in trained, is_second, _in_order(column.words)
    # A text usually shows the most important metric first.
    return column.form in summed_up and not _SIDE_METRICS.isdisjoint(words), column.index, ()


def promise(column: Column) -> tuple[object, ...]:
    """Return a sort key that puts the likeliest primary endpoints first, judged by name alone."""
    meaning = column.meaning
    is_held_out = meaning.is_held_out or meaning.is_held_out_by_nature
    return not is_held_out, _objective(column), meaning.is_summary, *_among_peers(column)


def _in_order(name: str) -> tuple[str | float, ...]:
    """Return a sort key by which names are in alphabetical order, and `hr@5` is before `hr@10`."""
    return tuple(float(part) if at % 2 else part.casefold() for at, part in enumerate(_NUMBER.split(name)))


def _objective(column: Column) -> float:
    """Rank a metric by how likely it is the program's objective; 0 is the most likely."""
    meaning = column.meaning
    if meaning.measures is Measures.PART and not _ADVERSARIES.isdisjoint(words_in(column.words)):
        return _OBJECTIVES.index(Measures.LOSS) + 0.25  # two networks, of which each has a loss of its own
    if meaning.measures is None:
        return len(_OBJECTIVES)
    if _is_bare_score(column):
        return _OBJECTIVES.index(Measures.LOSS) + 0.4
    if meaning.is_held_out_by_nature:
        return _OBJECTIVES.index(Measures.LOSS) + 0.5
    return _OBJECTIVES.index(meaning.measures)


def _is_bare_score(column: Column) -> bool:
    """Return whether a metric on held-out data is called just a score, as in `valid_score`."""
    about = [word for word in words_in(column.words) if not split_in(word)]
    # Programs give this name to the measure by which they judge their model.
    return column.meaning.is_held_out and about in (["score"], ["scores"])


def _is_mean_fitness(column: Column) -> bool:
    """Return whether a metric is the mean fitness of a population."""
    words = set(words_in(column.words))
    # In the end, only the population's best member counts.
    return "fitness" in words and not words.isdisjoint(("average", "avg", "mean"))


def _reason(column: Column, monitored: frozenset[tuple[str, ...]], metrics: Sequence[Column]) -> str:
    """State in a few words why this series was chosen among `metrics`."""
    meaning, split = column.meaning, _split(column)
    is_held_out = split in _HELD_OUT or meaning.is_held_out_by_nature or column.is_starred
    missing = [] if is_held_out else ["metric on held-out data"]
    if key_of(column.words) in monitored:
        kind = "the metric that, according to the log, decides when to stop or save"
    elif meaning.measures is None:
        known = any(one.meaning.measures is not None for one in metrics)
        where = " on held-out data" if known and split in _HELD_OUT else ""
        kind, missing = "a number that changes during the run", [f"known metric{where}"]
    elif _is_bare_score(column):
        kind = "the score by which the program judges its model"
    elif meaning.is_held_out_by_nature:
        kind = "the usual metric of its task"
    else:
        measured = _measured(column) or meaning.measures
        if measured is Measures.PART and _is_only_loss(column, metrics):
            measured = Measures.LOSS
        kind, better = _WHAT[measured]
        missing += _missing(better, column, metrics)
    data = f" on held-out data ({split})" if split in _HELD_OUT else ""
    data = data or (" in a line that sums up an evaluation (marked *)" if column.is_starred else "")
    lacks = f", and no {' and no '.join(missing)} is printed" if missing else ""
    return f"chosen because it is {kind}{data}{lacks}"


def _split(column: Column) -> Split | None:
    """Return the data (such as the test set) of a metric, by its name or else by the label that begins its line."""
    return column.meaning.split or split_in(column.head)


def _measured(column: Column) -> Measures | None:
    """Return what a metric measures. `top-1` is short for an accuracy."""
    return Measures.ACCURACY if "top" in words_in(column.words) else column.meaning.measures


def _is_only_loss(column: Column, metrics: Sequence[Column]) -> bool:
    """Return whether no other loss is printed for the same data, apart from its perplexity."""
    # A single loss is not known to be part of another: Megatron calls its whole loss `lm loss`.
    losses = (Measures.LOSS, Measures.PART)
    alike = [one for one in metrics if one.meaning.measures in losses and _split(one) == _split(column)]
    names = {key_of(one.words.removesuffix(" in brackets")) for one in alike}
    return len([name for name in names if _PERPLEXITIES.isdisjoint(name)]) == 1


def _missing(better: str, column: Column, metrics: Sequence[Column]) -> list[str]:
    """Name the kinds of metric in `better` that are not printed, in at most one text, such as `loss or accuracy`."""
    is_held_out = _split(column) in _HELD_OUT
    printed = {_measured(one) for one in metrics if not is_held_out or _split(one) in _HELD_OUT}
    kinds = {"loss": Measures.LOSS, "total loss": Measures.LOSS, "accuracy": Measures.ACCURACY}
    words = better.split(" or ") if better else []
    lacking = [word for word in words if kinds[word] not in printed]
    if not is_held_out and column.is_starred and lacking != words:
        return [f"{better} in such a line"]
    if not lacking:
        return []
    if Measures.PART in printed:
        lacking = ["total loss" if word == "loss" else word for word in lacking]
    return [" or ".join(lacking) + (" on held-out data" if is_held_out else "")]
