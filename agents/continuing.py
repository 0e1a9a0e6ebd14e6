"""Replies longer than the token limit: asked for piece by piece, and joined without a seam."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.model import Message, Model, Reply, Sampling, seal
from experiment.execution import OnOutput, Seal
from prompts import render

ROLE = "imagined machine"
SEED_STEP = 10_000
"""Added to the seed for each further piece: the same seed would draw the same random numbers again."""
ROUNDS = 4
"""How often something must stand at the end of a reply, over and over, for the reply to be going in circles."""
CIRCLE_CHARACTERS = 240
"""From this length on what goes in circles is told from a short list of equal lines."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A reply in full, or as far as the bound lets it go."""

    text: str
    cut: bool
    seconds: float
    seal: Seal
    pieces: int = 1
    circles: bool = False
    """Whether it was not continued because it repeats itself."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of how it came about."""
        return (f"joined from {self.pieces} pieces",) if self.pieces > 1 else ()

    def cut_note(self, tokens: int) -> str:
        """How and where it was cut."""
        why = "; it goes in circles and was not continued" if self.circles else ""
        return f"the reply was cut at {tokens * self.pieces} tokens{why}"


async def reply_in_full(
    model: Model,
    messages: Sequence[Message],
    sampling: Sampling,
    continuations: int,
    *,
    fresh: bool,
    on_text: OnOutput | None,
) -> Joined:
    """Ask for a reply, and have it continued at most so often while the token limit cuts it. Raises NoModel.

    The seal of a joined reply is over the messages of its first piece, the seeds of all, and the whole text.
    """
    messages = [Message(message.role, _sendable(message.text)) for message in messages]
    reply = await model.reply(messages, sampling, role=ROLE, fresh=fresh, on_text=on_text)
    text, seconds, seeds = reply.text, reply.seconds, [sampling.seed]
    while reply.cut and len(seeds) <= continuations and not in_circles(text):
        seeds.append(sampling.seed + SEED_STEP * len(seeds))
        heard = _Unsaid(text, on_text if model.prefills else None)
        reply = await _go_on(model, messages, text, replace(sampling, seed=seeds[-1]), heard)
        heard.end()
        more = _what_is_new(text, reply.text, model.prefills)
        if on_text and not model.prefills:
            on_text(more)
        text, seconds = text + more, seconds + reply.seconds
        if not more:
            break
    sealed = reply.seal
    if len(seeds) > 1:
        sealed = seal(messages, sealed.model, {**sealed.settings, "seed": sampling.seed, "seeds": seeds}, text)
    return Joined(text, reply.cut, round(seconds, 3), sealed, len(seeds), reply.cut and in_circles(text))


class _Unsaid:
    """Passes on a further piece as it comes, without what a server sends of `text` again."""

    def __init__(self, text: str, on_text: OnOutput | None) -> None:
        self._text, self._on_text = text, on_text
        self._held: str | None = ""

    def __call__(self, piece: str) -> None:
        if self._held is not None:
            self._held += piece
            if self._text.startswith(self._held):
                return
            piece, self._held = self._held.removeprefix(self._text), None
        if self._on_text:
            self._on_text(piece)

    def end(self) -> None:
        """Pass on what began like `text` and then was all there is."""
        if self._held and self._held != self._text and self._on_text:
            self._on_text(self._held)


async def _go_on(
    model: Model, messages: Sequence[Message], text: str, sampling: Sampling, on_text: OnOutput
) -> Reply:
    """Ask for what comes after `text`: the server takes up an open reply itself, or the model is asked to."""
    so_far = [*messages, Message("assistant", _sendable(text))]
    if not model.prefills:
        so_far.append(Message("user", render("terminal-go-on")))
    return await model.reply(so_far, sampling, role=ROLE, fresh=False, on_text=on_text)


def _sendable(text: str) -> str:
    """Text that was typed or replied before, without halves of surrogate pairs, which no request can hold."""
    return text.encode(errors="replace").decode()


def _what_is_new(text: str, more: str, prefills: bool) -> str:
    """The part of a further piece that was not said before.

    A server that takes up an open reply may send all of it again. A model that is asked to go on often begins its
    last line anew.
    """
    if more.startswith(text):
        return more[len(text) :]
    if prefills:
        return more
    last = text.rsplit("\n", 1)[-1]
    for length in range(min(len(text), len(more)), max(0, len(last) - 1), -1):
        if text.endswith(more[:length]):
            return more[length:]
    return more


def in_circles(text: str) -> bool:
    """Whether the second half of a text is one piece of it over and over, at least four times."""
    tail = text[len(text) // 2 :]
    if len(tail) < CIRCLE_CHARACTERS:
        return False
    # Of all rounds this short, the first at which half of it comes again is the only one to look at (Fine and Wilf).
    period = tail.find(tail[: len(tail) // 2], 1)
    return 0 < period <= len(tail) // ROUNDS and tail[period:] == tail[:-period]
