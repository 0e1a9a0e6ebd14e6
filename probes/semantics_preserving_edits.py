"""Edits comments, blank lines and variable names of a program, without changing what is executed."""

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Iterator

AS_IT_IS = "as it is"
ONCE = re.compile(r"\b(?:only |just |exactly )?once\b", re.IGNORECASE)
NOT_ONCE = "every time"
LOOKS_AT_NAMES = frozenset({"eval", "exec", "locals", "globals", "vars", "dir", "inspect"})
"""Functions and a module that look up names at run time. They can make the result depend on a variable's name."""


def semantics_preserving_edits(source: str) -> dict[str, str]:
    """Return the unedited program (`as it is`) and its edited versions, by the name of the edit.

    Edits that change nothing, or that change what is executed, are left out. Raises SyntaxError if the program cannot
    be parsed.
    """
    tree = _parsed(source)
    edits = {"variables renamed": _rename_all(source, tree)}
    if at := watched_line(source):
        end = next(site.end_lineno or at for site in _prints(tree) if site.lineno == at)
        edits = {"no blank line": _blank(source, end, None), "more blank lines": _blank(source, end, 3), **edits}
    if comment := _comment(source):
        other = ONCE.sub(NOT_ONCE, comment.string)
        removed, contradicted = (_replace(source, comment, text) for text in ("", other))
        edits = {"comment removed": removed, "comment contradicted": contradicted, **edits}
    kept = {name: text for name, text in edits.items() if text != source and same_when_run(source, text)}
    return {AS_IT_IS: source, **kept}


def watched_line(source: str) -> int | None:
    """Return the line number of the watched print: the first print after the comment that says “once”.

    If there is none, it is the first print of the program. None for a program without a print. Raises SyntaxError if
    the program cannot be parsed.
    """
    comment = _comment(source)
    lines = [statement.lineno for statement in _prints(_parsed(source))]
    below = [line for line in lines if comment and line >= comment.start[0]]
    return next(iter([*below, *lines]), None)


def same_when_run(one: str, other: str) -> bool:
    """Return whether two programs are the same except for comments, blanks and the names of variables.

    A name with another use, such as in an import, is no variable. False if either program cannot be parsed.
    """
    pairs: set[tuple[str, str]] = set()
    try:
        trees = _parsed(one), _parsed(other)
        if not _match(*trees, pairs):
            return False
    except (SyntaxError, RecursionError):
        return False
    one_to_one = len(pairs) == len({ours for ours, _ in pairs}) == len({theirs for _, theirs in pairs})
    before, after = map(_variables, trees)
    return one_to_one and all(a == b or (a in before and b in after) for a, b in pairs)


def _match(one: object, other: object, pairs: set[tuple[str, str]]) -> bool:
    """Return whether two syntax trees are equal except for names; record in `pairs` which names correspond."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_match(a, b, pairs) for a, b in zip(one, other, strict=True))
    if not isinstance(one, ast.AST):
        return repr(one) == repr(other)  # 0.0 and -0.0, 1 and True are equal and not the same
    for field in one._fields:
        ours, theirs = getattr(one, field, None), getattr(other, field, None)
        if (type(one), field) in ((ast.Name, "id"), (ast.arg, "arg")):
            pairs.add((str(ours), str(theirs)))
        elif not _match(ours, theirs, pairs):
            return False
    return True


def _variables(tree: ast.AST) -> set[str]:
    """Return the names that can be renamed everywhere without changing what the program does."""
    nodes = list(ast.walk(tree))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    imported = {alias.name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
    if LOOKS_AT_NAMES & (used | imported):
        return set()
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    stored |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    fixed = {name for node in nodes for name in _fixed_by(node)}
    return {name for name in stored - fixed if not name.startswith("__") and not hasattr(builtins, name)}


def _fixed_by(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node uses for other things than variables, such as functions or modules."""
    match node:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            for alias in names:
                yield (alias.asname or alias.name).split(".")[0]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.ClassDef(name=name, body=body):
            yield name
            yield from _attributes(body)
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
        case ast.keyword(arg=str(name)) | ast.ExceptHandler(name=str(name)):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name


def _attributes(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the names that a class body itself assigns, without those assigned in its methods."""
    ahead: list[ast.AST] = list(body)
    while ahead:
        node = ahead.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            ahead += ast.iter_child_nodes(node)


def _rename_all(source: str, tree: ast.Module) -> str:
    """Give the variables meaningless names, except where a new name would change what the program does."""
    variables = _variables(tree)
    in_order = dict.fromkeys(name for name, _line, _column in _places(tree) if name in variables)
    free = (f"v{number}" for number in range(1, 10**6) if f"v{number}" not in source)
    for name in in_order:
        if name in ("self", "cls", "_"):
            continue
        renamed = _rename(source, name, next(free))
        if same_when_run(source, renamed):
            source = renamed
    return source


def _rename(source: str, name: str, new: str) -> str:
    lines = [line.encode() for line in source.split("\n")]
    places = {(line, column) for found, line, column in _places(_parsed(source)) if found == name}
    for line, column in sorted(places, reverse=True):
        text, end = lines[line - 1], column + len(name.encode())
        if text[column:end] == name.encode():
            lines[line - 1] = text[:column] + new.encode() + text[end:]
    return b"\n".join(lines).decode()


def _places(tree: ast.AST) -> list[tuple[str, int, int]]:
    """Return (name, line counted from 1, column in bytes) for every name, in the order of the program text."""
    found = [(node.id, node.lineno, node.col_offset) for node in ast.walk(tree) if isinstance(node, ast.Name)]
    found += [(node.arg, node.lineno, node.col_offset) for node in ast.walk(tree) if isinstance(node, ast.arg)]
    return sorted(found, key=lambda place: place[1:])


def _prints(tree: ast.AST) -> list[ast.Expr]:
    """Return the statements that are calls of `print`, in the order of the program text."""
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "print"
    ]
    return sorted(found, key=lambda node: node.lineno)


def _comment(source: str) -> tokenize.TokenInfo | None:
    """Return the first comment that says “once”."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except tokenize.TokenError as error:
        raise SyntaxError(str(error.args[0])) from error
    return next((token for token in tokens if token.type == tokenize.COMMENT and ONCE.search(token.string)), None)


def _replace(source: str, comment: tokenize.TokenInfo, text: str) -> str:
    """Return the program with `comment` replaced by `text`. If nothing is left in the comment's line, remove the
    line."""
    lines = source.split("\n")
    row, column = comment.start
    before = lines[row - 1][:column]
    line = (before + text).rstrip()
    return "\n".join([*lines[: row - 1], *([line] if line else []), *lines[row:]])


def _blank(source: str, line: int, more: int | None) -> str:
    """Return the program with `more` additional blank lines below `line`. If `more` is None, remove the blank lines
    below `line`."""
    lines = source.split("\n")
    below = lines[line:]
    if more is not None:
        return "\n".join([*lines[:line], *[""] * more, *below])
    while below and not below[0].strip():
        below = below[1:]
    return "\n".join([*lines[:line], *below])


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes; absurd nesting
        raise SyntaxError(str(error) or "nested too deeply") from error
