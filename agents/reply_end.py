"""Why a reply ended, in the words of each provider and in ours."""

from dataclasses import dataclass

from experiment.execution import Cause


@dataclass(frozen=True, slots=True)
class ReplyEnd:
    """Why a reply ended."""

    cause: Cause
    """FINISHED, CUT, or one of `experiment.execution.NO_RUN`."""
    reason: str = ""
    """What the provider said, such as `content_filter`, capped; empty where it said nothing."""
