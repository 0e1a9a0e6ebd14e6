"""Maps the names that prose uses for tools, such as `clippy`, to the commands that run them."""

import re
from collections.abc import Iterator

from gedanken.compare.audit.claims.claim_contents import Family
from gedanken.compare.audit.commands.command_lines import Step, is_wrapper
from gedanken.compare.audit.commands.programs import word_set
from gedanken.compare.audit.record.runs import Run, listed_tasks

_BY_PROGRAM: dict[Family, frozenset[str]] = {
    "lint": word_set(
        "ruff flake8 eslint pylint golangci-lint biome rubocop shellcheck stylelint staticcheck revive hadolint "
        "yamllint "
        "markdownlint ansible-lint actionlint tflint sqlfluff bandit oxlint pycodestyle pydocstyle pyflakes cppcheck "
        "cpplint checkstyle spotbugs swiftlint ktlint detekt clang-tidy luacheck brakeman commitlint codespell phpcs "
        "phpmd jshint tslint vulture hlint cspell djlint"
    ),
    "types": word_set(
        "mypy pyright basedpyright tsc typescript vue-tsc svelte-check pytype phpstan psalm sorbet dialyzer"
    ),
    "format": word_set(
        "black prettier isort gofmt gofumpt goimports rustfmt autopep8 yapf clang-format dprint scalafmt shfmt stylua"
    ),
    "build": word_set("make cmake webpack vite"),
    "scan": word_set(
        "valgrind trivy grype snyk semgrep gitleaks trufflehog pip-audit govulncheck bundler-audit checkov tfsec "
        "kubeconform kubeval osv-scanner pre-commit"
    ),
}
_BY_SUBCOMMAND: dict[Family, tuple[str, ...]] = {
    "lint": ("cargo clippy", "go vet", "deno lint", "helm lint", "buf lint", "dart analyze", "flutter analyze",
        "mix credo"),
    "types": ("deno check",),
    "format": ("cargo fmt", "go fmt", "deno fmt", "mix format", "terraform fmt", "ruff format", "dotnet format"),
    "build": (
        "cargo check", "cargo build", "go build", "swift build", "dotnet build", "docker build", "next build",
        "npm run build",
        "mkdocs build", "make distcheck",
    ),
    "scan": (
        "npm audit", "yarn audit", "pnpm audit", "cargo audit", "cargo deny", "bundle audit", "pip check",
        "poetry check",
        "safety check", "terraform validate", "terraform plan", "alembic check", "twine check", "composer validate",
    ),
}  # fmt: skip
FAMILIES_BY_TOOL: dict[str, Family] = {
    **{name: family for family, names in (*_BY_PROGRAM.items(), *_BY_SUBCOMMAND.items()) for name in names},
    **dict.fromkeys(("cargo-deny", "cargo-audit", "miri"), "scan"),
    "clippy": "lint",
}
_RUN_AS = {
    "typescript": "tsc",
    "clippy": "cargo clippy",
    "cargo-deny": "cargo deny",
    "cargo-audit": "cargo audit",
    "miri": "cargo miri",
    "rustfmt": "cargo fmt",
}
"""For tools whose name in prose is not their command: the command that runs them."""
_INCLUDED_TOOLS = {
    "golangci-lint": word_set("staticcheck revive gofmt gofumpt goimports") | {"go vet"},
    "go": {"go vet", "go build", "go fmt", "gofmt"},
    "cargo": {"cargo check", "cargo build", "rustfmt"},
    "ruff": word_set("flake8 isort black pyflakes pycodestyle pydocstyle bandit"),
    "flake8": word_set("pycodestyle pyflakes"),
    "dmypy": word_set("mypy"),
    "basedpyright": word_set("pyright"),
    "vue-tsc": word_set("tsc typescript"),
    "next": word_set("eslint tsc"),
    "webpack": word_set("eslint tsc"),
    "vite": word_set("eslint tsc"),
    "eslint": word_set("prettier"),
    "ctest": word_set("valgrind"),
    "prek": word_set("pre-commit"),
    **dict.fromkeys(
        ("terraform apply", "terraform destroy", "terraform test", "tofu", "terragrunt"),
        frozenset(["terraform plan", "terraform validate"]),
    ),
}
"""For each program, other tools that it may run."""
_ECHO_PREFIX = r"^(?:[>+$] )?(?:\S*python3? -m |uv run |npx |poetry run |bundle exec |\S*/)?"
_EXIT_CODE_TOOLS = FAMILIES_BY_TOOL.keys() - (
    word_set("valgrind trivy grype semgrep trufflehog checkov tfsec") | {"terraform plan", "yarn audit", "pnpm audit"}
)
"""Tools whose exit code shows whether they found anything."""


_STANDALONE_PROGRAMS = word_set("terraform tofu helm kubectl alembic twine psql sqlite3 gh glab")


def runs_no_other_tool(step: Step) -> bool:
    """Return whether the program of a simple command is known to run no other tool."""
    return step.family == "quiet" or tool_of(step) is not None or step.program.lower() in _STANDALONE_PROGRAMS


def tool_of(step: Step) -> str | None:
    """Return the tool that a simple command runs; None if it runs no known tool."""
    return next(_tools_of(step), None)


def _tools_of(step: Step) -> Iterator[str]:
    yield from (name for name in _names_of(step) if name in FAMILIES_BY_TOOL)


def _names_of(step: Step) -> list[str]:
    """Return the names that a simple command may have, longest first: `go vet ./...`, `go vet`, `go`."""
    names = [step.program.lower(), *(word for word in step.words[1:] if not word.startswith(("-", "+")))]
    return [" ".join(names[:3]), " ".join(names[:2]), names[0]]


def runs_tool(run: Run, tool: str) -> bool:
    """Return whether the run's command uses this tool, or a wrapper such as `make` printed the tool's command."""
    if any(step_runs_tool(step, tool) for step in run.steps) or _is_named(run, tool):
        return True
    if not any(is_wrapper(step) for step in run.steps):
        return False
    return (
        re.search(rf"{_ECHO_PREFIX}{re.escape(_RUN_AS.get(tool, tool))}\b", run.text[:20_000], re.MULTILINE)
        is not None
    )


_SHOWS_OR_INSTALLS = word_set(
    "echo printf cat head tail grep egrep rg ls which type git pip pip3 apt apt-get brew npm yarn pnpm"
)


def _is_named(run: Run, tool: str) -> bool:
    """Return whether a run's command names the tool in a step that does more than show or install something."""
    remaining = run.command[:20_000]
    for step in run.steps:
        if step.program in _SHOWS_OR_INSTALLS:
            remaining = remaining.replace(step.text, " ")
    return re.search(rf"(?<![\w./-]){re.escape(_RUN_AS.get(tool, tool))}(?![\w-])", remaining) is not None


def step_runs_tool(step: Step, tool: str) -> bool:
    """Return whether a simple command runs this tool."""
    if step.family == "quiet" and tool not in ("pip check", "npm audit", "yarn audit", "pnpm audit"):
        return False
    program, *names = _RUN_AS.get(tool, tool).split()
    program_name = step.program.lower().removesuffix(".cmd")
    if program_name == tool:
        return True
    if program_name != program:
        is_task = program_name in ("mvn", "mvnw", "gradle", "gradlew") and tool in (
            "checkstyle",
            "spotbugs",
            "detekt",
            "ktlint",
        )
        return is_task and any(tool in word.lower() for word in step.words[1:])
    arguments = [word for word in step.words[1:] if not word.startswith(("-", "+"))]
    return all(name in arguments[:3] for name in names)


def may_run_tool(run: Run, tool: str) -> bool:
    """Return whether a run may have used this tool without showing it.

    The tool may have been started by a wrapper, such as `make`, or by another tool that includes it.
    """
    if run.is_refused:
        return False
    if tool == "pre-commit" and "commit" in run.families():
        return True  # hooks that pass may print nothing
    if (tasks := listed_tasks(run)) is not None and len(run.steps) == 1:
        return tool.rsplit(maxsplit=1)[-1] in tasks.lower()
    return any(
        is_wrapper(step) or any(tool in _INCLUDED_TOOLS.get(name, ()) for name in _names_of(step))
        for step in run.steps
    )


def exit_code_tells_result(tool: str) -> bool:
    """Return whether exit code 0 of this tool means that it found nothing wrong."""
    return tool in _EXIT_CODE_TOOLS


_NOTHING_FOUND = re.compile(
    r"\b(?:no|0|zero) (?:known |new |open )?(?:vulnerabilit(?:y|ies)|findings?|leaks?|broken requirements|"
    r"secrets|alerts)\b|^No changes\b|\bERROR SUMMARY: 0 errors|no leaks are possible|^Total: 0 \(|"
    r"Success! The configuration is valid|"
    r"definitely lost: 0 bytes",
    re.IGNORECASE | re.MULTILINE,
)
_SOMETHING_FOUND = re.compile(
    r"\b[1-9]\d* (?:\w+ ){0,2}(?:vulnerabilit(?:y|ies)|findings?|leaks?|secrets|alerts)\b|\bERROR SUMMARY: [1-9]|"
    r"^Total: [1-9]\d* \(|^Plan: (?:[1-9]\d* to|\d+ to \w+, [1-9]|\d+ to \w+, \d+ to \w+, [1-9])|"
    r"definitely lost: [1-9]|\.{3,}Failed$|^\S+ \S+ (?:requires|has requirement) \S",
    re.IGNORECASE | re.MULTILINE,
)


def find_clean_scan(text: str) -> re.Match[str] | None:
    """Return the words by which a scanner says that it found nothing; None if there are none."""
    return _NOTHING_FOUND.search(text)


def find_scan_findings(text: str) -> re.Match[str] | None:
    """Return the words by which a scanner says that it found something; None if there are none."""
    return _SOMETHING_FOUND.search(text)
