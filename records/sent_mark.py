"""Marks a request as sent, so that a later process notices if its reply was never stored."""

from collections.abc import Callable
from dataclasses import dataclass

from gedanken.experiment.blocking import off_loop
from gedanken.records.ledger import Ledger

REPLY_LOST_NOTE = (
    "a process ended while it waited for a reply that is drawn at random, so the request was sent a second time; "
    "if there was a reply to the first request, nobody has seen it"
)


@dataclass(slots=True)
class SentMark:
    """The mark of one request in the ledger. Only a reply that is drawn at random (`is_drawn`) needs a mark."""

    ledger: Ledger
    key: str
    is_drawn: bool
    note: Callable[[str], None]
    """Receives notes for the log."""
    tries: int = 0
    was_marked: bool = False
    """True if an earlier process sent the request but stored no reply."""

    async def mark_before_try(self) -> None:
        """Mark the request before each try."""
        if not self.is_drawn:
            return
        self.tries += 1
        if self.tries == 1:
            self.was_marked = await off_loop(self.ledger.mark_sent, self.key)
            if self.was_marked:
                self.note(REPLY_LOST_NOTE)

    async def unmark_after_refusal(self) -> None:
        """Remove the mark after a try that failed before a reply was drawn."""
        if self.tries == 1:  # else a try before may have drawn a reply
            await off_loop(self.ledger.unmark_sent, self.key)
            self.tries = 0

    def unmark_given_up(self) -> None:
        """Remove the mark of a request that is given up, unless an earlier process may have received a reply."""
        if self.tries and not self.was_marked:
            self.ledger.unmark_sent(self.key)
