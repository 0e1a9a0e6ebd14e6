"""Requests a reply in several pieces if it is longer than the token limit, and joins the pieces without overlap."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from gedanken.agents.messages import Message, sendable
from gedanken.agents.model import Model, Reply, Sampling
from gedanken.agents.repetition import MIN_REPEATED_CHARACTERS, RepetitionWatch, is_repetitive
from gedanken.agents.reply_cleaning import clean_beginning
from gedanken.agents.reply_end import LIMIT_NOT_ENFORCED, STOPPED_BY_LISTENER, ReplyEnd
from gedanken.agents.seal import seal
from gedanken.experiment.execution import FormatViolation, OnOutput, Seal
from gedanken.prompts import render

ROLE = "imagined machine"
SEED_STEP = 10_000
"""Number added to the seed for each further piece.

With the same seed, the server would draw the same random numbers again.
"""


@dataclass(frozen=True, slots=True)
class JoinedReply:
    """A reply that was joined from its pieces. If the last piece was cut off, it is only the beginning of the
    reply.
    """

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
    def has_open_fence(self) -> bool:
        """True if an opening code fence was removed from a piece after the first. A closing fence may then follow."""
        return any(violation.kind == "code fence" for violation in self.violations)


@dataclass(frozen=True, slots=True)
class _Piece:
    reply: Reply
    text: str
    """The text that this piece adds to the reply."""
    violations: tuple[FormatViolation, ...] = ()
    repeated_characters: int = 0
    """Number of characters at the beginning of the piece that repeat text of earlier pieces."""

    def describe(self) -> dict[str, object]:
        length = {"characters": len(self.text)}
        full_reply = {} if self.text == self.reply.text else {"reply": self.reply.text}
        return {**asdict(self.reply.seal), **length, **full_reply}


async def reply_in_full(  # noqa: PLR0913 (what a reply is asked with)
    model: Model,
    messages: Sequence[Message],
    sampling: Sampling,
    continuations: int,
    *,
    fresh: bool,
    on_text: OnOutput | None,
) -> JoinedReply:
    """Request a reply. As long as it is cut off at the token limit, request a further piece, at most
    `continuations` times. Raises NoModel.

    No further piece is requested if the text only repeats itself, or if a piece adds nothing.

    A reply with several pieces has a seal of its own. It covers the messages of the first request, the settings and
    the joined text. The setting `pieces` lists the pieces: for each one, its seal, how many of its characters were
    used and, unless all were used, its whole text.
    """
    reply = await model.reply(messages, sampling, role=ROLE, fresh=fresh, on_text=on_text, enough=RepetitionWatch())
    text, pieces = reply.text, [_Piece(reply, reply.text)]
    while pieces[-1].reply.end.can_continue and len(pieces) <= continuations and not is_repetitive(text):
        piece_sampling = replace(sampling, seed=sampling.seed + SEED_STEP * len(pieces))
        pieces.append(await _further_piece(model, messages, text, piece_sampling, on_text))
        text += pieces[-1].text
        if not pieces[-1].text:
            break
    return _join_pieces(model.sends(messages), text, pieces, sampling.max_tokens)


async def _further_piece(
    model: Model, messages: Sequence[Message], text: str, sampling: Sampling, on_text: OnOutput | None
) -> _Piece:
    """Request the continuation of `text`.

    The text is sent either as an unfinished answer, or together with a message that asks for the rest.
    """
    conversation = [*messages, Message("assistant", sendable(text))]
    if model.prefills:
        repeat_filter = _RepeatFilter(text, on_text)
        watch = (
            RepetitionWatch() if _is_distinctive(text) else RepetitionWatch(text)
        )  # the server may repeat all of it
        reply = await model.reply(conversation, sampling, role=ROLE, fresh=False, on_text=repeat_filter, enough=watch)
        repeat_filter.end()
        repeated = len(text) if _repeats_all(text, reply.text) else 0
        return _Piece(reply, reply.text[repeated:], repeated_characters=repeated)
    request_for_rest = Message("user", render("terminal-go-on"))
    reply = await model.reply([*conversation, request_for_rest], sampling, role=ROLE, fresh=False)
    typed = "\n".join(message.text for message in messages if message.role == "user")
    piece = _without_repeated_text(text, reply, typed)
    if on_text:
        on_text(piece.text)
    return piece


def _join_pieces(messages: Sequence[Message], text: str, pieces: Sequence[_Piece], max_tokens: int) -> JoinedReply:
    first, last = pieces[0].reply, pieces[-1].reply
    reply_seal, notes = first.seal, list(dict.fromkeys(note for piece in pieces for note in piece.reply.notes))
    if len(pieces) > 1:
        settings = {**reply_seal.settings, "pieces": [piece.describe() for piece in pieces]}
        reply_seal = seal(messages, reply_seal.model, settings, text)
        repeated = sum(piece.repeated_characters for piece in pieces)
        repeat_note = "; 1 repeated character was" if repeated == 1 else f"; {repeated} repeated characters were"
        notes.append(f"joined from {len(pieces)} pieces{f'{repeat_note} left out' if repeated else ''}")
    if last.cut:
        notes.append(_describe_cut(text, pieces, max_tokens))
    return JoinedReply(
        text=text,
        end=last.end,
        seconds=round(sum(piece.reply.seconds for piece in pieces), 3),
        seal=reply_seal,
        notes=tuple(notes),
        violations=tuple(violation for piece in pieces for violation in piece.violations),
    )


def _describe_cut(text: str, pieces: Sequence[_Piece], max_tokens: int) -> str:
    end = pieces[-1].reply.end
    if end.reason == STOPPED_BY_LISTENER:
        return f"the reply was cut at {len(text)} characters: it goes in circles and was stopped"
    if end.reason == LIMIT_NOT_ENFORCED:
        position = f"at {len(text)} characters: the server does not enforce the limit of {max_tokens} tokens"
    elif len(pieces) > 1:
        position = f"after {len(pieces)} pieces of at most {max_tokens} tokens each"
    else:
        position = f"at {max_tokens} tokens"
    reason = "; it goes in circles and was not continued" if is_repetitive(text) else ""
    return f"the reply was cut {position}{reason}"


class _RepeatFilter:
    """Passes on a piece as it streams in, but leaves out earlier text that some servers send again."""

    def __init__(self, text: str, on_text: OnOutput | None) -> None:
        self._text, self._on_text = text, on_text
        self._pending = ""
        self._may_repeat = _is_distinctive(text)

    def __call__(self, piece: str) -> None:
        self._pending += piece
        if self._may_repeat and self._text.startswith(self._pending):
            return
        if self._may_repeat and _repeats_all(self._text, self._pending):
            self._pending = self._pending[len(self._text) :]
        self._may_repeat = False
        self.end()

    def end(self) -> None:
        if self._on_text and self._pending:
            self._on_text(self._pending)
        self._pending = ""


def _without_repeated_text(text: str, reply: Reply, typed_text: str) -> _Piece:
    """Remove everything from the beginning of a piece that does not continue `text`.

    This may be a remark (`Sure, here is the rest:`), an opening code fence, or repeated text.
    """
    cleaned_text, cleaned_piece = clean_beginning(text, typed_text), clean_beginning(reply.text, typed_text)
    repeated = _repeated_length(cleaned_text.text, cleaned_piece.text)
    return _Piece(reply, cleaned_piece.text[repeated:], cleaned_piece.violations, repeated)


def _repeated_length(text: str, piece: str) -> int:
    """Return how many characters at the beginning of `piece` repeat the end of `text`, or all of `text`."""
    if _repeats_all(text, piece):
        return len(text)
    *complete, unfinished = text.split("\n")
    line_counts, piece_line_counts = Counter(complete), Counter(piece.split("\n"))
    repeated = line_start = 0
    for line in piece.split("\n") if unfinished else ():
        end = line_start + len(unfinished)
        if piece.startswith(unfinished, line_start) and text.endswith(piece[:end]):
            repeated = end
        # A complete line that occurs twice may be genuine output.
        if line_counts[line] != 1 or piece_line_counts[line] != 1:
            break
        line_start += len(line) + 1
    return repeated


def _repeats_all(text: str, piece: str) -> bool:
    """Return whether `piece` begins with the whole of `text`, and continues after it."""
    # After a short or repetitive text, the piece may be genuine output.
    return len(piece) > len(text) and piece.startswith(text) and _is_distinctive(text)


def _is_distinctive(text: str) -> bool:
    return len(text) >= MIN_REPEATED_CHARACTERS and (text + text).find(text, 1) == len(text)
