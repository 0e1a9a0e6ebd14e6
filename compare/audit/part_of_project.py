"""Checks whether a run covers only parts (packages, folders, files) of a project that do not contain the changed
file.
"""

import re
from collections.abc import Iterator, Sequence

from gedanken.compare.audit.commands import Step
from gedanken.compare.audit.programs import words

_PART = words(
    "-p --package --filter -F --workspace -w --prefix -C --cwd --dir --directory --manifest-path -pl --project"
)
"""Options that precede the name or the folder of a part of the project."""
_WRITES = words("-o --output --out --outdir --out-dir --outDir -c --config --config-file --rcfile -r")
"""Options before the name of an output or configuration file, which does not show what part a run covers."""
_PATH = re.compile(r"[\w.@~-]*(?:/[\w.@*-]+)+/?|[\w-]+\.[A-Za-z]\w{0,4}")
_MANIFEST = re.compile(r"/?[\w.-]+\.(?:toml|json|xml|gradle|mod)$")


def is_of_another_part(steps: Sequence[Step], path: str) -> bool:
    """Return whether a run names parts of the project, none of which contains the file `path`."""
    named = [part for step in steps for part in _parts(step)]
    parts = named if path.startswith("/") else [part for part in named if not part.startswith("/")]
    where = f"/{path.strip('/')}/"
    return bool(parts) and not any(f"/{part.strip('/')}/" in where for part in parts)


def _parts(step: Step) -> Iterator[str]:
    given = step.words[1:]
    if step.program == "cd":
        yield from _bare(given[:1])
        return
    if step.family == "quiet":
        return
    for before, word in zip(("", *given), given, strict=False):
        option, has_value, value = word.partition("=")
        if before in _WRITES or option in _WRITES:
            continue
        if option in _PART and has_value:
            yield from _bare([value])
        elif before in _PART or (not word.startswith("-") and _PATH.fullmatch(word)):
            yield from _bare([word])


def _bare(named: Sequence[str]) -> Iterator[str]:
    for name in named:
        bare = _MANIFEST.sub("", name).removesuffix("/...").removeprefix("./").rstrip("/*")
        if bare.strip("./") and not bare.startswith(("..", "~", "$")):
            yield bare
