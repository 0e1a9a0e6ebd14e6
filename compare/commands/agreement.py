"""Measures how often a real and an imagined machine agree on ordinary commands, by what a person sees on the
screen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gedanken.compare.output.visible_lines import normalized_lines
from gedanken.compare.stats.proportions import Share, wilson_share
from gedanken.experiment.execution import Cause, Execution


@dataclass(frozen=True, slots=True)
class AnsweredCommand:
    """One command of a sequence, with both machines' answers."""

    sequence: str
    kind: str
    real: Execution
    imagined: Execution

    @property
    def prints(self) -> bool:
        """True if the real machine prints something. A command that prints nothing is easy to imagine."""
        return bool(normalized_lines(self.real.terminal))

    @property
    def is_cut(self) -> bool:
        """True if the imagined reply was cut off at the token limit."""
        return self.imagined.cause is Cause.CUT

    @property
    def agrees(self) -> bool:
        """True if both machines show the same output. Always False for a reply that was cut off, because it is
        incomplete.
        """
        return (
            self.imagined.is_run
            and not self.is_cut
            and normalized_lines(self.real.terminal) == normalized_lines(self.imagined.stdout)
        )

    @property
    def agrees_unmodified(self) -> bool:
        """True if both machines agree and nothing was removed from the model's reply."""
        return self.agrees and not self.imagined.violations

    @property
    def status_agrees(self) -> bool:
        """True if the exit code of the real command equals the one that was inferred from the imagined output."""
        return self.real.exit_code == self.imagined.exit_code


class Agreement(NamedTuple):
    """The shares of commands on which both machines agree. They are measured on replies without text that no
    terminal prints, such as explanations.
    """

    printing: Share
    """Share of exact matches among the commands that print something on the real machine."""
    printing_as_it_came: Share
    """Like `printing`, except that a reply does not count as a match if text was removed from it."""
    silent: Share
    """Share of empty answers among the commands that print nothing on the real machine."""
    silent_as_it_came: Share
    """Like `silent`, except that a reply does not count as empty if text was removed from it."""
    status: Share
    """Share of commands with the same exit code on both machines, among all commands."""


def agreement_of(answered: Iterable[AnsweredCommand]) -> Agreement:
    """Compute on which shares of these commands both machines agree. Commands without a usable reply are left out."""
    answered = [answer for answer in answered if answer.imagined.is_run]
    printing = [answer for answer in answered if answer.prints]
    silent = [answer for answer in answered if not answer.prints]
    matches = [[answer.agrees for answer in printing], [answer.agrees_unmodified for answer in printing]]
    matches += [[answer.agrees for answer in silent], [answer.agrees_unmodified for answer in silent]]
    matches.append([answer.status_agrees for answer in answered])
    return Agreement(*(wilson_share(sum(group), len(group)) for group in matches))


def by_kind(answered: Sequence[AnsweredCommand]) -> dict[str, Agreement]:
    """Compute the agreement for each kind of command, in the order in which kinds first occur."""
    kinds = dict.fromkeys(answer.kind for answer in answered)
    return {kind: agreement_of(answer for answer in answered if answer.kind == kind) for kind in kinds}


def sequence_share(answered: Sequence[AnsweredCommand]) -> Share:
    """Compute the share of sequences in which both machines agree on every command.

    Sequences in which a command has no usable reply are left out.
    """
    disagreeing = {answer.sequence for answer in answered if not answer.agrees}
    answered_sequences = {answer.sequence for answer in answered} - {
        answer.sequence for answer in answered if not answer.imagined.is_run
    }
    return wilson_share(len(answered_sequences - disagreeing), len(answered_sequences))
