"""Describes the file changes in a transcript, and decides which of them may alter what a run prints."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gedanken.compare.audit.commands.command_lines import parse_steps, without_patches
from gedanken.compare.audit.commands.shell_changes import moved_files

_LANGUAGE_BY_EXTENSION = {
    "py": "py",
    "pyi": "py",
    "pyx": "py",
    "js": "js",
    "jsx": "js",
    "ts": "js",
    "tsx": "js",
    "mjs": "js",
    "cjs": "js",
    "vue": "js",
    "svelte": "js",
    "go": "go",
    "rs": "rust",
    "java": "java",
    "kt": "java",
    "scala": "java",
    "c": "c",
    "cc": "c",
    "cpp": "c",
    "h": "c",
    "hpp": "c",
    "cs": "dotnet",
    "rb": "ruby",
    "php": "php",
    "swift": "swift",
    "sh": "sh",
    "pl": "perl",
    "ex": "elixir",
    "lua": "lua",
}
_LANGUAGES_BY_PROGRAM = [
    (
        r"trivy|grype|snyk|gitleaks|trufflehog|checkov|tfsec|kube|helm|terraform|tflint|hadolint|yamllint|markdownlint|"
        r"ansible|actionlint|sqlfluff|commitlint|codespell|safety|audit|osv-|^pip$|alembic|twine|buf$|dart|flutter",
        ("none",),
    ),
    (r"shellcheck|shfmt", ("sh",)),
    (r"^mix$|dialyzer", ("elixir",)),
    (r"luacheck|stylua", ("lua",)),
    (r"^swift", ("swift",)),
    (r"bandit|pyflakes|pycodestyle|pydocstyle|autopep8|yapf|vulture|pytype", ("py",)),
    (r"stylelint|oxlint|biome|tslint|jshint|svelte-check", ("js",)),
    (r"staticcheck|revive|gofumpt|goimports|govulncheck", ("go",)),
    (r"checkstyle|spotbugs|ktlint|detekt|scalafmt", ("java",)),
    (r"cppcheck|cpplint|valgrind", ("c",)),
    (r"psalm", ("php",)),
    (r"brakeman", ("ruby",)),
    (
        r"pytest|py\.test|unittest|tox|nox|nose|mypy|ruff|flake8|pylint|black|isort|pyright|\.py$|^python|manage\.py|runtests",
        ("py",),
    ),
    (
        r"jest|vitest|mocha|ava|karma|playwright|cypress|eslint|tsc|prettier|vite|webpack|rollup|esbuild|node|npm|npx|yarn|pnpm|\.[mc]?[jt]s$|^bun|^deno",
        ("js",),
    ),
    (r"^go$|gofmt|golangci|gotestsum", ("go",)),
    (r"cargo|rustc|rustfmt|clippy", ("rust",)),
    (r"mvn|gradle|javac|^java$|sbt", ("java",)),
    (r"gcc|g\+\+|clang|cmake|ctest|ninja", ("c",)),
    (r"rspec|rubocop|rake|ruby|\.rb$", ("ruby",)),
    (r"phpunit|php|composer", ("php",)),
    (r"dotnet", ("dotnet",)),
]
_COMMON_LANGUAGES = ("py", "js", "go", "rust", "java", "c", "ruby", "php", "dotnet", "swift")
"""Languages of the source files that a run may read if nothing is known about its programs."""
_CONFIGURATION_FILES = {
    r"(?:pytest|tox|mypy)\.ini|pyproject\.toml|setup\.cfg|requirements[\w-]*\.txt": "py",
    r"package(?:-lock)?\.json|tsconfig[\w.-]*\.json|(?:jest|vitest|vite|babel)\.config\.\w+": "js",
    r"Cargo\.(?:toml|lock)": "rust",
    r"go\.(?:mod|sum)": "go",
    r"pom\.xml|build\.gradle(?:\.kts)?": "java",
}
"""Patterns for the names of configuration files, each with the language whose programs read such a file.

What a change of such a file does is unknown.
"""
_SCRATCH_FILE = re.compile(
    r"^/tmp/|^/var/tmp/|/scratch/|(?:^|/)(?:docs?|examples?|notes?|\.github|\.vscode)/|(?:^|/)(?:repro\w*|reproduce\w*|demo\w*|scratch\w*|debug\w*|tmp\w*|temp\w*|verify\w*|check_\w+)\.\w+$",
    re.IGNORECASE,
)
_TEST_FILE = re.compile(
    r"(?:^|/)(?:test_[\w-]+\.py|[\w-]+_test\.(?:py|go|rb)|conftest\.py|[\w.-]+\.(?:test|spec)\.[jt]sx?|[\w-]+Tests?\.(?:java|cs|kt))$"
)
_TEST_FOLDER = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__|testing|testdata|fixtures|e2e|cypress|benches|integration[_-]tests)/"
)
"""Matches folders whose files only tests read, and perhaps not all tests, such as `fixtures/`."""
_BUILD_FILE = r"(?:[\w.~-]*/)*(?:Dockerfile|Containerfile|Makefile|Jenkinsfile|Justfile|Procfile|Rakefile|Gemfile)"
_WRITTEN_FILE = re.compile(
    rf"(?<![\d&2])>>?\s*(?P<path>[\w./~-]+\.\w{{1,6}}|{_BUILD_FILE})(?=\s|$|;|&)|"
    r"\btee\s+(?:-a\s+)?(?P<teed>[\w./~-]+\.\w{1,6})|"
    r"\b(?:curl|wget)\b[^\n;|&]{0,300}?\s(?:-[a-zA-Z]*[oO]|--output)\s+(?P<fetched>[\w./~-]+\.\w{1,6})"
)
_COMMENT = re.compile(r"^\s*(?:#|//|/?\*|--|<!--).*$|\s+(?:#|//)\s.*$", re.MULTILINE)
_DOCSTRING = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''", re.DOTALL)


class Edit(NamedTuple):
    """A change of one file."""

    event: int
    path: str
    old: str | None
    """The replaced text; None if it is unknown or the whole file was written."""
    new: str
    existed: bool
    """True if the file existed before the change, as far as the record shows."""


def shell_edits(command: str) -> Iterator[tuple[str, bool]]:
    """Yield (path, existed) for each file that a shell command writes, moves or removes.

    `existed` is True if the command works only on an existing file, as `sed -i` does.
    """
    command = without_patches(command)
    yield from ((path, False) for path in moved_files(command))
    if not re.search(r">|sed|tee|perl|curl|wget", command):
        return
    text = command[:20_000]
    for step in parse_steps(text):
        if step.program in ("sed", "perl") and any(re.match(r"-\w*i", word) for word in step.words[1:]):
            for word in step.words[1:]:
                if re.fullmatch(rf"[\w./~-]*[\w-]\.\w{{1,6}}|{_BUILD_FILE}", word):
                    yield word, True
    body = re.sub(
        r"<<-?\s*['\"]?(\w+)['\"]?(?P<rest>[^\n]*)\n.*?(?:^\1\s*$|\Z)",
        lambda match: match["rest"] + "\n",
        text,
        flags=re.DOTALL | re.MULTILINE,
    )
    for match in _WRITTEN_FILE.finditer(body):
        yield match["path"] or match["teed"] or match["fetched"], False


def languages_of(programs: Sequence[str]) -> tuple[str, ...]:
    """Return the languages of the source files that these programs read; empty if no program is known."""
    known_languages = [
        languages
        for program in programs
        for pattern, languages in _LANGUAGES_BY_PROGRAM
        if re.search(pattern, program)
    ]
    return tuple(sorted({language for languages in known_languages for language in languages}))


def may_alter_output(edit: Edit, programs: Sequence[str], words: Sequence[str], family: str) -> bool:
    """Return whether a change of source code may have altered what a run prints.

    `programs` are the programs of the run, and `words` are their arguments.
    """
    language = _LANGUAGE_BY_EXTENSION.get(edit.path.rsplit(".", 1)[-1].lower()) if "." in edit.path else None
    if language is None or _SCRATCH_FILE.search(edit.path):
        return False
    languages = languages_of(programs) or _COMMON_LANGUAGES
    if language not in languages:
        return False
    is_test = _TEST_FILE.search(edit.path) is not None
    if not edit.existed and not (is_test and family == "tests"):
        return False
    named_paths = [word for word in words if "/" in word or word.endswith((".py", ".ts", ".js", ".go", ".rb"))]
    base = edit.path.rsplit("/", 1)[-1]
    if is_test and (
        family not in ("tests", "lint", "types", "format") or _names_other_files(named_paths, edit.path, base)
    ):
        return False
    if _may_be_of_other_tests(edit.path, named_paths, family):
        return False
    return not is_trivial(edit)


def _may_be_of_other_tests(path: str, named_paths: Sequence[str], family: str) -> bool:
    """Return whether a changed file in a test folder may not matter to the run.

    It may not matter to a build, nor to tests if `named_paths`, the paths in the command, are elsewhere.
    """
    if _TEST_FOLDER.search(path) is None or _TEST_FILE.search(path):
        return False
    base = path.rsplit("/", 1)[-1]
    return family == "build" or (family == "tests" and _names_other_files(named_paths, path, base))


def may_affect_run(edit: Edit, programs: Sequence[str], words: Sequence[str], family: str) -> bool:
    """Return whether a change may affect a run in a way that `may_alter_output` does not count.

    Examples are a changed configuration file and a new source file.
    """
    base = edit.path.rsplit("/", 1)[-1]
    if any(re.fullmatch(pattern, base) for pattern in _CONFIGURATION_FILES):
        read_languages = languages_of(programs) or _COMMON_LANGUAGES
        language = next(language for pattern, language in _CONFIGURATION_FILES.items() if re.fullmatch(pattern, base))
        return language in read_languages and not _SCRATCH_FILE.search(edit.path) and not is_trivial(edit)
    named_paths = [word for word in words if "/" in word or word.endswith((".py", ".ts", ".js", ".go", ".rb"))]
    if edit.existed and _may_be_of_other_tests(edit.path, named_paths, family):
        return not is_trivial(edit)
    return not edit.existed and may_alter_output(edit._replace(existed=True), programs, words, family)


def _names_other_files(named_paths: Sequence[str], path: str, base: str) -> bool:
    files = [word.split("::")[0] for word in named_paths if re.search(r"\.\w{1,4}(?:::|$)", word)]
    folders = [word.rstrip("/") for word in named_paths if word not in files and "::" not in word]
    if not files and not folders:
        return False
    parent = path[: -len(base)].removeprefix("./")
    if base == "conftest.py" and any(word.removeprefix("./").startswith(parent) for word in named_paths):
        return False  # a conftest.py is read for all tests below its folder
    return not any(word.endswith(base) for word in files) and not any(
        folder.strip("./") in path for folder in folders
    )


def is_trivial(edit: Edit) -> bool:
    """Return whether a change affects only comments, docstrings or white space."""
    return edit.old is not None and _without_comments(edit.old) == _without_comments(edit.new)


def _without_comments(text: str) -> str:
    text = text[:50_000]
    if '"""' in text or "'''" in text:
        text = _DOCSTRING.sub("", text)
    return re.sub(r"\s+", "", _COMMENT.sub("", text))


def remaining_edits(edits: Sequence[Edit]) -> list[Edit]:
    """Return the changes that are still in effect. If a later change undoes an earlier one, both are left out."""
    stacks: dict[str, list[Edit]] = {}
    for edit in edits:
        stack = stacks.setdefault(edit.path, [])
        if (
            stack
            and edit.old is not None
            and stack[-1].old is not None
            and (edit.old.strip(), edit.new.strip()) == (stack[-1].new.strip(), stack[-1].old.strip())
        ):
            stack.pop()
        else:
            stack.append(edit)
    return sorted((edit for stack in stacks.values() for edit in stack), key=lambda edit: edit.event)
