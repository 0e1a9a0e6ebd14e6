"""Ordinary commands on a real and on an imagined machine: where a person at the terminal would see the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gedanken.compare.output.normalize import normalized_lines
from gedanken.compare.stats.intervals import Share, share_of
from gedanken.experiment.execution import Cause, Execution


@dataclass(frozen=True, slots=True)
class Answered:
    """One command of a sequence, as both machines answered it."""

    sequence: str
    kind: str
    real: Execution
    imagined: Execution

    @property
    def prints(self) -> bool:
        """Whether it really prints something. To agree on silence is easy."""
        return bool(normalized_lines(self.real.terminal))

    @property
    def cut(self) -> bool:
        """Whether the imagined reply was ended by the token limit."""
        return self.imagined.cause is Cause.CUT

    @property
    def agrees(self) -> bool:
        """Whether both show the same; a reply that was cut has not come to its end, and never does."""
        return (
            self.imagined.is_run
            and not self.cut
            and normalized_lines(self.real.terminal) == normalized_lines(self.imagined.stdout)
        )

    @property
    def agrees_as_it_came(self) -> bool:
        """Whether it agrees with nothing taken off the reply."""
        return self.agrees and not self.imagined.violations

    @property
    def status_agrees(self) -> bool:
        """Whether the real exit code is the one that was read off the imagined output."""
        return self.real.exit_code == self.imagined.exit_code


class Agreement(NamedTuple):
    """Shares of commands on which both machines agree, once what no terminal prints was taken off the reply."""

    printing: Share
    """Of those that really print something, the share that shows exactly that."""
    printing_as_it_came: Share
    """The same with nothing taken off."""
    silent: Share
    """Of those that really print nothing, the share that shows nothing."""
    silent_as_it_came: Share
    """The same with nothing taken off."""
    status: Share
    """Of all, the share with the same exit code."""


def agreement_of(answered: Iterable[Answered]) -> Agreement:
    """On how many of these commands both machines agree; what is no reply is left out."""
    answered = [answer for answer in answered if answer.imagined.is_run]
    printing = [answer for answer in answered if answer.prints]
    silent = [answer for answer in answered if not answer.prints]
    found = [[answer.agrees for answer in printing], [answer.agrees_as_it_came for answer in printing]]
    found += [[answer.agrees for answer in silent], [answer.agrees_as_it_came for answer in silent]]
    found.append([answer.status_agrees for answer in answered])
    return Agreement(*(share_of(sum(those), len(those)) for those in found))


def by_kind(answered: Sequence[Answered]) -> dict[str, Agreement]:
    """The agreement on each kind of command, in the order in which kinds first occur."""
    kinds = dict.fromkeys(answer.kind for answer in answered)
    return {kind: agreement_of(answer for answer in answered if answer.kind == kind) for kind in kinds}


def whole_sequences(answered: Sequence[Answered]) -> Share:
    """The share of sequences in which every command agrees, to the end; of those in which all were answered."""
    broken = {answer.sequence for answer in answered if not answer.agrees}
    every = {answer.sequence for answer in answered} - {
        answer.sequence for answer in answered if not answer.imagined.is_run
    }
    return share_of(len(every - broken), len(every))
