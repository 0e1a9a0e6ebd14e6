"""Splits a shell command into simple commands, each with the program that it runs and that program's purpose."""

import re
from functools import lru_cache
from typing import NamedTuple

from gedanken.compare.audit.programs import (
    BENCHMARKS,
    BUILD,
    COMPILERS,
    FORMAT,
    GIT_QUIET,
    HARMLESS,
    LINT,
    TESTS,
    TYPES,
    WRAPPERS,
    words,
)

_LONGEST = 20_000
"""Maximum number of characters of a command that are read; the rest is ignored."""
_SPLIT = re.compile(r"\s*(?:&&|\|\||;|\n|(?<![|&>\d])&(?![&>]))\s*")
_HEREDOC = re.compile(
    r"<<-?\s*(['\"]?)(?P<word>\w+)\1(?P<rest>[^\n]*)\n(?P<body>.*?)(?:^\s*(?P=word)\s*$|\Z)", re.DOTALL | re.MULTILINE
)
_PATCH = re.compile(r"\*\*\* Begin Patch\b.*?(?:\*\*\* End Patch\b|\Z)", re.DOTALL)
_ASSIGNED = re.compile(r"\s*(?:export\s+)?[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|[^\s;]*)(?:\s+|$)")
_WRAPPED = re.compile(r"(?:run|exec|-m|--|-[a-zA-Z]\S*|--\S+|\d+[smh]?)$")
_SCRIPTED = re.compile(r"\.(?:py|js|ts|mjs|cjs|rb|pl|php|sh|lua|jl|R)$")
_CALLED_TEST = re.compile(
    r"(?:^|[/_.-])(?:test|tests|spec|check|verify|repro\w*|ci)(?:[/_.-]|\d|$)|runtests|\btest", re.IGNORECASE
)


class Step(NamedTuple):
    """One simple command of a command line."""

    text: str
    program: str
    """The program that runs, without its path, wrappers and interpreter, such as `pytest`, `cargo` or `script.py`."""
    family: str
    """The purpose: `tests`, `build`, `lint`, `types`, `format`, `program`, `commit` (git commands that may run
    hooks), `quiet` (none of these), or `other` (unknown).
    """
    words: tuple[str, ...]
    """The program and its arguments."""
    is_piped: bool = False
    """True if the output was piped into another command, which may have left parts of it out."""


@lru_cache(maxsize=4096)
def steps_of(command: str) -> tuple[Step, ...]:
    """Return the simple commands of a shell command line."""
    text = _HEREDOC.sub(lambda found: f"{found['rest']}\n", without_patches(command)[:_LONGEST])
    text = text.replace("\\\n", " ")
    found = []
    for piece in _SPLIT.split(_without_quoted_separators(text)):
        stages = [stage.strip() for stage in re.split(r"(?<!\|)\|(?!\|)&?", piece)]
        for at, stage in enumerate(stages):
            step = _step(_restored(stage), is_piped=at + 1 < len(stages))
            if step is not None:
                found.append(step)
    return tuple(found)


def without_patches(command: str) -> str:
    """Return a command without its embedded patches (`*** Begin Patch`), whose changes the record lists as edits."""
    return _PATCH.sub("", command) if "*** Begin Patch" in command else command


def is_chain(command: str) -> bool:
    """Return whether only `&&` joins the commands of a line, so that exit code 0 means that all of them succeeded."""
    return not re.search(r"[;|\n]|(?<![>&])&(?![&>])", _without_quoted_separators(command[:_LONGEST].strip()))


_HIDDEN = {";": "\ue000", "|": "\ue001", "&": "\ue002", "\n": "\ue003"}
_BACK = {hidden: shown for shown, hidden in _HIDDEN.items()}
_STRING = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\$\([^()]*\)")


def _without_quoted_separators(text: str) -> str:
    return _STRING.sub(lambda found: "".join(_HIDDEN.get(sign, sign) for sign in found[0]), text)


def _restored(text: str) -> str:
    return "".join(_BACK.get(sign, sign) for sign in text)


def _step(text: str, is_piped: bool) -> Step | None:
    bare = text.strip().lstrip("({!").strip()
    while found := _ASSIGNED.match(bare):
        if found.end() == 0:
            break
        bare = bare[found.end() :]
    bare = re.sub(r"\s*(?:\d?>&\d|&>\s*\S+|\d?>>?\s*\S+|<\s*\S+)", "", bare).strip()
    words = tuple(bare.split())
    if not words or words[0].startswith("#"):
        return None
    words = _unwrapped(words)
    if not words:
        return None
    program = _program(words)
    return Step(bare, program, _family(program, words), words, is_piped)


def _unwrapped(words: tuple[str, ...]) -> tuple[str, ...]:
    at = 0
    while at < len(words) - 1 and words[at].rsplit("/", 1)[-1] in WRAPPERS:
        at += 1
        while at < len(words) - 1 and (_WRAPPED.match(words[at]) or "=" in words[at].split("/")[0]):
            at += 1
    words = words[at:]
    if words and re.fullmatch(r"python[\d.]*|py", words[0].rsplit("/", 1)[-1]) and len(words) > 2:
        flags = 1
        while flags < len(words) and words[flags].startswith("-") and words[flags] not in ("-m", "-c", "-"):
            flags += 2 if words[flags] in ("-W", "-X") else 1
        if flags + 1 < len(words) and words[flags] == "-m":
            return words[flags + 1 :]
    return words


def _program(words: tuple[str, ...]) -> str:
    name = words[0].rsplit("/", 1)[-1]
    if re.fullmatch(r"python[\d.]*|node|bash|sh|zsh|ruby|perl|php|deno|bun|tsx|ts-node|Rscript|julia", name):
        target = next((word for word in words[1:] if not word.startswith("-")), "")
        if "-c" in words[1:3] or "-e" in words[1:3] or not target:
            return name
        if _SCRIPTED.search(target):
            return target.rsplit("/", 1)[-1]
    return name


def _family(program: str, words: tuple[str, ...]) -> str:
    rest = words[1:]
    low = program.lower()
    if set(rest) & {"--version", "-V", "--help"} or rest[:1] == ("version",):
        return "quiet"
    if low in TESTS or re.fullmatch(r"runtests\.\w+", low):
        return "tests"
    if (tool := _of_tool(low, rest)) is not None:
        return tool
    for family, programs in (("lint", LINT), ("types", TYPES), ("format", FORMAT)):
        if low in programs:
            return "format" if low == "ruff" and rest[:1] == ("format",) else family
    if low in BENCHMARKS:
        return "program"
    if low in BUILD:
        return "build" if low in COMPILERS else _by_target(rest, "build")
    if low == "git":
        sub = next((word for word in rest if not word.startswith("-")), "")
        return "quiet" if sub in GIT_QUIET else "commit" if sub in ("commit", "push", "merge", "rebase") else "other"
    if low in HARMLESS or low.startswith("#"):
        return "quiet"
    if rest and rest[0] in _SAYS_ITSELF:
        return _SAYS_ITSELF[rest[0]]
    if _SCRIPTED.search(program) or words[0].startswith("./") or _SCRIPTED.search(words[0]):
        return "program"
    if re.fullmatch(r"python[\d.]*|node|bash|sh|zsh|ruby|perl|php|deno|bun|tsx|ts-node|rscript|julia", low):
        return "program"
    return "other"


_SAYS_ITSELF = {"build": "build", "compile": "build", "test": "tests", "lint": "lint", "typecheck": "types"}
"""First arguments that show what an unknown program does, each with the family of the command: `build` in `ng build`.
"""


def _of_tool(low: str, rest: tuple[str, ...]) -> str | None:
    """Return the family of a command whose program (`low`) has several uses, as in `cargo test` and `cargo build`;
    None if unknown.
    """
    sub = next((word for word in rest if not word.startswith(("-", "+"))), "")
    if low in ("cargo", "go", "dotnet", "swift", "mix", "zig", "stack", "cabal", "flutter", "dart", "deno", "bun"):
        table = {
            "test": "tests",
            "t": "tests",
            "nextest": "tests",
            "build": "build",
            "b": "build",
            "check": "build",
            "clippy": "lint",
            "vet": "lint",
            "fmt": "format",
            "run": "program",
            "bench": "program",
            "install": "build",
            "analyze": "lint",
            "lint": "lint",
            "compile": "build",
            "format": "format",
            "mod": "quiet",
            "get": "quiet",
            "add": "quiet",
            "new": "quiet",
            "init": "quiet",
        }
        if low in ("deno", "bun") and sub in ("run", "task") and (script := _named_after(rest, sub)):
            return _by_target(script, "program")
        return table.get(sub, "other" if low not in ("deno", "bun") else None)
    if low in ("npm", "yarn", "pnpm", "composer", "rake", "just", "task", "invoke", "nx", "turbo", "lerna"):
        names = [word for word in rest if not word.startswith("-") and word not in ("run", "run-script", "exec")]
        is_script = bool({"run", "run-script"} & set(rest))
        if (
            low in ("npm", "yarn", "pnpm")
            and not (is_script and names)
            and (not names or names[0] in ("install", "i", "ci", "add", "init", "ls", "list", "view"))
        ):
            return "quiet" if names or low == "npm" else "other"
        if names and names[0] in TESTS | LINT | TYPES | FORMAT | BUILD:
            return _family(names[0], tuple(names))
        return _by_target(tuple(names), "other")
    if low in ("mvn", "mvnw", "gradle", "gradlew", "sbt", "ant"):
        text = " ".join(rest)
        if re.search(r"checkstyle|spotbugs|\bpmd\b|ktlint|detekt|\blint\w*|spotless(?::check|Check)", text):
            return "lint"
        if re.search(r"\btest|\bverify\b|\bcheck\b|\binstall\b|\bbuild\b", text) and "-DskipTests" not in text:
            return "tests"
        return "build"
    if low in {"tox", "nox"}:
        return "tests"
    if low == "pre-commit":
        return "lint"
    if low == "manage.py":
        return "tests" if sub == "test" else "program"
    return None


def _named_after(rest: tuple[str, ...], sub: str) -> tuple[str, ...]:
    """Return the name of the script that `bun run` or `deno task` runs; empty if the argument is a file."""
    names = tuple(word for word in rest[rest.index(sub) + 1 :] if not word.startswith("-"))[:1]
    return () if names and _SCRIPTED.search(names[0]) else names


def _by_target(rest: tuple[str, ...], otherwise: str) -> str:
    names = [word for word in rest if not word.startswith("-") and "=" not in word]
    if not names:
        return otherwise
    for pattern, family in (
        (r"test|spec|e2e", "tests"),
        (r"lint", "lint"),
        (r"type|tsc|mypy", "types"),
        (r"format|fmt|prettier", "format"),
        (r"build|compile|bundle|all|dist|install", "build"),
        (r"check|ci|verify|validate|pre", "other"),
    ):
        if any(re.search(pattern, name) for name in names):
            return family
    return "other" if otherwise == "build" else otherwise


def may_hide(step: Step, family: str) -> bool:
    """Return whether a command may run a program of this family unseen, as `make` may run tests."""
    if step.family == "quiet":
        return False
    if step.family == "commit":
        return family in ("lint", "format", "types", "tests", "scan")  # by its hooks
    if step.family in ("program", "other"):
        return True
    if step.program.lower() in _RUNS_ANYTHING or step.program.lower() not in _KNOWN:
        return True
    if step.family == "tests":
        return family in ("program", "build")
    return step.family == "build" and family == "types"


_RUNS_ANYTHING = words(
    "make npm yarn pnpm just rake task mvn mvnw gradle gradlew sbt ant pre-commit tox nox turbo nx lerna invoke "
    "composer bazel scons waf meson ninja cmake xcodebuild msbuild build"
)
"""Programs that run what their configuration says. A target called `build` may run tests, and a target called `spec`
may run a linter.
"""
_STARTS_OTHERS = _RUNS_ANYTHING | words(
    "docker docker-compose podman act trunk lefthook husky lint-staged ng react-scripts hatch vagrant dagger earthly"
)


_LISTS = words("images ps inspect tag push pull history version info login logout rmi logs cp port stats top search")


def _only_lists(step: Step) -> bool:
    """Return whether a container engine starts no program in a container, as in `docker ps`."""
    if step.program.lower() not in ("docker", "podman"):
        return False
    names = [word for word in step.words[1:] if not word.startswith("-")]
    return bool(names) and (
        names[0] in _LISTS or names[:2] in (["image", "ls"], ["container", "ls"], ["volume", "ls"])
    )


def wraps(step: Step) -> bool:
    """Return whether a command runs programs named elsewhere: in a configuration (`make`), a script or a container
    image.
    """
    if step.family == "quiet" or _only_lists(step):
        return False
    is_script = re.search(r"\.(?:sh|bash|zsh|mk|ps1|bat)$", step.program) or step.words[0].startswith("./")
    if step.program.lower() in ("deno", "bun"):
        return step.words[1:2] in (("task",), ("run",))
    return step.program.lower() in _STARTS_OTHERS or (bool(is_script) and step.family in ("program", "other"))


_KNOWN = (
    TESTS | LINT | TYPES | FORMAT | BUILD | words("cargo go dotnet swift mix zig stack cabal flutter dart deno bun")
)
"""Programs whose effect is known. Any other program may do anything."""

_SELECTS = frozenset(
    [
        "-k",
        "-m",
        "-run",
        "--run",
        "-t",
        "--filter",
        "--testNamePattern",
        "--grep",
        "-g",
        "-p",
        "--package",
        "--lf",
        "--ff",
        "-x::",
        "--testPathPattern",
        "--testPathPatterns",
        "-only-testing",
        "--tests",
        "-Dtest",
        "-Dit.test",
        "--lib",
        "--doc",
        "--bin",
        "--test",
        "--workspace",
        "-w",
        "workspace",
        "--onlyChanged",
        "--changed",
        "--last-failed",
        "-pl",
    ]
)
_WHOLE_FOLDERS = frozenset([".", "..", "...", "test", "tests", "spec", "specs", "__tests__", "src"])


def is_narrowed(step: Step) -> bool:
    """Return whether a command runs only some of the tests, because it names files, packages or a filter."""
    if step.family != "tests":
        return False
    for word in step.words[1:]:
        bare = re.split("[=:]", word)[0]
        if bare in _SELECTS or "::" in word or re.search(r"\.(?:py|[mc]?[jt]sx?|rb|php|java|kt|rs)$", word):
            return step.program not in ("cargo",) or bare != "--workspace"
        is_path = "/" in word and not word.startswith("-") and step.program not in ("go", "cargo", "make")
        if is_path and word.rstrip("/").rsplit("/", 1)[-1] not in _WHOLE_FOLDERS:
            return True
    if step.program == "unittest":
        return any(re.match(r"\w+(?:\.\w+)+$", word) for word in step.words[1:])
    if step.program == "go":
        packages = [word for word in step.words[2:] if word.startswith(("./", "../"))]
        return bool(packages) and "./..." not in packages
    return step.program == "cargo" and any(not word.startswith("-") for word in step.words[2:])
