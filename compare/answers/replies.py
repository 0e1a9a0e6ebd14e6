"""Finds the answer in a recorded reply: the value, or the call, that the model predicts."""

import ast
import re
from collections.abc import Iterable
from itertools import islice
from typing import Literal, NamedTuple

from gedanken.compare.answers.values import parsed
from gedanken.experiment.probe_design import SuiteItem

NAMED_SHARE = 0.05
"""The name of a file of replies, which says what they predict, is trusted only if at least this share of them agrees.
Poor models give few calls, even when asked for calls."""
MOST_ASSERTIONS = 50
"""Maximum number of assertions of one reply that are read, so that no reply takes long."""
Predicts = Literal["output", "input"]
_ANSWER = re.compile(r"\[ANSWER\](?P<answer>.*?)(?:\[/?ANSWER\]|\Z)", re.DOTALL)
_END = "[/ANSWER]"
_ASSERT = re.compile(r"\s*assert\b\s*")
_LATER_ASSERT = re.compile(r"^[ \t]*assert\b[ \t]*", re.MULTILINE)
_TOKENS = re.compile(
    r"""(?P<quote>'{3}|"{3}|'|")(?:\\.|[^\\])*?(?:(?P<end>(?P=quote))|\\?\Z)|[()\[\]{}]|==""", re.DOTALL
)


class Asserted(NamedTuple):
    """The two sides of a predicted assertion `CALL == VALUE`."""

    call: str
    value: str


def value_said(reply: str, function: str = "f") -> str:
    """Return the answer in a reply that predicts an output: the text between [ANSWER] tags or, if this
    text asserts `f(…) == VALUE`, only VALUE."""
    said = _marked(reply)
    found = asserted(said, function)
    return found.value if found else said.strip()


def value_executed(reply: str, function: str) -> str:
    """Return the answer in a reply to LiveCodeBench's task “code execution”: the text of `value_said`, or its first
    line."""
    said = value_said(reply, function)
    # LiveCodeBench's published figures were computed in the same way.
    return said if _END in reply or parsed(said) else said.partition("\n")[0].strip()


def is_whole_reply(answer: str) -> bool:
    """Return whether a text is a whole reply, with [ANSWER] tags or an `assert`, not only the answer."""
    return bool(_LATER_ASSERT.search(answer)) or _marked(answer) != answer


def call_said(reply: str, function: str = "f") -> str:
    """Return the answer in a reply that predicts an input: the text between [ANSWER] tags or, if this text
    asserts `CALL == VALUE`, only CALL."""
    said = _marked(reply)
    found = asserted(said, function)
    if found is None:
        said = _ASSERT.sub("", said, count=1) if _ASSERT.match(said) else said
        at = _equals_at(said)
        return said[:at].strip() if at is not None else said.strip()
    return found.call


def asserted(said: str, function: str = "f") -> Asserted | None:
    """Return the two sides of the assertion in an answer; None if there is no assertion about a call.

    At the beginning of the answer, `assert` may be missing if the call is one of `function`. An assertion on a later
    line must call `function`.
    """
    begins = _ASSERT.match(said)
    found = _sides(said[begins.end() :] if begins else said)
    if found and (begins or _is_call(found.call, function)):
        return found
    last = said.rfind("==")
    for later in islice(_LATER_ASSERT.finditer(said), MOST_ASSERTIONS):
        found = _sides(said[later.end() :]) if later.end() <= last else None
        if found and _is_call(found.call, function):
            return found
    return None


def predicted_by(replies: Iterable[tuple[SuiteItem, str]], named: Predicts | None = None) -> Predicts:
    """Return whether the answers in a file predict inputs or outputs, by a vote of the clear answers.

    `replies` contains each question with its reply. `named` is what the file's name says; it wins if at least
    NAMED_SHARE of the answers agree.
    """
    replies = tuple(replies)
    votes = [vote for line, reply in replies if (vote := _vote(line, _marked(reply)))]
    if not votes:
        # No answer is clear: every reply votes.
        votes = ["input" if f"{line.name}(" in reply else "output" for line, reply in replies]
    if named is not None and votes.count(named) >= NAMED_SHARE * len(votes):
        return named
    return "input" if 2 * votes.count("input") > len(votes) else "output"


def _vote(line: SuiteItem, said: str) -> Predicts | None:
    if found := asserted(said, line.name):
        # An answer that predicts an output repeats only the call of the suite; one that predicts an input, only the
        # output.
        repeats = _same(found.call, line.call), _same(found.value, line.output)
        return None if repeats[0] == repeats[1] else "output" if repeats[0] else "input"
    if f"{line.name}(" not in said:
        return "output" if parsed(said) else None
    return "input" if parsed(said) or said.lstrip().startswith(f"{line.name}(") else None


def _same(one: str, other: str) -> bool:
    """Return whether two expressions are the same, however they are quoted and spaced."""
    trees = parsed(one), parsed(other)
    if trees[0] is None or trees[1] is None:
        return one.split() == other.split()
    try:
        return ast.dump(trees[0]) == ast.dump(trees[1])
    except (RecursionError, MemoryError):
        return False


def _marked(reply: str) -> str:
    if "ANSWER]" in reply and _quotes_the_mark(reply):
        return reply
    found = _ANSWER.search(reply)
    return found["answer"] if found else reply.partition(_END)[0]


def _quotes_the_mark(reply: str) -> bool:
    """Return whether a reply is an expression that only quotes `[ANSWER]`, instead of marking the answer."""
    tree = parsed(reply)
    return tree is not None and not any(isinstance(one, ast.Name) and one.id == "ANSWER" for one in ast.walk(tree))


def _is_call(text: str, function: str) -> bool:
    return bool(re.fullmatch(rf"{re.escape(function)}\s*\(.*\)", text, re.DOTALL))


def _sides(text: str) -> Asserted | None:
    at = _equals_at(text)
    return None if at is None else Asserted(text[:at].strip(), text[at + 2 :].strip())


def _equals_at(text: str) -> int | None:
    """Return the position of the first `==` outside quotes and brackets. If a quote or bracket is not closed, return
    the position of the first `==` anywhere."""
    first = text.find("==")
    if first < 0:
        return None
    depth = 0
    for token in _TOKENS.finditer(text):
        if token["quote"] and not token["end"]:
            return first
        match token[0]:
            case "(" | "[" | "{":
                depth += 1
            case ")" | "]" | "}":
                depth -= 1
            case "==" if depth == 0:
                return token.start()
    return first if depth else None
