"""Recognizes shell commands that change files.

A command may change files that it does not name, and it may move, overwrite or remove files.
"""

import re
from collections.abc import Iterator

from gedanken.compare.audit.commands.command_lines import Step, parse_steps, without_patches
from gedanken.compare.audit.commands.programs import word_set

_CHANGES_WORKING_TREE = re.compile(
    r"\bgit\s+(?:-\S+\s+(?:[^\s-]\S*\s+(?=[a-z-]+\b))?){0,4}(?:stash(?!\s+(?:list|show))|reset\s+--(?:hard|merge|keep)|revert|pull|merge(?!-)|rebase|cherry-pick|"
    r"apply(?!\s+--(?:check|stat|numstat|summary))|am\b|restore(?!\s+--staged\b)|switch\s+(?!-c)|clean\s+-\S*f|submodule\s+update|bisect|checkout\s+(?!-b)\S)|"
    r"\bpatch\s+-p|\bapply_patch\b|\bgh\s+pr\s+(?:checkout|merge)|\b(?:hg|jj|svn)\s+(?:update|up|revert|restore|merge|rebase|edit|undo|pull)\b"
)
_WRITING_CALLS = re.compile(
    r"\.write_(?:text|bytes)\(|\bopen\([^()\n]{1,200},\s*(?:mode\s*=\s*)?['\"][wax]|writeFile(?:Sync)?\(|appendFile(?:Sync)?\(|"
    r"File\.(?:write|open)\(|IO\.write\(|file_put_contents\(|\bshutil\.(?:copy\w*|move|rmtree)\(|"
    r"\bos\.(?:rename|replace|remove|unlink)\(|\.(?:unlink|rename|replace_text)\(\)?|fs\.(?:rename|unlink|rm|cp)\w*\("
)
"""Matches calls that write files, in code that is part of the command, as in `python -c "open('a', 'w')"`."""
_INSTALL_COMMAND = re.compile(
    r"^(?:sudo )?(?:(?:npm|yarn|pnpm|bun|pip3?|poetry|pdm|pipenv|conda|mamba|composer|bundler?|gem|cargo|go|"
    r"dotnet|hatch|rye|"
    r"uv(?: pip)?|python[\d.]* -m pip|apt(?:-get)?|brew)(?: -\S+)* "
    r"(?:install|i|add|remove|rm|uninstall|update|upgrade|up|ci|sync|lock|require|get|tidy|mod tidy)\b|yarn$)"
)
_GENERATE_COMMAND = re.compile(
    r"\b(?:generate|codegen|makemigrations)\b|(?:^|[\s/])(?:code)?gen(?:erate)?[\w-]*\.\w{2,3}\b"
)
_MANY_FILES = re.compile(r"\s-delete\b|(?:\s-exec(?:dir)?|\bxargs\b).*\b(?:sed|perl|rm|mv|cp|tee|truncate|patch)\b")
"""Matches the parts of a `find` or `xargs` command that change many files, such as `-delete` or `xargs rm`."""
_NO_SOURCE_FOLDER = re.compile(
    r"^(?:/tmp|/var/tmp|~?/?\.?(?:cache|venv)|\.)|(?:^|/)(?:build|dist|out|output|target|bin|obj|coverage|htmlcov|tmp|temp|logs?|docs?|"
    r"node_modules|venv|__pycache__|results?|checkpoints?|artifacts?|data|[\w-]*cache|[\w.-]*\.egg-info)(?:/|$)|\*"
)
"""Matches folders that contain no source files."""
_UNPACKERS = word_set("patch tar unzip rsync dd truncate ed ex install vim vi nvim emacs comby")
_FIX_OPTIONS = word_set("--fix --write --apply -A -a --autocorrect --autocorrect-all --fix-all --unsafe-fixes")
_FIXERS = word_set("ruff eslint rubocop stylelint biome clippy cargo golangci-lint standard xo oxlint ng nx")
_MOVERS = word_set("mv cp rm unlink ln git")
_PATH = re.compile(r"[\w./~-]*[\w-]\.\w{1,6}")


def changes_unnamed_files(command: str) -> bool:
    """Return whether a shell command may change files that it does not name."""
    if "*** Begin Patch" in command:
        command = without_patches(command).replace("apply_patch", "")
    if _CHANGES_WORKING_TREE.search(command) or _WRITING_CALLS.search(command[:20_000]):
        return True
    return any(_changes_many(step) for step in parse_steps(command))


def _changes_many(step: Step) -> bool:
    program, arguments = step.program.lower(), step.words[1:]
    if program in _UNPACKERS:
        return not (program in ("tar", "unzip") and any(re.match(r"-?\w*[tlc]", word) for word in arguments[:1]))
    if program in ("find", "xargs") and _MANY_FILES.search(step.text):
        return True
    if program in _FIXERS and _FIX_OPTIONS & {word.split("=")[0] for word in arguments}:
        return True
    return bool(_INSTALL_COMMAND.search(step.text) or _GENERATE_COMMAND.search(step.text)) or _moves_a_folder(step)


def _moves_a_folder(step: Step) -> bool:
    """Return whether a command moves, overwrites or removes a folder in which there may be source files."""
    if step.program not in ("mv", "cp", "rm", "ln"):
        return False
    if step.program == "rm" and not any(re.match(r"-\w*[rR]|--recursive", word) for word in step.words[1:]):
        return False
    paths = [word for word in step.words[1:] if not word.startswith("-")]
    paths = paths[-1:] if step.program in ("cp", "ln") else paths[:1] if step.program == "mv" else paths
    return any(not re.search(r"\.\w{1,6}$", path) and not _NO_SOURCE_FOLDER.search(path) for path in paths)


def moved_files(command: str) -> Iterator[str]:
    """Yield the files that a shell command moves, overwrites or removes."""
    if not re.search(r"\b(?:mv|cp|rm|unlink|ln)\b", command):
        return
    for step in parse_steps(command[:20_000]):
        arguments = step.words[1:]
        if step.program == "git":
            if not arguments or arguments[0] not in ("mv", "rm"):
                continue
        elif step.program not in _MOVERS:
            continue
        yield from (
            word for word in (arguments[-1:] if step.program in ("cp", "ln") else arguments) if _PATH.fullmatch(word)
        )
