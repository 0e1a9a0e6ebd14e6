"""Splits a shell command into simple commands, each with the program that it runs and that program's purpose."""

import re
from functools import lru_cache
from typing import NamedTuple

from gedanken.compare.audit.commands.programs import (
    BENCHMARK_PROGRAMS,
    BUILD_PROGRAMS,
    COMPILERS,
    FORMATTERS,
    HARMLESS_PROGRAMS,
    LINTERS,
    QUIET_GIT_COMMANDS,
    TEST_RUNNERS,
    TYPE_CHECKERS,
    WRAPPERS,
    word_set,
)

_MAX_COMMAND_LENGTH = 20_000
"""Maximum number of characters of a command that are parsed. The rest of a longer command is ignored."""
_SEPARATOR = re.compile(r"\s*(?:&&|\|\||;|\n|(?<![|&>\d])&(?![&>]))\s*")
_HEREDOC = re.compile(
    r"<<-?\s*(['\"]?)(?P<word>\w+)\1(?P<rest>[^\n]*)\n(?P<body>.*?)(?:^\s*(?P=word)\s*$|\Z)", re.DOTALL | re.MULTILINE
)
_PATCH = re.compile(r"\*\*\* Begin Patch\b.*?(?:\*\*\* End Patch\b|\Z)", re.DOTALL)
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|[^\s;]*)(?:\s+|$)")
_WRAPPER_ARGUMENT = re.compile(r"(?:run|exec|-m|--|-[a-zA-Z]\S*|--\S+|\d+[smh]?)$")
_SCRIPT_FILE = re.compile(r"\.(?:py|js|ts|mjs|cjs|rb|pl|php|sh|lua|jl|R)$")


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
    """True if the output is piped into another command, which may leave out parts of it."""


@lru_cache(maxsize=4096)
def parse_steps(command: str) -> tuple[Step, ...]:
    """Return the simple commands of a shell command line."""
    text = _HEREDOC.sub(lambda match: f"{match['rest']}\n", without_patches(command)[:_MAX_COMMAND_LENGTH])
    text = text.replace("\\\n", " ")
    steps = []
    for piece in _SEPARATOR.split(_mask_quoted_separators(text)):
        stages = [stage.strip() for stage in re.split(r"(?<!\|)\|(?!\|)&?", piece)]
        for index, stage in enumerate(stages):
            step = _parse_step(_unmask_separators(stage), is_piped=index + 1 < len(stages))
            if step is not None:
                steps.append(step)
    return tuple(steps)


def without_patches(command: str) -> str:
    """Return a command without its embedded patches (`*** Begin Patch`), whose changes the record lists as edits."""
    return _PATCH.sub("", command) if "*** Begin Patch" in command else command


def is_chain(command: str) -> bool:
    """Return whether the simple commands of a command line are joined only by `&&`.

    Exit code 0 then means that all of them succeeded.
    """
    return not re.search(r"[;|\n]|(?<![>&])&(?![&>])", _mask_quoted_separators(command[:_MAX_COMMAND_LENGTH].strip()))


_PLACEHOLDERS = {";": "\ue000", "|": "\ue001", "&": "\ue002", "\n": "\ue003"}
_SEPARATORS = {placeholder: separator for separator, placeholder in _PLACEHOLDERS.items()}
_QUOTED_STRING = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\$\([^()]*\)")


def _mask_quoted_separators(text: str) -> str:
    return _QUOTED_STRING.sub(
        lambda match: "".join(_PLACEHOLDERS.get(character, character) for character in match[0]), text
    )


def _unmask_separators(text: str) -> str:
    return "".join(_SEPARATORS.get(character, character) for character in text)


def _parse_step(text: str, is_piped: bool) -> Step | None:
    command = text.strip().lstrip("({!").strip()
    while match := _ASSIGNMENT.match(command):
        if match.end() == 0:
            break
        command = command[match.end() :]
    command = re.sub(r"\s*(?:\d?>&\d|&>\s*\S+|\d?>>?\s*\S+|<\s*\S+)", "", command).strip()
    words = tuple(command.split())
    if not words or words[0].startswith("#"):
        return None
    words = _strip_wrappers(words)
    if not words:
        return None
    program = _program_name(words)
    return Step(command, program, _classify(program, words), words, is_piped)


def _strip_wrappers(words: tuple[str, ...]) -> tuple[str, ...]:
    index = 0
    while index < len(words) - 1 and words[index].rsplit("/", 1)[-1] in WRAPPERS:
        index += 1
        while index < len(words) - 1 and (_WRAPPER_ARGUMENT.match(words[index]) or "=" in words[index].split("/")[0]):
            index += 1
    words = words[index:]
    if words and re.fullmatch(r"python[\d.]*|py", words[0].rsplit("/", 1)[-1]) and len(words) > 2:
        flags = 1
        while flags < len(words) and words[flags].startswith("-") and words[flags] not in ("-m", "-c", "-"):
            flags += 2 if words[flags] in ("-W", "-X") else 1
        if flags + 1 < len(words) and words[flags] == "-m":
            return words[flags + 1 :]
    return words


def _program_name(words: tuple[str, ...]) -> str:
    name = words[0].rsplit("/", 1)[-1]
    if re.fullmatch(r"python[\d.]*|node|bash|sh|zsh|ruby|perl|php|deno|bun|tsx|ts-node|Rscript|julia", name):
        target = next((word for word in words[1:] if not word.startswith("-")), "")
        if "-c" in words[1:3] or "-e" in words[1:3] or not target:
            return name
        if _SCRIPT_FILE.search(target):
            return target.rsplit("/", 1)[-1]
    return name


def _classify(program: str, words: tuple[str, ...]) -> str:
    arguments = words[1:]
    lower_name = program.lower()
    if set(arguments) & {"--version", "-V", "--help"} or arguments[:1] == ("version",):
        return "quiet"
    if lower_name in TEST_RUNNERS or re.fullmatch(r"runtests\.\w+", lower_name):
        return "tests"
    if (tool := _classify_subcommand(lower_name, arguments)) is not None:
        return tool
    for family, programs in (("lint", LINTERS), ("types", TYPE_CHECKERS), ("format", FORMATTERS)):
        if lower_name in programs:
            return "format" if lower_name == "ruff" and arguments[:1] == ("format",) else family
    if lower_name in BENCHMARK_PROGRAMS:
        return "program"
    if lower_name in BUILD_PROGRAMS:
        return "build" if lower_name in COMPILERS else _classify_target(arguments, "build")
    if lower_name == "git":
        subcommand = next((word for word in arguments if not word.startswith("-")), "")
        return (
            "quiet"
            if subcommand in QUIET_GIT_COMMANDS
            else "commit"
            if subcommand in ("commit", "push", "merge", "rebase")
            else "other"
        )
    if lower_name in HARMLESS_PROGRAMS or lower_name.startswith("#"):
        return "quiet"
    if arguments and arguments[0] in _FAMILY_BY_SUBCOMMAND:
        return _FAMILY_BY_SUBCOMMAND[arguments[0]]
    if _SCRIPT_FILE.search(program) or words[0].startswith("./") or _SCRIPT_FILE.search(words[0]):
        return "program"
    if re.fullmatch(r"python[\d.]*|node|bash|sh|zsh|ruby|perl|php|deno|bun|tsx|ts-node|rscript|julia", lower_name):
        return "program"
    return "other"


_FAMILY_BY_SUBCOMMAND = {"build": "build", "compile": "build", "test": "tests", "lint": "lint", "typecheck": "types"}
"""Maps the first argument of an unknown program, such as `build` in `ng build`, to the family of the command."""


def _classify_subcommand(program: str, arguments: tuple[str, ...]) -> str | None:
    """Return the family of a command whose program has subcommands, such as `cargo test`; None if it is unknown.

    `program` is the program's name in lower case.
    """
    subcommand = next((word for word in arguments if not word.startswith(("-", "+"))), "")
    if program in (
        "cargo",
        "go",
        "dotnet",
        "swift",
        "mix",
        "zig",
        "stack",
        "cabal",
        "flutter",
        "dart",
        "deno",
        "bun",
    ):
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
        if (
            program in ("deno", "bun")
            and subcommand in ("run", "task")
            and (script := _script_name(arguments, subcommand))
        ):
            return _classify_target(script, "program")
        return table.get(subcommand, "other" if program not in ("deno", "bun") else None)
    if program in ("npm", "yarn", "pnpm", "composer", "rake", "just", "task", "invoke", "nx", "turbo", "lerna"):
        names = [word for word in arguments if not word.startswith("-") and word not in ("run", "run-script", "exec")]
        is_script = bool({"run", "run-script"} & set(arguments))
        if (
            program in ("npm", "yarn", "pnpm")
            and not (is_script and names)
            and (not names or names[0] in ("install", "i", "ci", "add", "init", "ls", "list", "view"))
        ):
            return "quiet" if names or program == "npm" else "other"
        if names and names[0] in TEST_RUNNERS | LINTERS | TYPE_CHECKERS | FORMATTERS | BUILD_PROGRAMS:
            return _classify(names[0], tuple(names))
        return _classify_target(tuple(names), "other")
    if program in ("mvn", "mvnw", "gradle", "gradlew", "sbt", "ant"):
        text = " ".join(arguments)
        if re.search(r"checkstyle|spotbugs|\bpmd\b|ktlint|detekt|\blint\w*|spotless(?::check|Check)", text):
            return "lint"
        if re.search(r"\btest|\bverify\b|\bcheck\b|\binstall\b|\bbuild\b", text) and "-DskipTests" not in text:
            return "tests"
        return "build"
    if program in {"tox", "nox"}:
        return "tests"
    if program == "pre-commit":
        return "lint"
    if program == "manage.py":
        return "tests" if subcommand == "test" else "program"
    return None


def _script_name(arguments: tuple[str, ...], subcommand: str) -> tuple[str, ...]:
    """Return the name of the script that `bun run` or `deno task` runs, as a tuple. The tuple is empty if the
    argument is a file.
    """
    names = tuple(word for word in arguments[arguments.index(subcommand) + 1 :] if not word.startswith("-"))[:1]
    return () if names and _SCRIPT_FILE.search(names[0]) else names


def _classify_target(arguments: tuple[str, ...], default: str) -> str:
    names = [word for word in arguments if not word.startswith("-") and "=" not in word]
    if not names:
        return default
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
    return "other" if default == "build" else default


def may_run_unseen(step: Step, family: str) -> bool:
    """Return whether a command may run a program of this family without showing it. For example, `make` may run
    tests.
    """
    if step.family == "quiet":
        return False
    if step.family == "commit":
        return family in ("lint", "format", "types", "tests", "scan")  # by its hooks
    if step.family in ("program", "other"):
        return True
    if step.program.lower() in _TASK_RUNNERS or step.program.lower() not in _KNOWN_PROGRAMS:
        return True
    if step.family == "tests":
        return family in ("program", "build")
    return step.family == "build" and family == "types"


_TASK_RUNNERS = word_set(
    "make npm yarn pnpm just rake task mvn mvnw gradle gradlew sbt ant pre-commit tox nox turbo nx lerna invoke "
    "composer bazel scons waf meson ninja cmake xcodebuild msbuild build"
)
"""Programs that run whatever their configuration says: a target called `build` may run tests."""
_LAUNCHERS = _TASK_RUNNERS | word_set(
    "docker docker-compose podman act trunk lefthook husky lint-staged ng react-scripts hatch vagrant dagger earthly"
)


_ENGINE_QUERIES = word_set(
    "images ps inspect tag push pull history version info login logout rmi logs cp port stats top search"
)


def _is_engine_query(step: Step) -> bool:
    """Return whether a command of Docker or Podman starts no program in a container, such as `docker ps`."""
    if step.program.lower() not in ("docker", "podman"):
        return False
    names = [word for word in step.words[1:] if not word.startswith("-")]
    return bool(names) and (
        names[0] in _ENGINE_QUERIES or names[:2] in (["image", "ls"], ["container", "ls"], ["volume", "ls"])
    )


def is_wrapper(step: Step) -> bool:
    """Return whether a command runs programs that it does not name itself.

    These programs are named in a configuration (`make`), in a script, or in a container image.
    """
    if step.family == "quiet" or _is_engine_query(step):
        return False
    is_script = re.search(r"\.(?:sh|bash|zsh|mk|ps1|bat)$", step.program) or step.words[0].startswith("./")
    if step.program.lower() in ("deno", "bun"):
        return step.words[1:2] in (("task",), ("run",))
    return step.program.lower() in _LAUNCHERS or (bool(is_script) and step.family in ("program", "other"))


_KNOWN_PROGRAMS = (
    TEST_RUNNERS
    | LINTERS
    | TYPE_CHECKERS
    | FORMATTERS
    | BUILD_PROGRAMS
    | word_set("cargo go dotnet swift mix zig stack cabal flutter dart deno bun")
)
"""Programs whose effect is known. Any other program may do anything."""

_TEST_SELECTORS = frozenset(
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
_TEST_ROOTS = frozenset([".", "..", "...", "test", "tests", "spec", "specs", "__tests__", "src"])


def is_narrowed(step: Step) -> bool:
    """Return whether a command runs only some of the tests, because it names files, packages or a filter."""
    if step.family != "tests":
        return False
    for word in step.words[1:]:
        option = re.split("[=:]", word)[0]
        if option in _TEST_SELECTORS or "::" in word or re.search(r"\.(?:py|[mc]?[jt]sx?|rb|php|java|kt|rs)$", word):
            return step.program not in ("cargo",) or option != "--workspace"
        is_path = "/" in word and not word.startswith("-") and step.program not in ("go", "cargo", "make")
        if is_path and word.rstrip("/").rsplit("/", 1)[-1] not in _TEST_ROOTS:
            return True
    if step.program == "unittest":
        return any(re.match(r"\w+(?:\.\w+)+$", word) for word in step.words[1:])
    if step.program == "go":
        packages = [word for word in step.words[2:] if word.startswith(("./", "../"))]
        return bool(packages) and "./..." not in packages
    return step.program == "cargo" and any(not word.startswith("-") for word in step.words[2:])
