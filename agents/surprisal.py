"""Measures the surprisal of a text for a model. The surprisal of a line is the sum of −log p over its tokens, in
nats.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from gedanken.agents.messages import Message
from gedanken.agents.model import Model
from gedanken.experiment.execution import OnOutput
from gedanken.experiment.surprisal import Lines, LineSurprisal, NotAvailable, ProgramSurprisal, Surprisal

if TYPE_CHECKING:
    from openai import AsyncOpenAI

ROLE = "surprise"
MAX_LINES = 40
MAX_CHARACTERS = 6_000
UNCLEANED_NOTE = "the imagined output is the whole reply, including text that was removed before the comparison"


class Token(NamedTuple):
    """A piece of a text as the model's tokenizer splits it."""

    text: bytes
    log_p: float
    """Natural logarithm of the token's probability."""


@dataclass(frozen=True, slots=True)
class Question:
    """A program that was both really run and imagined, and the messages that the model was sent when it imagined
    the run.
    """

    program: str
    line: int
    """Index of the script line that runs the program."""
    messages: tuple[Message, ...]
    real: str
    """The terminal output of the real run with seed 0."""
    imagined: str
    """The model's reply in sample 0, without any changes."""
    cleaned: bool = False
    """True if something was removed from the reply before the comparison."""


async def surprisals(model: Model, questions: Sequence[Question], on_text: OnOutput) -> Surprisal:
    """Return the surprisal of each question's real and imagined output, or the reason why it is not available.

    The requests contain real output, so they are sent after the last sample (rule 2 in docs/design.md).
    """
    unavailable_reason = f"{model.name} returns no log-probabilities of a given text"
    answers: list[ProgramSurprisal] = []
    is_available = model.scores == "grammar"
    for question in questions:
        line_surprisals: list[Lines | None] = []
        for text in (question.real, question.imagined):
            on_text(f"{question.program}, surprisal of {'the imagined' if line_surprisals else 'the real'} output\n")
            score = partial(surprisal, model, question.messages, scored_part(text))
            line_surprisals.append(await model.scored(question.messages, scored_part(text), score))
            if scored_part(text) and not is_available and line_surprisals[-1] is None:
                return NotAvailable(unavailable_reason)
            is_available = is_available or line_surprisals[-1] is not None
        notes = _notes({"real": question.real, "imagined": question.imagined}, line_surprisals)
        if question.cleaned:
            notes += (UNCLEANED_NOTE,)
        answers.append(
            ProgramSurprisal(question.program, question.line, line_surprisals[0], line_surprisals[1], notes)
        )
    return tuple(answers)


async def surprisal(model: Model, messages: Sequence[Message], text: str) -> Lines | None:
    """Return the surprisal of each line of `text` as a reply to `messages`, in nats.

    The probabilities are those at temperature 1. Returns None if `text` is empty or cannot be scored. Raises NoModel
    if the embedded model's server has stopped.
    """
    from langchain_core.runnables import RunnableLambda

    if model.scores is None or not text:
        return None
    score_tokens = _score_by_grammar if model.scores == "grammar" else _score_by_echo

    async def ask(request: "_ScoreRequest") -> Lines | None:
        from openai import OpenAIError

        try:
            tokens = await score_tokens(model, request)
        except (OpenAIError, LookupError, TypeError, ValueError, AttributeError):  # whatever servers may answer
            if model.prepare:
                await model.prepare(request["messages"], False)  # this raises NoModel if the server is gone
            return None
        return by_line(tokens)

    return await RunnableLambda(ask, name=ROLE).ainvoke({"messages": list(messages), "text": text})


def by_line(tokens: Sequence[Token]) -> Lines:
    """Add up the surprisals of tokens by line. A token that spans several lines counts for the line in which it
    begins.
    """
    lines = b"".join(token.text for token in tokens).decode().split("\n")
    nats, counts = [0.0] * len(lines), [0] * len(lines)
    line_index = 0
    for token in tokens:
        nats[line_index] -= token.log_p
        counts[line_index] += 1
        line_index += token.text.count(b"\n")
    return tuple(
        LineSurprisal(number, line, round(nats[number - 1], 4), counts[number - 1])
        for number, line in enumerate(lines, start=1)
    )


def scored_part(text: str) -> str:
    """Return the part of an output that is scored: its first lines, at most `MAX_LINES` and `MAX_CHARACTERS`,
    without trailing blank lines.
    """
    # Models omit trailing blank lines.
    return "\n".join(text.rstrip().split("\n")[:MAX_LINES])[:MAX_CHARACTERS].rstrip()


class _ScoreRequest(TypedDict):
    messages: list[Message]
    text: str


async def _score_by_grammar(model: Model, request: _ScoreRequest) -> list[Token]:
    """Force the model to write the text, with a grammar that allows nothing else. Return the tokens of the text
    with their log-probabilities.
    """
    client, name = _client(model)
    tokenized: Any = await client.post(
        "../tokenize", body={"content": request["text"], "parse_special": False}, cast_to=object
    )
    token_ids = [int(number) for number in tokenized["tokens"]]
    if model.prepare:
        await model.prepare(request["messages"], True)
    completion = await client.chat.completions.create(
        model=name,
        messages=_openai_messages(request["messages"]),
        max_tokens=len(token_ids) + 1,
        temperature=0,
        logprobs=True,
        top_logprobs=1,
        # By ids: with characters, the model could spell the text in short tokens that it never chooses itself.
        extra_body={"grammar": "root ::= " + " ".join(f"<[{number}]>" for number in token_ids)},
    )
    log_probabilities: Any = completion.choices[0].logprobs
    tokens = [
        Token(bytes(token.bytes), float(token.logprob)) for token in log_probabilities.content[: len(token_ids)]
    ]
    return _check_text(request["text"], tokens)


async def _score_by_echo(model: Model, request: _ScoreRequest) -> list[Token]:
    """Send the text as the end of a prompt, in vLLM's protocol. Return the tokens of the text with their
    log-probabilities.
    """
    client, name = _client(model)
    completion = await client.chat.completions.create(
        model=name,
        messages=_openai_messages([*model.sends(request["messages"]), Message("assistant", request["text"])]),
        max_tokens=1,
        extra_body={"prompt_logprobs": 0, "add_generation_prompt": False, "continue_final_message": True},
    )
    prompt: Any = (completion.model_extra or {})["prompt_logprobs"]
    tokens: list[Token] = []
    remaining_bytes = len(request["text"].encode())
    for candidates in reversed(prompt):
        if remaining_bytes <= 0:
            break
        entry = next(iter(candidates.values()))
        tokens.insert(0, Token(str(entry["decoded_token"]).encode(), float(entry["logprob"])))
        remaining_bytes -= len(tokens[0].text)
    return _check_text(request["text"], tokens)


def _check_text(text: str, tokens: list[Token]) -> list[Token]:
    if b"".join(token.text for token in tokens) != text.encode():
        raise ValueError("the server returned tokens that belong to another text")
    return tokens


def _client(model: Model) -> "tuple[AsyncOpenAI, str]":
    from langchain_openai import ChatOpenAI

    if not isinstance(model.chat, ChatOpenAI):
        raise TypeError("the model is not served with the OpenAI protocol")
    return model.chat.root_async_client, model.chat.model_name


def _openai_messages(messages: Sequence[Message]) -> Any:
    return [{"role": message.role, "content": message.text} for message in messages]


def _notes(texts: dict[str, str], line_surprisals: Sequence[Lines | None]) -> tuple[str, ...]:
    notes = [
        f"of the {name} output, at most the first {MAX_LINES} lines and {MAX_CHARACTERS} characters are scored"
        for name, text in texts.items()
        if scored_part(text) != text.rstrip()
    ]
    for (name, text), lines in zip(texts.items(), line_surprisals, strict=True):
        if lines is None:
            notes.append(
                f"the {name} output is empty" if not text.strip() else f"not available for the {name} output"
            )
    return tuple(notes)
