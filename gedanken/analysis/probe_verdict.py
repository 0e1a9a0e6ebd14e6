"""Computes the verdict on a model from the log of a probe."""

from gedanken.analysis.probe_scores import item_scores
from gedanken.compare.verdict.judge import RESAMPLES, judge
from gedanken.compare.verdict.results import Verdict
from gedanken.experiment.errors import BadInput
from gedanken.experiment.probe_item import ItemScore
from gedanken.experiment.run_log import RunLog

DIRECT = "direct"


def verdict_of(log: RunLog, arm: str = DIRECT, resamples: int = RESAMPLES) -> Verdict:
    """Compute the verdict from the answers in one arm. Raises BadInput if the log has no answers in this arm."""
    scores = informative_scores(log)
    arms = list(dict.fromkeys(score.condition for score in scores))
    if not scores:
        raise BadInput(f"{log.folder}: contains no answers to a probe; run gedanken probe first")
    if arm not in arms:
        raise BadInput(f"{log.folder}: contains no answers in the arm “{arm}”, only in {', '.join(arms)}")
    return judge(scores, model_of(log), arm, resamples=resamples)


def model_of(log: RunLog) -> str:
    """Return the model's name, as far as the log records it."""
    if log.setup and log.setup.model:
        return log.setup.model.name
    return log.spec.model.name if log.spec else "a model"


def informative_scores(log: RunLog) -> tuple[ItemScore, ...]:
    """Return the scores of all items, without pairs whose hard program and rival really print the same."""
    # for such a pair, a right answer would not show how the model found it
    indistinct_pairs = {
        kept_item.item.pair or kept_item.item.id
        for kept_item in log.items
        if kept_item.item.role == "hard" and kept_item.rival is not None and kept_item.rival == kept_item.truth
    }
    return tuple(score for score in item_scores(log) if (score.item.pair or score.item.id) not in indistinct_pairs)
