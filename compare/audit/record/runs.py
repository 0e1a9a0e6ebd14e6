"""Describes a command that was run, and decides whether it may have done more than the record shows."""

import re
from dataclasses import dataclass

from gedanken.compare.audit.commands.command_lines import Step, may_run_unseen, parse_steps
from gedanken.compare.audit.commands.programs import word_set
from gedanken.compare.audit.outputs.outcomes import count_test_cases, find_summaries
from gedanken.compare.audit.outputs.test_summaries import TestSummary

_MAX_OUTPUT_CHARS = 200_000
_MAX_CODE_CHARS = 20_000
_OUTPUT_SIGNS = {
    "tests": re.compile(
        r"\bpass|\bfail|\d+ tests?\b|\btests? (?:ok|run|suite)|\bok\b|[✓✔✅]|assert|success", re.IGNORECASE
    ),
    "program": re.compile(r"\d"),
}
_CHECK_SIGNS = re.compile(
    r"error|warning|issue|clean|lint|check|built|build|compil|success|pass|finished|done|mypy|ruff|format",
    re.IGNORECASE,
)
_CHECKING_WORDS = re.compile(r"test|check|verif|valid|spec|ci\b|build|lint|all|run", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class Run:
    """A command that was run, according to the record."""

    call_event: int
    """Number of the event that called the command."""
    result: int | None
    """Number of the event with its result; None if the record has no result."""
    command: str
    session: str
    steps: tuple[Step, ...]
    text: str = ""
    exit_code: int | None = None
    is_incomplete: bool = False
    """True if a part of the output is missing, because the agent's software cut it off or another command filtered
    it.
    """
    is_cut_by_agent: bool = False
    """True if the agent's software cut the output off. The agent may have seen more of it than the record
    contains.
    """
    is_background: bool = False
    is_refused: bool = False
    _tests: list[TestSummary] | None = None
    _cases: tuple[int, int] | None = None

    @property
    def tests(self) -> list[TestSummary]:
        """The test summaries in the output. A summary whose text is in the command itself, as with `echo`, is left
        out.
        """
        if self._tests is None:
            summaries = find_summaries(self.text)
            self._tests = (
                [summary for summary in summaries if summary.text.strip("= \t") not in self.command]
                if summaries
                else summaries
            )
        return self._tests

    @property
    def cases(self) -> tuple[int, int]:
        """Numbers of single test cases in the output, as (passed, failed)."""
        if self._cases is None:
            self._cases = count_test_cases(self.text[:500_000])
        return self._cases

    @property
    def result_event(self) -> int:
        """Number of the event with the result; larger than any event if there is no result."""
        return self.result if self.result is not None else 10**12

    @property
    def only_shows(self) -> bool:
        """True if the command runs no code of the project and only shows something, for example a file."""
        return all(step.family == "quiet" or step.program in _FETCHERS for step in self.steps)

    def families(self) -> set[str]:
        """Return the families of the run's commands, such as `tests`, `build` and `lint`."""
        return {step.family for step in self.steps}


_FETCHERS = frozenset(["curl", "wget", "gh", "glab"])
_GIT_OR_AGENT_LINE = re.compile(
    r"^(?:\[(?:Command|The command|[\w/.-]+ [0-9a-f]{7,})|\s\d+ files? changed| (?:create|delete|rename) mode|"
    r"Rebasing \(|Successfully rebased|Auto-merging|CONFLICT|error: could not apply|hint: |Already up[ -]to[ -]date|"
    r"Fast-forward|Merge made by|Everything up-to-date|"
    r"(?:remote: )?(?:Enumerating|Counting|Compressing|Writing) objects).*$",
    re.MULTILINE,
)
"""Matches lines that come from git or the agent's software, and not from a program that a git hook runs."""
_SERVICE_CLIENTS = word_set("curl wget http https psql mysql sqlite3 redis-cli terraform tofu helm kubectl")
"""Programs that run no code of the project on this machine. Their output may report a run on another machine."""
_RESULT_WORDS = re.compile(
    r"\b(?:pass(?:ed|es)?|fail(?:ed|ures?|s)?|tests?|lint\w*|build\w*|compil\w+|pipeline|jobs?)\b", re.IGNORECASE
)
_TASK = re.compile(r"^(?:> Task (?P<task>:\S+)|\[INFO\] --- (?P<goal>\S+))", re.MULTILINE)


_TASKS_BY_FAMILY = {
    "lint": re.compile(r"checkstyle|spotbugs|pmd|lint|detekt|spotless|\bcheck\b", re.IGNORECASE),
    "format": re.compile(r"spotless|format|lint", re.IGNORECASE),
    "types": re.compile(r"type|compile", re.IGNORECASE),
}
"""For each family, a pattern for the names of build tasks that may belong to it. For example, the task
`checkstyleMain` may belong to `lint`.
"""


def is_service_query(step: Step) -> bool:
    """Return whether a simple command runs no code of the project and only queries a service."""
    return step.program.lower() in _SERVICE_CLIENTS


def listed_tasks(run: Run) -> str | None:
    """Return the names of all tasks that Gradle or Maven ran, separated by spaces.

    None if the output does not list them all.
    """
    if run.is_incomplete or run.result is None or not any(_lists_tasks(step) for step in run.steps):
        return None
    return " ".join(match["task"] or match["goal"] for match in _TASK.finditer(run.text)) or None


def _lists_tasks(step: Step) -> bool:
    return step.program.lower() in ("gradle", "gradlew", "mvn", "mvnw")


_SCRIPT_RUNNERS = word_set("npm pnpm")
_PRINTED_SCRIPT = re.compile(r"^> (?:@?[\w./-]+@\S+ )?[\w:.-]+(?: /\S+)?\n> (?P<ran>.+)$", re.MULTILINE)


def printed_scripts(run: Run) -> tuple[Step, ...] | None:
    """Return the commands that npm or pnpm printed before starting them.

    None if other programs ran or a command is missing.
    """
    active_steps = [step for step in run.steps if step.family != "quiet"]
    if run.is_incomplete or run.is_background or run.result is None or not active_steps:
        return None
    if any(step.program.lower() not in _SCRIPT_RUNNERS for step in active_steps):
        return None
    commands = [match["ran"] for match in _PRINTED_SCRIPT.finditer(run.text[:_MAX_OUTPUT_CHARS])]
    if len(commands) < len(active_steps):
        return None
    steps = [step for command in commands for step in parse_steps(command)]
    return tuple(step for step in steps if not (step.program.lower() in _SCRIPT_RUNNERS and "run" in step.words))


def may_hide_command(run: Run, family: str) -> bool:
    """Return whether a run may have executed a command of this family, such as `tests`, that is not in the record."""
    if run.is_background and run.result is None:
        return True
    if (family == "tests" and run.tests) or is_plain_script(run):
        return False  # the record shows all that this run did
    text = _GIT_OR_AGENT_LINE.sub("", run.text[:_MAX_OUTPUT_CHARS])
    active_steps = [step for step in run.steps if step.family != "quiet"]
    if family != "program" and active_steps and all(map(is_service_query, active_steps)):
        return _RESULT_WORDS.search(text) is not None
    tasks = listed_tasks(run) if len(run.steps) == 1 else None
    if tasks is not None and family in _TASKS_BY_FAMILY:
        return _TASKS_BY_FAMILY[family].search(tasks) is not None
    script_steps = printed_scripts(run) if family == "tests" else None  # plug-ins of bundlers may do other checks
    if script_steps is not None and any(step.family == family for step in script_steps):
        return True
    steps = run.steps if script_steps is None else script_steps
    return any(may_run_unseen(step, family) and _may_have_run(run, step, family, text) for step in steps)


_INLINE_PYTHON = re.compile(
    r"\A\s*(?:cd \S+ && )?python[\d.]* (?:- )?<<-?\s*(['\"]?)(?P<word>\w+)\1[^\n]*\n(?P<code>.*?)\n(?P=word)\s*\Z",
    re.DOTALL,
)
_IMPORTS = re.compile(r"^\s*(?:import|from)\s+(?P<names>[\w., ]+?)(?:\s+import\b.*)?$", re.MULTILINE)
_FILE_MODULES = word_set("pathlib re sys json os io textwrap shutil glob csv fileinput string itertools difflib")
_STARTS_PROCESS = re.compile(
    r"^\s*[!%]|\b(?:system|popen|spawn\w*|exec\w*|eval|fork\w*|posix_spawn|startfile|__import__|sys\.modules)\b",
    re.MULTILINE,
)


def is_plain_script(run: Run) -> bool:
    """Return whether a run is Python code that is completely contained in its command and can only read and write
    files.
    """
    script = _INLINE_PYTHON.match(run.command) if len(run.command) <= _MAX_CODE_CHARS else None
    if script is None or _STARTS_PROCESS.search(script["code"]):
        return False
    names = [name for statement in _IMPORTS.finditer(script["code"]) for name in statement["names"].split(",")]
    return all(name.split()[0].split(".")[0] in _FILE_MODULES for name in names if name.strip())


_NAMES_BY_FAMILY = {
    "tests": re.compile(r"test|spec|check|verif", re.IGNORECASE),
    "build": re.compile(r"build|compil|bundle|assemble|package|archive|\bmake\b|\bdist\b", re.IGNORECASE),
    "lint": re.compile(r"lint|check|analy", re.IGNORECASE),
    "types": re.compile(r"typ|check|tsc", re.IGNORECASE),
    "format": re.compile(r"format|fmt|style", re.IGNORECASE),
}


def resembles_family(run: Run, family: str) -> bool:
    """Return whether a run has a step of unknown purpose whose text resembles the commands of this family."""
    pattern = _NAMES_BY_FAMILY.get(family)
    return pattern is not None and any(
        step.family in ("program", "other") and pattern.search(step.text) for step in run.steps
    )


def _may_have_run(run: Run, step: Step, family: str, text: str) -> bool:
    """Return whether a step may have run a command of this family, judged by the step and the output `text`."""
    if _signs_of(family).search(text):
        return True
    if step.family == "commit":
        return False
    searched = run.command[:_MAX_CODE_CHARS] if step.family == "program" and "<<" in run.command else step.text
    return run.result is None or run.is_incomplete or not text.strip() or _CHECKING_WORDS.search(searched) is not None


def _signs_of(family: str) -> re.Pattern[str]:
    return _OUTPUT_SIGNS.get(family, _CHECK_SIGNS)


def shorten_command(text: str) -> str:
    """Return a command on one line, cut to 80 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"
