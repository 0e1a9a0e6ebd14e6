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
NAME_LOOKUPS = frozenset({"eval", "exec", "locals", "globals", "vars", "dir", "inspect"})
"""Functions and a module that can look up variables by name at run time, so that the result may depend on a
variable's name.
"""


def semantics_preserving_edits(source: str) -> dict[str, str]:
    """Return the unedited program (`as it is`) and its edited versions, by the name of the edit.

    Edits that change nothing, or that change what is executed, are left out. Raises SyntaxError if the program cannot
    be parsed.
    """
    tree = _parse(source)
    edits = {"variables renamed": _rename_all(source, tree)}
    if print_line := watched_line(source):
        end = next(site.end_lineno or print_line for site in _print_statements(tree) if site.lineno == print_line)
        edits = {
            "no blank line": _change_blank_lines(source, end, None),
            "more blank lines": _change_blank_lines(source, end, 3),
            **edits,
        }
    if comment := _once_comment(source):
        contradiction = ONCE.sub(NOT_ONCE, comment.string)
        removed, contradicted = (_replace_comment(source, comment, text) for text in ("", contradiction))
        edits = {"comment removed": removed, "comment contradicted": contradicted, **edits}
    valid_edits = {name: text for name, text in edits.items() if text != source and is_same_when_run(source, text)}
    return {AS_IT_IS: source, **valid_edits}


def watched_line(source: str) -> int | None:
    """Return the line number of the watched print: the first print after the comment that says “once”.

    If there is no such comment, it is the first print of the program. None for a program without a print. Raises
    SyntaxError if the program cannot be parsed.
    """
    comment = _once_comment(source)
    lines = [statement.lineno for statement in _print_statements(_parse(source))]
    lines_below = [line for line in lines if comment and line >= comment.start[0]]
    return next(iter([*lines_below, *lines]), None)


def is_same_when_run(old_source: str, new_source: str) -> bool:
    """Return whether two programs are the same except for comments, blanks and the names of variables.

    A name that also has another use, such as in an import, does not count as a variable. False if one of the programs
    cannot be parsed.
    """
    pairs: set[tuple[str, str]] = set()
    try:
        trees = _parse(old_source), _parse(new_source)
        if not _is_same_tree(*trees, pairs):
            return False
    except (SyntaxError, RecursionError):
        return False
    is_one_to_one = len(pairs) == len({old_name for old_name, _ in pairs}) == len({new_name for _, new_name in pairs})
    old_variables, new_variables = map(_renamable_variables, trees)
    return is_one_to_one and all(
        old_name == new_name or (old_name in old_variables and new_name in new_variables)
        for old_name, new_name in pairs
    )


def _is_same_tree(old: object, new: object, pairs: set[tuple[str, str]]) -> bool:
    """Return whether two syntax trees are equal except for names.

    The pairs of corresponding names are added to `pairs`.
    """
    if type(old) is not type(new):
        return False
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(
            _is_same_tree(old_part, new_part, pairs) for old_part, new_part in zip(old, new, strict=True)
        )
    if not isinstance(old, ast.AST):
        return repr(old) == repr(new)  # 0.0 and -0.0 are equal, and so are 1 and True, but they are not the same
    for field in old._fields:
        old_value, new_value = getattr(old, field, None), getattr(new, field, None)
        if (type(old), field) in ((ast.Name, "id"), (ast.arg, "arg")):
            pairs.add((str(old_value), str(new_value)))
        elif not _is_same_tree(old_value, new_value, pairs):
            return False
    return True


def _renamable_variables(tree: ast.AST) -> set[str]:
    """Return the names that can be renamed everywhere without changing what the program does."""
    nodes = list(ast.walk(tree))
    used_names = {node.id for node in nodes if isinstance(node, ast.Name)}
    imported = {alias.name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
    if NAME_LOOKUPS & (used_names | imported):
        return set()
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    stored |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    fixed = {name for node in nodes for name in _fixed_names(node)}
    return {name for name in stored - fixed if not name.startswith("__") and not hasattr(builtins, name)}


def _fixed_names(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node uses for something other than a variable, such as a function or a module."""
    match node:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            for alias in names:
                yield (alias.asname or alias.name).split(".")[0]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.ClassDef(name=name, body=body):
            yield name
            yield from _class_attributes(body)
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
        case ast.keyword(arg=str(name)) | ast.ExceptHandler(name=str(name)):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name


def _class_attributes(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the names that are assigned in a class body itself, not in its methods."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            pending += ast.iter_child_nodes(node)


def _rename_all(source: str, tree: ast.Module) -> str:
    """Give the variables meaningless names, except where a new name would change what the program does."""
    variables = _renamable_variables(tree)
    in_order = dict.fromkeys(name for name, _line, _column in _name_positions(tree) if name in variables)
    free = (f"v{number}" for number in range(1, 10**6) if f"v{number}" not in source)
    for name in in_order:
        if name in ("self", "cls", "_"):
            continue
        renamed = _rename(source, name, next(free))
        if is_same_when_run(source, renamed):
            source = renamed
    return source


def _rename(source: str, name: str, new_name: str) -> str:
    lines = [line.encode() for line in source.split("\n")]
    positions = {(line, column) for used_name, line, column in _name_positions(_parse(source)) if used_name == name}
    for line, column in sorted(positions, reverse=True):
        text, end = lines[line - 1], column + len(name.encode())
        if text[column:end] == name.encode():
            lines[line - 1] = text[:column] + new_name.encode() + text[end:]
    return b"\n".join(lines).decode()


def _name_positions(tree: ast.AST) -> list[tuple[str, int, int]]:
    """Return the positions of all names, in the order of the program text.

    A position is the name, the line from 1, and the column in bytes.
    """
    positions = [(node.id, node.lineno, node.col_offset) for node in ast.walk(tree) if isinstance(node, ast.Name)]
    positions += [(node.arg, node.lineno, node.col_offset) for node in ast.walk(tree) if isinstance(node, ast.arg)]
    return sorted(positions, key=lambda position: position[1:])


def _print_statements(tree: ast.AST) -> list[ast.Expr]:
    statements = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "print"
    ]
    return sorted(statements, key=lambda node: node.lineno)


def _once_comment(source: str) -> tokenize.TokenInfo | None:
    """Return the first comment that says “once”."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except tokenize.TokenError as error:
        raise SyntaxError(str(error.args[0])) from error
    return next((token for token in tokens if token.type == tokenize.COMMENT and ONCE.search(token.string)), None)


def _replace_comment(source: str, comment: tokenize.TokenInfo, text: str) -> str:
    """Replace a comment by `text`. If the line is empty afterwards, remove it."""
    lines = source.split("\n")
    row, column = comment.start
    code = lines[row - 1][:column]
    line = (code + text).rstrip()
    return "\n".join([*lines[: row - 1], *([line] if line else []), *lines[row:]])


def _change_blank_lines(source: str, line: int, added: int | None) -> str:
    """Add blank lines below `line`. If `added` is None, remove the blank lines there."""
    lines = source.split("\n")
    lines_below = lines[line:]
    if added is not None:
        return "\n".join([*lines[:line], *[""] * added, *lines_below])
    while lines_below and not lines_below[0].strip():
        lines_below = lines_below[1:]
    return "\n".join([*lines[:line], *lines_below])


def _parse(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes; absurd nesting
        raise SyntaxError(str(error) or "nested too deeply") from error
