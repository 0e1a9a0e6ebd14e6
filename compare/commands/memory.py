"""Tests what an imagined machine still knows after its context was lost.

As a control, the same questions are also asked while the context is still there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gedanken.compare.output.visible_lines import normalized_lines
from gedanken.experiment.execution import Execution

Verdict = Literal["kept", "changed", "lost", "unanswered"]


@dataclass(frozen=True, slots=True)
class MemoryAnswer:
    """Three answers to one question: before the context was lost, in the control, and after the loss.

    In the control, the question is asked a second time while the context is still there.
    """

    question: str
    before: str
    control: str
    after: str
    verdict: Verdict
    """Verdict on the answer after the loss, compared with the answer before."""
    control_verdict: Verdict
    """Verdict on the answer of the control, compared with the answer before."""
    same_request: bool
    """True if the control sent the same request again at temperature 0.

    The control then shows only whether the server repeats its answers.
    """

    @property
    def is_changed_by_loss(self) -> bool:
        """True if the answer changed after the loss, but not in the control: the loss of the context must be the
        reason.
        """
        return self.verdict in ("changed", "lost") and self.control_verdict == "kept"

    @property
    def verdict_text(self) -> str:
        """The verdict in words. The control's verdict follows, except if it is `kept`."""
        if self.control_verdict == "kept":
            return self.verdict
        if self.control_verdict == self.verdict:
            return f"{self.verdict}, and so is the control"
        return f"{self.verdict}, and the control is {self.control_verdict}"


def compare_memory(
    before: Sequence[Execution], control: Sequence[Execution], after: Sequence[Execution]
) -> tuple[MemoryAnswer, ...]:
    """Compare the three answers to each question. Raises ValueError if the questions or their numbers differ."""
    rows = list(zip(before, control, after, strict=True))
    if any(len({answer.command for answer in row}) > 1 for row in rows):
        raise ValueError(
            "the questions before and after the loss of the context, and in the control, are not the same"
        )
    return tuple(
        MemoryAnswer(
            question=before_answer.command,
            before=before_answer.stdout,
            control=control_answer.stdout,
            after=after_answer.stdout,
            verdict=_verdict(before_answer, after_answer),
            control_verdict=_verdict(before_answer, control_answer),
            same_request=control_answer.seal is not None and control_answer.seal.settings.get("temperature") == 0,
        )
        for before_answer, control_answer, after_answer in rows
    )


def _verdict(before: Execution, after: Execution) -> Verdict:
    if not (before.is_run and after.is_run):
        return "unanswered"
    if normalized_lines(before.stdout) == normalized_lines(after.stdout):
        return "kept"
    return "lost" if _is_answer(before) and not _is_answer(after) else "changed"


def _is_answer(execution: Execution) -> bool:
    """Return whether an answer is neither empty nor an error. An answer that was cut off is not an error."""
    return bool(execution.stdout.strip()) and execution.exit_code in (0, None)
