"""From the log of a probe to the verdict on its model."""

from gedanken.analysis.probe_scores import item_scores
from gedanken.compare.verdict.judge import RESAMPLES, judge
from gedanken.compare.verdict.results import Verdict
from gedanken.experiment.errors import BadInput
from gedanken.experiment.probe_item import ItemScore
from gedanken.experiment.run_log import RunLog

DIRECT = "direct"


def verdict_of(log: RunLog, arm: str = DIRECT, resamples: int = RESAMPLES) -> Verdict:
    """What the answers of one arm come to. Raises BadInput where the run is no probe, or nothing was asked so."""
    scores = scores_that_tell(log)
    arms = list(dict.fromkeys(score.condition for score in scores))
    if not scores:
        raise BadInput(f"{log.folder}: no answers of a probe are in it; gedanken probe asks for them")
    if arm not in arms:
        raise BadInput(f"{log.folder}: nothing was asked in the arm “{arm}”; there are {', '.join(arms)}")
    return judge(scores, model_of(log), arm, resamples=resamples)


def model_of(log: RunLog) -> str:
    """Its name, as far as the log tells."""
    if log.setup and log.setup.model:
        return log.setup.model.name
    return log.spec.model.name if log.spec else "a model"


def scores_that_tell(log: RunLog) -> tuple[ItemScore, ...]:
    """The scores of all items but those whose rival really prints the same: right and rival are then one answer."""
    alike = {
        kept.item.pair or kept.item.id
        for kept in log.items
        if kept.item.role == "hard" and kept.rival is not None and kept.rival == kept.truth
    }
    return tuple(score for score in item_scores(log) if (score.item.pair or score.item.id) not in alike)
