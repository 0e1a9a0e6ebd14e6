"""Answers to suites of functions: an answer is right if it has the value that the function returns.

The rule is that of CRUXEval: `assert OUTPUT == ANSWER` holds. An answer that predicts an output must not call the
function on that input; one that predicts an input must call it. Literals are compared here, by `ast.literal_eval`; no
code of others is ever evaluated on this machine. An answer that is not a literal has to be run in the sandbox.
"""

import ast
import re
import warnings
from collections.abc import Sequence
from hashlib import sha256
from typing import Literal, NamedTuple

MOST_CHARACTERS = 100_000
Judgement = Literal["right", "wrong", "unparsable", "run"]
"""The judgement of an answer; `run` means that it is an expression, so that only running it shows its value."""
Predicts = Literal["output", "input"]
_CALL = "f("
_ANSWER = re.compile(r"\[ANSWER\](?P<answer>.*?)(?:\[/ANSWER\]|\Z)", re.DOTALL)
_ASSERTED = re.compile(r"\s*assert\s.*?==(?P<answer>.*)", re.DOTALL)


def value_said(reply: str) -> str:
    """Return the answer in a reply: the text between the [ANSWER] marks, without `assert f(…) ==` before it."""
    reply = _marked(reply)
    if found := _ASSERTED.fullmatch(reply):
        reply = found["answer"]
    return reply.strip()


def call_said(reply: str) -> str:
    """Return the call in a reply: the text between `assert` and `==`."""
    return _marked(reply).split("==")[0].strip().removeprefix("assert ").strip()


def _marked(reply: str) -> str:
    found = _ANSWER.search(reply)
    return found["answer"] if found else reply


def predicted_by(answers: Sequence[str]) -> Predicts:
    """Return what the answers in a file predict: inputs if they are calls of the function, else outputs."""
    return "input" if 2 * sum(_CALL in answer for answer in answers) > len(answers) else "output"


def judge(output: str, answer: str, given: str) -> Judgement:
    """Judge whether `answer` has the same value as `output`; `given` is the text of the function's arguments."""
    if not answer or len(answer) > MOST_CHARACTERS:
        return "unparsable"
    if f"{_CALL}{given})" in answer:
        return "wrong"
    compared = _sides(output, answer)
    if compared is None:
        return "unparsable"
    try:
        ours, theirs = (ast.literal_eval(side) for side in compared)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return "run"
    try:
        return "right" if ours == theirs else "wrong"
    except RecursionError:
        return "run"


def judge_call(output: str, answer: str) -> Judgement:
    """Judge an answer that predicts an input. Without a call it is wrong; what a call returns, only
    running it shows.
    """
    if not answer or len(answer) > MOST_CHARACTERS or _sides(output, answer) is None:
        return "unparsable"
    return "run" if _CALL in answer else "wrong"


class CheckProgram(NamedTuple):
    """A program that has to be run to judge an answer."""

    text: str
    sign: str
    """The text that ends the program's output if the answer is right."""


def check_program(code: str, output: str, answer: str) -> CheckProgram:
    """Return the program that judges an answer by running it: the function's code and the assertion."""
    asserted = f"{code}\nassert {output} == {answer}"
    sign = sha256(asserted.encode(errors="replace")).hexdigest()  # which no answer can hold itself
    return CheckProgram(f"{_QUIET}exec({asserted!r}, {{}})\nout.write({sign!r})\n", sign)


_QUIET = "import io, sys\nout, sys.stdout = sys.stdout, io.StringIO()\n"


def _sides(output: str, answer: str) -> tuple[ast.expr, ast.expr] | None:
    """Return both sides of `assert OUTPUT == ANSWER`; None if Python cannot parse it.

    An answer that contains several comparisons is represented by a name.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(f"assert {output} == {answer}")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    only = tree.body[0]
    unknown: ast.expr = ast.Name("more")
    if len(tree.body) > 1 or not isinstance(only, ast.Assert):
        return unknown, unknown
    test = only.test
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        return test.left, test.comparators[0]
    return unknown, unknown
