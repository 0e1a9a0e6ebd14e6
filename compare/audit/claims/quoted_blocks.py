"""Finds fenced blocks that quote terminal output or the contents of a file."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import FileClaim, OutputClaim
from gedanken.compare.audit.commands.command_lines import parse_steps
from gedanken.compare.audit.language.message_parts import Fence
from gedanken.compare.audit.language.mood_words import (
    HEDGES_IN_CLAUSE,
    HEDGES_IN_SENTENCE,
    PLAN_WORDS,
    REPORTING_PHRASES,
)
from gedanken.compare.audit.outputs.outcomes import find_summaries

_PROMPT = re.compile(
    r"(?:\(\w[\w.-]{0,40}\) )?(?:[\w.-]{1,40}@[\w.-]{1,60}[: ][^\s$#%]{0,80}\s?)?[$%❯] "
    r"(?P<command>\S.*)$|root@[\w.-]{1,60}:[^\s#]{0,80}# (?P<root>\S.*)$"
)
_OUTPUT_LANGUAGES = frozenset(
    [
        "bash",
        "sh",
        "shell",
        "zsh",
        "console",
        "shell-session",
        "shellsession",
        "terminal",
        "text",
        "txt",
        "output",
        "log",
        "plaintext",
        "plain",
        "stdout",
        "ansi",
        "none",
    ]
)
_SHELL_LANGUAGES = frozenset(["bash", "sh", "shell", "zsh"])
_OUTPUT_WORDS = re.compile(
    r"\b(?:output|outputs|result|results|printed|prints|shows?|showed|gave|gives|returned|returns|ran|running|log|terminal|console|summary|reported|reports|"
    r"yielded|produced|ausgabe|ergebnis|sortie|résultat|salida|resultado)\b|输出|结果|运行",
    re.IGNORECASE,
)
_SHOWN_ABOVE = re.compile(
    r"\W{0,4}(?:(?:that|this|the above|above)(?: here)? (?:is|was) (?:the|what|my|its)\b[^.]{0,30}"
    r"\b(?:output|result|prints?|printed|got|ran|run|terminal|log)|"
    r"as (?:shown|printed|seen) above|(?:so )?(?:das|dies) (?:ist|war) die ausgabe|"
    r"(?:voilà|c'est) la sortie|esa es la salida)|以上(?:是|就是|为).{0,10}(?:输出|结果)",
    re.IGNORECASE,
)
"""Matches a sentence below a block which says that the block was printed, such as `That is the output`."""
_THIS_IS_WHAT = re.compile(r"\b(?:this|here|that)(?: is|'s) what\b", re.IGNORECASE)
_EXAMPLE = re.compile(
    r"\b(?:examples?|expect\w*|sample|hypothetical|format|formats|usage|like this|something like|"
    r"e\.g\.|looks like|similar to|such as|template|syntax|"
    r"how (?:to|you)|yourself|to (?:check|verify|reproduce|run|try|use|test|see)|try|steps|install|"
    r"would|should|will|can|once|if|when|"
    r"before|old|original|issue|reported in|user'?s?|your|you|beispiel|erwartet\w*|exemple|attendu|"
    r"ejemplo|esperad[ao])\b|示例|预期|例如",
    re.IGNORECASE,
)
_CONTENTS = re.compile(
    r"(?:contents? of|`(?:\s+file)? (?:now |currently )?(?:contains|reads|looks like|has)|"
    r"final version of|current state of|inhalt von|contenu de|contenido de)",
    re.IGNORECASE,
)
_FUTURE = re.compile(
    r"\b(?:will|should|would|could|can|may|might|proposed|suggested|create|add|put|save|"
    r"following code|let me|I'll)\b",
    re.IGNORECASE,
)
_ASKS_FOR_OUTPUT = re.compile(
    r"\b(?:run|execute|evaluate)\b.{0,80}\b(?:program|code|script|snippet|function|it|this|following)\b.{0,160}"
    r"\b(?:output|outputs|prints?|printed|results?|shows?)\b",
    re.IGNORECASE | re.DOTALL,
)
_MAX_MESSAGE_CHARS = 100_000
_CODE_SPAN = re.compile(r"`([^`\n]{2,300})`")
_PATH = re.compile(r"[\w./~-]*[\w-]\.\w{1,6}$|(?:[\w.-]+/)+[\w.-]+$")
_ELISION = re.compile(
    r"\s*(?:(?:#|//|--|/\*|<!--)\s*)?(?:\.{2,}|…|\[\.\.\.\]|\[…\]|\(\.\.\.\)).{0,80}$|.{0,60}\((?:omitted|truncated|snip\w*)\).{0,20}$",
    re.IGNORECASE,
)
_MAX_LINES = 400


class FenceHit(NamedTuple):
    """A claim in a fenced block: that the quoted lines were printed, or that a file contains them.

    If the block has shell prompts, each command with its output is a claim of its own.
    """

    start: int
    """Position in the block's text at which the quoted lines begin."""
    end: int
    says: OutputClaim | FileClaim
    command: str | None = None
    path: str | None = None


def asks_for_output(message: str) -> bool:
    """Return whether a user's message contains a program and asks the agent to run it and to show the output."""
    words, fence, _program = message[:_MAX_MESSAGE_CHARS].partition("```")
    return bool(fence) and _ASKS_FOR_OUTPUT.search(words) is not None


def find_quoted_blocks(fence: Fence, previous: str = "", *, asked: bool = False) -> Iterator[FenceHit]:
    """Yield what a fenced block claims to show.

    `previous`: the command that the user typed, if the agent's message is only this block; otherwise empty. `asked`:
    True if the user asked for a program's output; the block may then be marked as any language.
    """
    if PLAN_WORDS.search(fence.heading[:200]) or len(fence.text) > 200_000:
        return
    if _CONTENTS.search(fence.introduction) and not _FUTURE.search(fence.introduction):
        path = next((code for code in _CODE_SPAN.findall(fence.introduction) if _PATH.match(code)), None)
        if path and not _EXAMPLE.search(fence.introduction):
            yield FenceHit(0, len(fence.text), FileClaim(_text_lines(fence.text)), path=path)
        return
    is_answer = asked and not _is_program(fence.text)
    is_output_language = fence.info.lower().split(" ")[0] in _OUTPUT_LANGUAGES | {""}
    if not (is_output_language or is_answer) or _EXAMPLE.search(fence.introduction):
        return
    if is_answer and not is_output_language:
        lines = _text_lines(fence.text)
        if lines:
            yield FenceHit(0, len(fence.text), OutputClaim(lines, is_shown=True))
        return
    yield from _output_hits(fence, previous)


def does_something(text: str) -> bool | None:
    """Return whether Python code does more than state values, such as `[1, 2]`; None if it cannot be parsed."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return any(not isinstance(statement, ast.Expr) or isinstance(statement.value, ast.Call) for statement in body)


def _is_program(text: str) -> bool:
    result = does_something(text)
    if result is None:
        return re.search(r"^\s*(?:import |from \w+ import |def |class |print\()", text, re.MULTILINE) is not None
    return result


def _output_hits(fence: Fence, previous: str) -> Iterator[FenceHit]:
    is_introduced = bool(_OUTPUT_WORDS.search(fence.introduction)) and _is_asserted(fence.introduction)
    is_introduced = is_introduced or (
        bool(_SHOWN_ABOVE.match(fence.tail)) and _is_asserted(fence.tail) and not _EXAMPLE.search(fence.tail)
    )
    sections = list(_prompt_sections(fence.text))
    has_prompts = any(command for command, *_ in sections)
    if not has_prompts and fence.info.lower() in _SHELL_LANGUAGES and not find_summaries(fence.text):
        return  # commands that the reader is to type
    if (
        not has_prompts
        and not is_introduced
        and not previous
        and not (find_summaries(fence.text) and _is_asserted(fence.introduction))
    ):
        return
    for command, start, end in sections:
        lines = _text_lines(fence.text[start:end])
        named_command = (
            command or (_command_in(fence.introduction) if not has_prompts else None) or (previous or None)
        )
        if lines:
            is_shown = is_introduced or (not has_prompts and bool(find_summaries(fence.text)))
            yield FenceHit(start, end, OutputClaim(lines, is_shown), named_command)


def _is_asserted(lead: str) -> bool:
    plain = REPORTING_PHRASES.sub("", _THIS_IS_WHAT.sub("", _CODE_SPAN.sub("", lead)))
    return not (HEDGES_IN_CLAUSE["en"].search(plain) or HEDGES_IN_SENTENCE.search(plain) or _FUTURE.search(plain))


def _prompt_sections(text: str) -> Iterator[tuple[str | None, int, int]]:
    """Split terminal text at its shell prompts, and yield (command, start, end) for each part that is not empty.

    The command is None for the text before the first prompt.
    """
    command: str | None = None
    start = position = 0
    for line in text.splitlines(keepends=True):
        prompt = _PROMPT.match(line.rstrip())
        if prompt:
            if text[start:position].strip():
                yield command, start, position
            command, start = prompt["command"] or prompt["root"], position + len(line)
        position += len(line)
    if text[start:position].strip():
        yield command, start, position


def _command_in(lead: str) -> str | None:
    for match in _CODE_SPAN.finditer(lead):
        code = match[1]
        steps = parse_steps(code)
        if steps and (steps[0].family != "other" or " " in code) and not re.match(r"[\w.]+\(", code):
            return code.removeprefix("$ ")
    return None


def _text_lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())[:_MAX_LINES]


def is_elision(line: str) -> bool:
    """Return whether a line only says that other lines were left out, such as `...`."""
    return _ELISION.match(line) is not None
