"""Finds the answer in a recorded reply: the value or the call that the model predicts."""

import ast
import re
from collections.abc import Iterable
from itertools import islice
from typing import Literal, NamedTuple

from gedanken.compare.answers.values import parse_expression
from gedanken.experiment.probe_design import SuiteItem

MIN_NAMED_SHARE = 0.05
"""If a file's name says what its answers predict, at least this share of the answers must agree with the name.

Otherwise the name is ignored. The share is small, because weak models rarely answer with a call, even if they are
asked for one.
"""
MAX_ASSERTIONS = 50
"""Maximum number of assertions that are read in one reply, so that a long reply does not take too much time."""
Predicts = Literal["output", "input"]
_ANSWER = re.compile(r"\[ANSWER\](?P<answer>.*?)(?:\[/?ANSWER\]|\Z)", re.DOTALL)
_END = "[/ANSWER]"
_ASSERT = re.compile(r"\s*assert\b\s*")
_LATER_ASSERT = re.compile(r"^[ \t]*assert\b[ \t]*", re.MULTILINE)
_TOKENS = re.compile(
    r"""(?P<quote>'{3}|"{3}|'|")(?:\\.|[^\\])*?(?:(?P<end>(?P=quote))|\\?\Z)|[()\[\]{}]|==""", re.DOTALL
)


class Assertion(NamedTuple):
    """The two sides of a predicted assertion `CALL == VALUE`."""

    call: str
    value: str


def predicted_value(reply: str, function: str = "f") -> str:
    """Return the predicted output in a reply: the text between [ANSWER] tags.

    If this text asserts `f(…) == VALUE`, return only VALUE.
    """
    text = _text_in_tags(reply)
    assertion = parse_assertion(text, function)
    return assertion.value if assertion else text.strip()


def predicted_execution_value(reply: str, function: str) -> str:
    """Return the answer in a reply to LiveCodeBench's task “code execution”.

    This is the result of `predicted_value`. If it is not an expression and the reply has no `[/ANSWER]`, only its
    first line counts.
    """
    value = predicted_value(reply, function)
    # LiveCodeBench's published figures were computed in the same way.
    return value if _END in reply or parse_expression(value) else value.partition("\n")[0].strip()


def is_whole_reply(answer: str) -> bool:
    """Return whether a text is a whole reply, with [ANSWER] tags or an `assert`, and not just the answer."""
    return bool(_LATER_ASSERT.search(answer)) or _text_in_tags(answer) != answer


def predicted_call(reply: str, function: str = "f") -> str:
    """Return the predicted call in a reply: the text between [ANSWER] tags.

    If this text asserts `CALL == VALUE`, return only CALL.
    """
    text = _text_in_tags(reply)
    assertion = parse_assertion(text, function)
    if assertion is None:
        text = _ASSERT.sub("", text, count=1) if _ASSERT.match(text) else text
        position = _find_equals(text)
        return text[:position].strip() if position is not None else text.strip()
    return assertion.call


def parse_assertion(answer: str, function: str = "f") -> Assertion | None:
    """Return the two sides of the assertion in an answer; None if the answer has no assertion about a call.

    At the beginning of the answer, the word `assert` may be missing if the left side calls `function`. An assertion
    on a later line must call `function`.
    """
    match = _ASSERT.match(answer)
    assertion = _split_assertion(answer[match.end() :] if match else answer)
    if assertion and (match or _is_call(assertion.call, function)):
        return assertion
    last = answer.rfind("==")
    for later_match in islice(_LATER_ASSERT.finditer(answer), MAX_ASSERTIONS):
        assertion = _split_assertion(answer[later_match.end() :]) if later_match.end() <= last else None
        if assertion and _is_call(assertion.call, function):
            return assertion
    return None


def prediction_kind(replies: Iterable[tuple[SuiteItem, str]], stated_kind: Predicts | None = None) -> Predicts:
    """Return whether the answers in a file predict inputs or outputs: each answer that is clearly one of them has a
    vote.

    `replies` contains each question with its reply. `stated_kind` is what the file's name says; it wins if at least
    `MIN_NAMED_SHARE` of the votes agree.
    """
    replies = tuple(replies)
    votes = [vote for item, reply in replies if (vote := _prediction_of(item, _text_in_tags(reply)))]
    if not votes:
        # No answer is clear: every reply votes.
        votes = ["input" if f"{item.name}(" in reply else "output" for item, reply in replies]
    if stated_kind is not None and votes.count(stated_kind) >= MIN_NAMED_SHARE * len(votes):
        return stated_kind
    return "input" if 2 * votes.count("input") > len(votes) else "output"


def _prediction_of(line: SuiteItem, answer: str) -> Predicts | None:
    if assertion := parse_assertion(answer, line.name):
        # An answer that predicts an output repeats only the call of the suite; one that predicts an input, only the
        # output.
        is_repeated = (
            _is_same_expression(assertion.call, line.call),
            _is_same_expression(assertion.value, line.output),
        )
        return None if is_repeated[0] == is_repeated[1] else "output" if is_repeated[0] else "input"
    if f"{line.name}(" not in answer:
        return "output" if parse_expression(answer) else None
    return "input" if parse_expression(answer) or answer.lstrip().startswith(f"{line.name}(") else None


def _is_same_expression(first: str, second: str) -> bool:
    trees = parse_expression(first), parse_expression(second)
    if trees[0] is None or trees[1] is None:
        return first.split() == second.split()
    try:
        return ast.dump(trees[0]) == ast.dump(trees[1])
    except (RecursionError, MemoryError):
        return False


def _text_in_tags(reply: str) -> str:
    if "ANSWER]" in reply and _quotes_tag(reply):
        return reply
    match = _ANSWER.search(reply)
    return match["answer"] if match else reply.partition(_END)[0]


def _quotes_tag(reply: str) -> bool:
    """Return whether a reply is a Python expression in which `[ANSWER]` is only part of a string, not a tag."""
    tree = parse_expression(reply)
    return tree is not None and not any(isinstance(node, ast.Name) and node.id == "ANSWER" for node in ast.walk(tree))


def _is_call(text: str, function: str) -> bool:
    return bool(re.fullmatch(rf"{re.escape(function)}\s*\(.*\)", text, re.DOTALL))


def _split_assertion(text: str) -> Assertion | None:
    position = _find_equals(text)
    return None if position is None else Assertion(text[:position].strip(), text[position + 2 :].strip())


def _find_equals(text: str) -> int | None:
    """Return the position of the first `==` outside quotes and brackets; None if there is none.

    If a quote or bracket is not closed, the first `==` anywhere counts.
    """
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
