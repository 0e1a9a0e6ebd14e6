"""Requests a reply in several pieces, if it is longer than the token limit, and joins the pieces without overlap."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from gedanken.agents.messages import Message, sendable
from gedanken.agents.model import Model, Reply, Sampling, seal
from gedanken.agents.repetition import CIRCLE_CHARACTERS, CircleWatch, in_circles
from gedanken.agents.reply_cleaning import clean_beginning
from gedanken.agents.reply_end import NO_LIMIT_KEPT, STOPPED, ReplyEnd
from gedanken.experiment.execution import FormatViolation, OnOutput, Seal
from gedanken.prompts import render

ROLE = "imagined machine"
SEED_STEP = 10_000
"""Number added to the seed for each further piece. With the same seed, the server would draw the same random numbers
again.
"""


@dataclass(frozen=True, slots=True)
class Joined:
    """A reply, joined from its pieces: the whole reply, or only its beginning if the last piece was cut."""

    text: str
    end: ReplyEnd
    """Why the last piece ended."""
    seconds: float
    seal: Seal
    notes: tuple[str, ...]
    """Notes for the reader of the results: number of pieces, what was left out, how the reply was cut."""
    violations: tuple[FormatViolation, ...] = ()
    """Text that was removed from the beginning of further pieces."""

    @property
    def opened(self) -> bool:
        """True if an opening code fence was removed from a further piece, so that a closing fence may follow."""
        return any(violation.kind == "code fence" for violation in self.violations)


@dataclass(frozen=True, slots=True)
class _Piece:
    """One of the replies that are joined."""

    reply: Reply
    text: str
    """The text that this piece adds to the reply."""
    violations: tuple[FormatViolation, ...] = ()
    said_again: int = 0
    """Number of characters at the beginning of the piece that repeat text of earlier pieces."""

    def describe(self) -> dict[str, object]:
        """Return the piece's entry in the setting `pieces`; see `reply_in_full`."""
        kept = {"characters": len(self.text)}
        dropped = {} if self.text == self.reply.text else {"reply": self.reply.text}
        return {**asdict(self.reply.seal), **kept, **dropped}


async def reply_in_full(  # noqa: PLR0913 (what a reply is asked with)
    model: Model,
    messages: Sequence[Message],
    sampling: Sampling,
    continuations: int,
    *,
    fresh: bool,
    on_text: OnOutput | None,
) -> Joined:
    """Request a reply, and at most `continuations` further pieces while the token limit cuts it. Raises NoModel.

    No more pieces are requested if the text only repeats itself, or a piece adds nothing.

    A reply of several pieces has its own seal, of the first request's messages, the settings and the joined text. The
    setting `pieces` lists each piece's seal, the number of its characters that were used, and its whole text unless
    all of it was used.
    """
    reply = await model.reply(messages, sampling, role=ROLE, fresh=fresh, on_text=on_text, enough=CircleWatch())
    text, pieces = reply.text, [_Piece(reply, reply.text)]
    while pieces[-1].reply.end.goes_on and len(pieces) <= continuations and not in_circles(text):
        seeded = replace(sampling, seed=sampling.seed + SEED_STEP * len(pieces))
        pieces.append(await _further_piece(model, messages, text, seeded, on_text))
        text += pieces[-1].text
        if not pieces[-1].text:
            break
    return _join(model.sends(messages), text, pieces, sampling.max_tokens)


async def _further_piece(
    model: Model, messages: Sequence[Message], text: str, sampling: Sampling, on_text: OnOutput | None
) -> _Piece:
    """Request the continuation of `text`, sent as an unfinished answer or with a message that asks for the rest."""
    so_far = [*messages, Message("assistant", sendable(text))]
    if model.prefills:
        heard = _WithoutRepeats(text, on_text)
        watch = CircleWatch() if _is_unmistakable(text) else CircleWatch(text)  # the server may repeat all of it
        reply = await model.reply(so_far, sampling, role=ROLE, fresh=False, on_text=heard, enough=watch)
        heard.end()
        again = len(text) if _says_all_again(text, reply.text) else 0
        return _Piece(reply, reply.text[again:], said_again=again)
    go_on = Message("user", render("terminal-go-on"))
    reply = await model.reply([*so_far, go_on], sampling, role=ROLE, fresh=False)
    typed = "\n".join(message.text for message in messages if message.role == "user")
    piece = _without_what_was_said(text, reply, typed)
    if on_text:
        on_text(piece.text)
    return piece


def _join(messages: Sequence[Message], text: str, pieces: Sequence[_Piece], tokens: int) -> Joined:
    first, last = pieces[0].reply, pieces[-1].reply
    sealed, notes = first.seal, list(dict.fromkeys(note for piece in pieces for note in piece.reply.notes))
    if len(pieces) > 1:
        settings = {**sealed.settings, "pieces": [piece.describe() for piece in pieces]}
        sealed = seal(messages, sealed.model, settings, text)
        again = sum(piece.said_again for piece in pieces)
        left_out = "; 1 repeated character was" if again == 1 else f"; {again} repeated characters were"
        notes.append(f"joined from {len(pieces)} pieces{f'{left_out} left out' if again else ''}")
    if last.cut:
        notes.append(_how_cut(text, pieces, tokens))
    return Joined(
        text=text,
        end=last.end,
        seconds=round(sum(piece.reply.seconds for piece in pieces), 3),
        seal=sealed,
        notes=tuple(notes),
        violations=tuple(violation for piece in pieces for violation in piece.violations),
    )


def _how_cut(text: str, pieces: Sequence[_Piece], tokens: int) -> str:
    end = pieces[-1].reply.end
    if end.reason == STOPPED:
        return f"the reply was cut at {len(text)} characters: it goes in circles and was stopped"
    if end.reason == NO_LIMIT_KEPT:
        where = f"at {len(text)} characters: the server does not enforce the limit of {tokens} tokens"
    elif len(pieces) > 1:
        where = f"after {len(pieces)} pieces of at most {tokens} tokens each"
    else:
        where = f"at {tokens} tokens"
    why = "; it goes in circles and was not continued" if in_circles(text) else ""
    return f"the reply was cut {where}{why}"


class _WithoutRepeats:
    """Passes on a further piece as it streams in, without the earlier text that some servers send again."""

    def __init__(self, text: str, on_text: OnOutput | None) -> None:
        self._text, self._on_text = text, on_text
        self._held = ""
        self._holds = _is_unmistakable(text)

    def __call__(self, piece: str) -> None:
        self._held += piece
        if self._holds and self._text.startswith(self._held):
            return
        if self._holds and _says_all_again(self._text, self._held):
            self._held = self._held[len(self._text) :]
        self._holds = False
        self.end()

    def end(self) -> None:
        """Pass on the text that is still held back."""
        if self._on_text and self._held:
            self._on_text(self._held)
        self._held = ""


def _without_what_was_said(text: str, reply: Reply, typed: str) -> _Piece:
    """Remove remarks (`Sure, here is the rest:`), an opening fence and repeated text from the beginning of a further
    piece.
    """
    begun, more = clean_beginning(text, typed), clean_beginning(reply.text, typed)
    again = _said_again(begun.text, more.text)
    return _Piece(reply, more.text[again:], more.violations, again)


def _said_again(text: str, new: str) -> int:
    """Return how many characters at the beginning of `new` repeat the end of `text`, or all of `text`."""
    if _says_all_again(text, new):
        return len(text)
    *complete, unfinished = text.split("\n")
    said, anew = Counter(complete), Counter(new.split("\n"))
    again = begins = 0
    for line in new.split("\n") if unfinished else ():
        end = begins + len(unfinished)
        if new.startswith(unfinished, begins) and text.endswith(new[:end]):
            again = end
        # A complete line that occurs twice may be genuine output.
        if said[line] != 1 or anew[line] != 1:
            break
        begins += len(line) + 1
    return again


def _says_all_again(text: str, more: str) -> bool:
    """Return whether `more` begins with the whole of `text`, and continues after it."""
    # After a short or repetitive text, the piece may be genuine output.
    return len(more) > len(text) and more.startswith(text) and _is_unmistakable(text)


def _is_unmistakable(text: str) -> bool:
    return len(text) >= CIRCLE_CHARACTERS and (text + text).find(text, 1) == len(text)
