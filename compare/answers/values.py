"""Judges answers to a suite of functions by CRUXEval's rule: in Python, `assert OUTPUT == ANSWER` must hold."""

import ast
import json
import warnings
from collections.abc import Iterable
from hashlib import sha256
from typing import Literal, NamedTuple

from gedanken.compare.answers.imports import imports_for
from gedanken.experiment.probe_design import SuiteItem

MAX_CHARACTERS = 100_000
Judgement = Literal["right", "wrong", "unparsable", "left out", "run"]
"""The judgement of an answer.

`run`: only running the answer can show whether it is right. `left out`: in LiveCodeBench's format, the answer repeats
the call instead of giving its value.
"""
_TOO_MANY_DIGITS = "Exceeds the limit"
_PARSE_ERRORS = (SyntaxError, ValueError, MemoryError, RecursionError)


def check_answer(line: SuiteItem, answer: str) -> Judgement:
    """Judge the value that a model predicts for a call.

    An answer that repeats the call is `wrong`, or `left out` in LiveCodeBench's format.
    """
    if answer and line.call in answer:
        return "left out" if line.function else "wrong"
    return judge_value(line.output, answer)


def judge_value(output: str, answer: str) -> Judgement:
    """Judge whether the expression `answer` has the same value as the expression `output`."""
    if not answer or len(answer) > MAX_CHARACTERS:
        return "unparsable"
    sides = _parse_sides(output, answer)
    if sides is None:
        return "unparsable"
    try:
        expected, answered = (ast.literal_eval(side) for side in sides)
    # Code from outside is never evaluated on this machine: the answer has to be run in the sandbox.
    except (*_PARSE_ERRORS, TypeError):
        return "run"
    try:
        return "right" if expected == answered else "wrong"
    except RecursionError:
        return "run"


def judge_call(line: SuiteItem, answer: str) -> Judgement:
    """Judge a call that a model predicts for a given output.

    The answer is `run` if it calls the function, `unparsable` if Python cannot parse it, and otherwise `wrong`.
    """
    if not answer or len(answer) > MAX_CHARACTERS or _parse_sides(line.output, answer) is None:
        return "unparsable"
    return "run" if f"{line.name}(" in answer else "wrong"


def can_be_answered(line: SuiteItem) -> bool:
    """Return whether the output in a suite line is a Python expression. If it is not, no answer can be right."""
    return _parse_sides(line.output, "0") is not None


def parse_expression(text: str) -> ast.expr | None:
    """Return the syntax tree of a text that is a single expression; None if it is something else."""
    try:
        body = _parse_module(text.strip()).body
    except _PARSE_ERRORS:
        return None
    return body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None


class CheckProgram(NamedTuple):
    """A program that has to be run to judge an answer."""

    code: str
    """The function's code and the assertion."""
    token: str
    """The text that the program writes if the answer is right."""

    @property
    def text(self) -> str:
        """The source of a program that does nothing but this check."""
        return f"{_CHECK_PREAMBLE}exec({self.code!r}, {{}})\nout.write({self.token!r})\n"


def check_program(line: SuiteItem, answer: str) -> CheckProgram:
    """Return the program that checks an answer when it is run in the sandbox."""
    imports = imports_for(answer) if line.function else ""
    asserted = f"{imports}{line.code}\nassert {line.output} == {answer}"
    sign = sha256(asserted.encode(errors="replace")).hexdigest()  # which no answer can hold itself
    return CheckProgram(asserted, sign)


def combine_checks(programs: Iterable[CheckProgram]) -> str:
    """Return one program that runs many checks, each in its own forked process
    (`sandbox/hook/gedanken_checks.py`)."""
    return f"import gedanken_checks\ngedanken_checks.run({[tuple(program) for program in programs]!r})\n"


def parse_check_results(stdout: str) -> dict[str, bool]:
    """Read the output of a program from `combine_checks`; map the token of each check to whether the check passed."""
    passed: dict[str, bool] = {}
    for line in stdout.splitlines():
        try:
            sign, has_passed = json.loads(line)
        except (ValueError, TypeError):  # the program was stopped in the middle of a line
            continue
        passed[str(sign)] = has_passed is True
    return passed


_CHECK_PREAMBLE = """import io, sys
class Nowhere(io.StringIO):
    def write(self, text):
        return len(text)
out, sys.stdout = sys.stdout, Nowhere()
getattr(sys, "set_int_max_str_digits", str)(0)
"""
"""The beginning of a check program, which discards what the function prints and allows numbers of any length."""


def _parse_sides(output: str, answer: str) -> tuple[ast.expr, ast.expr] | None:
    """Return the two sides of `assert OUTPUT == ANSWER`; None if Python cannot parse this statement."""
    # A placeholder for sides that cannot be compared here (`1 == 1 == 1`, `1 == 1; f()`, a number with too many
    # digits), so that the answer has to be run.
    placeholder: ast.expr = ast.Name("more")
    try:
        tree = _parse_module(f"assert {output} == {answer}")
    except _PARSE_ERRORS as error:
        return (placeholder, placeholder) if _TOO_MANY_DIGITS in str(error) else None
    statement = tree.body[0]
    if len(tree.body) > 1 or not isinstance(statement, ast.Assert):
        return placeholder, placeholder
    test = statement.test
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        return test.left, test.comparators[0]
    return placeholder, placeholder


def _parse_module(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)
