"""Checks whether a run covers only parts of a project that do not contain a changed file. Parts are packages,
folders or files.
"""

import re
from collections.abc import Iterator, Sequence

from gedanken.compare.audit.commands.command_lines import Step
from gedanken.compare.audit.commands.programs import word_set

_PART_OPTIONS = word_set(
    "-p --package --filter -F --workspace -w --prefix -C --cwd --dir --directory --manifest-path -pl --project"
)
"""Options that are followed by the name or the folder of a part of the project."""
_FILE_OPTIONS = word_set("-o --output --out --outdir --out-dir --outDir -c --config --config-file --rcfile -r")
"""Options that are followed by the name of an output or configuration file. Such a name does not tell which part a
run covers.
"""
_PATH = re.compile(r"[\w.@~-]*(?:/[\w.@*-]+)+/?|[\w-]+\.[A-Za-z]\w{0,4}")
_MANIFEST = re.compile(r"/?[\w.-]+\.(?:toml|json|xml|gradle|mod)$")


def covers_other_part(steps: Sequence[Step], path: str) -> bool:
    """Return whether a run names parts of the project, and none of them contains the file `path`."""
    all_parts = [part for step in steps for part in _named_parts(step)]
    parts = all_parts if path.startswith("/") else [part for part in all_parts if not part.startswith("/")]
    padded_path = f"/{path.strip('/')}/"
    return bool(parts) and not any(f"/{part.strip('/')}/" in padded_path for part in parts)


def _named_parts(step: Step) -> Iterator[str]:
    arguments = step.words[1:]
    if step.program == "cd":
        yield from _part_names(arguments[:1])
        return
    if step.family == "quiet":
        return
    for previous, word in zip(("", *arguments), arguments, strict=False):
        option, has_value, value = word.partition("=")
        if previous in _FILE_OPTIONS or option in _FILE_OPTIONS:
            continue
        if option in _PART_OPTIONS and has_value:
            yield from _part_names([value])
        elif previous in _PART_OPTIONS or (not word.startswith("-") and _PATH.fullmatch(word)):
            yield from _part_names([word])


def _part_names(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        part = _MANIFEST.sub("", name).removesuffix("/...").removeprefix("./").rstrip("/*")
        if part.strip("./") and not part.startswith(("..", "~", "$")):
            yield part
