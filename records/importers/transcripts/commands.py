"""Finds out what a tool call does: its shell command, its edits, and its exit code."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

COMMAND_KEYS = ("command", "cmd", "keystrokes", "script", "bash_command", "commandline")
"""Argument names under which tools receive a shell command."""
_CODE_KEYS = ("code", "python", "source")
_PATH_KEYS = ("file_path", "path", "filename", "notebook_path", "target_file", "filepath", "file")
_SHELLS = ("bash", "sh", "zsh", "dash")
_EDITOR_TOOL_WORDS = ("str_replace", "edit", "editor", "patch")
"""In a tool whose name contains one of these words, a `command` such as `view` is an action of an editor, not a shell
command."""
_EDITOR_COMMANDS = ("create", "str_replace", "insert", "undo_edit", "view")
_PATCH = re.compile(r"\*\*\* Begin Patch\s*\n.*?(?:\*\*\* End Patch|\Z)", re.DOTALL)
_PATCH_FILE = re.compile(r"\*\*\* (Add|Update|Delete) File: (.+)")
_MOVE_PREFIX = "*** Move to: "
_EXIT_CODE_LINE = re.compile(
    r"\W{0,3}<(?:returncode|exit_code|exitcode)>\s*(-?\d{1,4})\s*</.*"
    r"|\W{0,3}(?:(?:the |your )?(?:command|process|program|shell)(?: has)? )?(?:finished|completed|failed|exited)"
    r"(?: with)?(?: exit)? (?:code|status)[: ]\s*(-?\d{1,4})\W{0,3}"
    r"|\W{0,3}(?:exit[ _]?(?:code|status)|return[ _]?code)\s*[:=]?\s*(-?\d{1,4})\W{0,3}",
    re.IGNORECASE,
)
"""Matches a line that states the exit code. The agent's software writes this line before or after an output."""
_MAX_OBJECT_LENGTH = 1 << 22
_EXIT_KEYS = ("exit_code", "exitCode", "returncode", "return_code", "exit_status", "exitcode")
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)|[@-Z\\-_])")
_CLEARED_NOTICE = re.compile(
    r"[\[<(]\s*(?:old tool result content cleared|redacted|removed|omitted|content (?:cleared|removed|omitted)|"
    r"(?:tool )?(?:output|result)s? (?:was |were )?(?:cleared|removed|omitted|redacted|elided)|truncated)"
    r"[^\n]{0,80}[\]>)]",
    re.IGNORECASE,
)
_CUT_NOTICE = re.compile(
    r"(?:^|\W)(?:\d[\d,]* )?(?:characters?|chars|lines?|tokens?|bytes)\s+"
    r"(?:truncated|omitted|elided|clipped|left out)\b"
    r"|<response clipped>|\[(?:\.\.\.\s*)?(?:output |stdout |stderr )?truncated\b|\.\.\.\s*\[?truncated\b"
    r"|\btruncated output\b|\boutput (?:was )?(?:too (?:long|large)|truncated)|\bobservation (?:was )?truncated"
    r"|…\s*\d[\d,]* (?:tokens|chars|lines)[^\n]{0,20}truncated",
    re.IGNORECASE,
)
_CUT_WORDS = ("truncated", "omitted", "elided", "clipped", "left out", "too long", "too large")
"""Every match of `_CUT_NOTICE` contains one of these words. Outputs are long, and looking for these words first is
faster.
"""


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one file: `old` was replaced by `new`.

    `old` is None if the whole file was written, or if text was inserted after line `at_line`.
    """

    path: str
    new: str
    old: str | None = None
    at_line: int | None = None
    deletes: bool = False


def arguments_of(arguments: Any) -> dict[str, Any]:
    """Return the arguments of a call as a dict. JSON text is parsed; any other value becomes the argument `input`."""
    if isinstance(arguments, str):
        with suppress(ValueError, RecursionError):
            arguments = json.loads(arguments, strict=False) if arguments.lstrip().startswith("{") else arguments
    if isinstance(arguments, dict):
        return arguments
    return {} if arguments is None else {"input": arguments}


def command_of(tool: str, arguments: Mapping[str, Any]) -> str | None:
    """Return the shell command that a call runs, if any. Python code becomes a `python3` command."""
    name = tool.lower()
    for key in COMMAND_KEYS:
        argument = arguments.get(key)
        if isinstance(argument, list) and argument and all(isinstance(part, str) for part in argument):
            return unwrap_shell(argument)
        if isinstance(argument, str) and argument.strip():
            if argument in _EDITOR_COMMANDS and any(word in name for word in _EDITOR_TOOL_WORDS):
                return None
            return argument.rstrip("\n") if key == "keystrokes" else argument
    if any(word in name for word in ("python", "ipython", "jupyter", "interpreter")):
        code = next((arguments[key] for key in (*_CODE_KEYS, "input") if isinstance(arguments.get(key), str)), None)
        return f"python3 - <<'EOF'\n{code}\nEOF" if code else None
    argument = arguments.get("input")
    if isinstance(argument, str) and any(word == name for word in ("bash", "shell", "terminal", "sh", "exec")):
        return argument
    return None


def unwrap_shell(argv: list[str]) -> str:
    """Return an argument vector as a person would type it. For `bash -lc COMMAND`, return only `COMMAND`."""
    if len(argv) == 3 and argv[0].rpartition("/")[2] in _SHELLS and re.fullmatch(r"-[a-z]*c[a-z]*", argv[1]):
        return argv[2]
    return argv[0] if len(argv) == 1 else shlex.join(argv)


def typed_command(command: str) -> str:
    """Return a command as the agent typed it, without the `bash -lc` that the agent's software adds."""
    if not re.match(r"(?:/\S*/)?(?:ba|z|da)?sh\s+-[a-z]*c\b", command):
        return command
    try:
        return unwrap_shell(shlex.split(command))
    except ValueError:
        return command


def path_of(arguments: Mapping[str, Any]) -> str | None:
    """Return the path of the file that a call reads or changes, if it names one."""
    return next((arguments[key] for key in _PATH_KEYS if isinstance(arguments.get(key), str)), None)


def edits_of(tool: str, arguments: Mapping[str, Any]) -> list[Edit]:
    """Return the changes of files that a call makes."""
    patch = next((text for text in _text_arguments(arguments) if "*** Begin Patch" in text), None)
    if patch is not None:
        return patch_edits(patch)
    path = path_of(arguments)
    if path is None:
        return []
    name = tool.lower()
    if any(
        isinstance(part, dict) and ("new_string" in part or "newText" in part)
        for part in _list_argument(arguments, "edits")
    ):
        return [
            Edit(path, str(part.get("new_string", part.get("newText", ""))), _old_text(part))
            for part in _list_argument(arguments, "edits")
            if isinstance(part, dict)
        ]
    editor = arguments.get("command")
    if editor == "view" or name in ("read", "view", "open", "read_file", "grep", "glob", "ls"):
        return []
    if isinstance(arguments.get("insert_line"), int):
        new = _first_text(arguments, ("new_str", "insert_text", "new_string", "text"))
        return [Edit(path, new or "", at_line=arguments["insert_line"])] if editor in (None, "insert") else []
    if editor in ("create", "write") or _old_text(arguments) is None:
        new = _first_text(arguments, ("file_text", "content", "contents", "new_source", "file_content", "text"))
        is_write = editor in ("create", "write") or any(
            word in name for word in ("write", "create", "save", "notebook")
        )
        return [Edit(path, new)] if new is not None and is_write else []
    new = _first_text(arguments, ("new_string", "new_str", "new_text", "replace", "newText"))
    return [Edit(path, new or "", _old_text(arguments))]


def patch_edits(patch: str) -> list[Edit]:
    """Return one change for each hunk, deleted file or moved file in a patch for `apply_patch`."""
    edits: list[Edit] = []
    verb, path = "", ""
    old: list[str] = []
    new: list[str] = []

    def finish_hunk() -> None:
        if verb == "Add" and path:
            edits.append(Edit(path, "".join(f"{line}\n" for line in new)))
        elif verb == "Update" and old != new:
            edits.append(Edit(path, "\n".join(new), "\n".join(old)))
        old.clear()
        new.clear()

    match = _PATCH.search(patch)
    for line in (match[0] if match else patch).splitlines()[1:]:
        if heading := _PATCH_FILE.match(line):
            finish_hunk()
            verb, path = heading[1], heading[2].strip()
            if verb == "Delete":
                edits.append(Edit(path, "", deletes=True))
        elif line.startswith(("@@", "*** ")):
            if line.startswith(_MOVE_PREFIX):
                edits.append(Edit(line.removeprefix(_MOVE_PREFIX).strip(), "", f"moved from {path}"))
            finish_hunk()
        else:
            if not line.startswith("+"):
                old.append(line[1:])
            if not line.startswith("-"):
                new.append(line[1:])
    finish_hunk()
    return edits


def exit_code_in(fields: Iterable[Any]) -> int | None:
    """Return the first exit code that an object in `fields` has under a usual key such as `returncode`.

    None if there is none.
    """
    for field in fields:
        if isinstance(field, dict):
            for key in _EXIT_KEYS:
                code = field.get(key)
                if isinstance(code, int) and not isinstance(code, bool):
                    return code
    return None


def unwrap_json_output(text: str) -> tuple[str, dict[str, Any] | None]:
    """If `text` is a JSON object with an output, return the output and the object. Otherwise return `text` and
    None."""
    stripped = text.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")) or len(stripped) > _MAX_OBJECT_LENGTH:
        return text, None
    with suppress(ValueError, RecursionError):
        fields = json.loads(stripped)
        has_exit_code = any(key in fields for key in _EXIT_KEYS)
        outputs = [fields[key] for key in ("stdout", "output", "stderr") if key in fields]
        are_texts = bool(outputs) and all(isinstance(part, str) for part in outputs)
        if are_texts and (has_exit_code or {"stdout", "stderr"} <= fields.keys()):
            return "\n".join(part.strip("\n") for part in outputs if part.strip()), fields
    return text, None


def exit_code_in_text(text: str) -> int | None:
    """Return the exit code in the first or last line of a result; None if there is none."""
    stripped = text.strip()
    for line in (stripped[:200].partition("\n")[0], stripped[-200:].rpartition("\n")[2]):
        if match := _EXIT_CODE_LINE.fullmatch(line.strip()):
            return int(next(code for code in match.groups() if code is not None))
    return None


def without_escape_codes(text: str) -> str:
    """Return an output without escape codes such as colours, and with each carriage return as a line break."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def was_cleared(text: str) -> bool:
    """Return whether the agent's software replaced the whole output by a notice."""
    text = text.strip()
    return len(text) < 160 and _CLEARED_NOTICE.fullmatch(text) is not None


def was_cut(text: str) -> bool:
    """Return whether the agent's software left a remark in an output that it shortened."""
    lowered = text.lower()
    return any(word in lowered for word in _CUT_WORDS) and _CUT_NOTICE.search(text) is not None


def _text_arguments(arguments: Mapping[str, Any]) -> Iterable[str]:
    for value in arguments.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (part for part in value if isinstance(part, str))


def _list_argument(arguments: Mapping[str, Any], key: str) -> list[Any]:
    value = arguments.get(key)
    return value if isinstance(value, list) else []


def _first_text(arguments: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    return next((arguments[key] for key in keys if isinstance(arguments.get(key), str)), None)


def _old_text(arguments: Mapping[str, Any]) -> str | None:
    return _first_text(arguments, ("old_string", "old_str", "old_text", "search", "oldText"))
