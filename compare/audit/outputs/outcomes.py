"""Finds the results of tests and checks in outputs: summaries of test runners, messages of compilers and linters,
exit codes.
"""

import re
from collections.abc import Callable, Iterator

from gedanken.compare.audit.outputs.test_summaries import TestSummary, other_summaries

_ANSI = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]|\x1b\][^\x07\n]{0,200}\x07")


def strip_control_sequences(text: str) -> str:
    """Return an output without the control sequences of a terminal, such as colours. The number of lines stays the
    same.
    """
    return _ANSI.sub("", text) if "\x1b" in text else text


_PYTEST = re.compile(
    r"^=*[ \t]*(?P<all>(?:\d+ (?:passed|failed|skipped|errors?|xfailed|xpassed|deselected|warnings?|"
    r"rerun|subtests passed)(?:, )?){1,9}|no tests ran)"
    r" in (?P<time>[\d.:]+ ?s)[^\n]{0,40}$",
    re.MULTILINE,
)
_UNITTEST = re.compile(
    r"^Ran (?P<total>\d+) tests? in [\d.]+s\s{1,4}(?P<end>OK|FAILED|NO TESTS RAN)(?: \((?P<parts>[^)\n]{1,100})\))?",
    re.MULTILINE,
)
_JEST = re.compile(
    r"^[ \t]*Tests:?[ \t]+(?P<all>(?:\d+ (?:failed|passed|skipped|todo|total|pending)(?:, | \|"
    r" )?){1,6})(?:[ \t]*\((?P<total>\d+)\))?",
    re.MULTILINE,
)
_MOCHA = re.compile(
    r"^[ \t]*(?P<passed>\d+) passing(?: \([^)\n]{1,20}\))?[ \t]*(?:\n[ \t]*(?P<pending>\d+) pending[ "
    r"\t]*)?(?:\n[ \t]*(?P<failed>\d+) failing)?",
    re.MULTILINE,
)
_NODE = re.compile(
    r"^(?:# |ℹ )tests (?P<total>\d+)\n(?:(?:# |ℹ )\w+ [\d.]+\n){0,3}?(?:# |"
    r"ℹ )pass (?P<passed>\d+)\n(?:# |ℹ )fail (?P<failed>\d+)",
    re.MULTILINE,
)
_CARGO = re.compile(
    r"^test result: (?:ok|FAILED)\. (?P<passed>\d+) passed; (?P<failed>\d+) failed; (?P<skipped>\d+) ignored",
    re.MULTILINE,
)
_MAVEN = re.compile(
    r"Tests run: (?P<total>\d+), Failures: (?P<failed>\d+), Errors: (?P<errors>\d+)(?:, Skipped: "
    r"(?P<skipped>\d+))?(?P<class>, Time elapsed)?"
)
_GRADLE = re.compile(
    r"^(?P<total>\d+) tests completed(?:, (?P<failed>\d+) failed)?(?:, (?P<skipped>\d+) skipped)?", re.MULTILINE
)
_GRADLE_LOGGER = re.compile(
    r"^Results: (?:SUCCESS|FAILURE) \((?P<total>\d+) tests, (?P<passed>\d+) successes, (?P<failed>\d+) failures, "
    r"(?P<skipped>\d+) skipped\)",
    re.MULTILINE,
)
_CTEST = re.compile(r"^\d+% tests passed, (?P<failed>\d+) tests failed out of (?P<total>\d+)", re.MULTILINE)
_RSPEC = re.compile(
    r"^(?P<total>\d+) examples?, (?P<failed>\d+) failures?(?:, (?P<skipped>\d+) pending)?", re.MULTILINE
)
_PHPUNIT = re.compile(
    r"^OK(?:, but [^\n(]{1,60})? \((?P<total>\d+) tests?, \d+ assertions?\)|"
    r"^Tests: (?P<run>\d+), Assertions: \d+(?:, Errors: (?P<errors>\d+))?(?:, Failures: "
    r"(?P<failed>\d+))?",
    re.MULTILINE,
)
_DOTNET = re.compile(
    r"Failed:\s+(?P<failed>\d+), Passed:\s+(?P<passed>\d+), Skipped:\s+(?P<skipped>\d+), Total:\s+(?P<total>\d+)"
)
_XCTEST = re.compile(
    r"^[ \t]*Executed (?P<total>\d+) tests?, with (?:(?P<skipped>\d+) tests? skipped and )?(?P<failed>\d+) failures?",
    re.MULTILINE,
)
_BUN = re.compile(r"^ *(?P<passed>\d+) pass\n(?: *\d+ skip\n)? *(?P<failed>\d+) fail", re.MULTILINE)
_TOTAL_AND_FAILED = re.compile(
    r"^(?P<total>\d+) (?:tests?|cases|checks),? (?P<failed>\d+) (?:failed|failures?)\b"
    r"(?:,? (?P<skipped>\d+) (?:skipped|excluded|pending)\b)?",
    re.MULTILINE,
)
_PASSED_OF_TOTAL = re.compile(
    r"^\W{0,4}(?P<passed>\d+)(?:/| of | out of )(?P<total>\d+) (?:tests?|checks|cases) (?:passed|ok)\b",
    re.MULTILINE | re.IGNORECASE,
)
_SYMPY = re.compile(
    r"^=+ tests finished: (?P<passed>\d+) passed(?:, (?P<failed>\d+) failed)?(?:, (?P<skipped>\d+) "
    r"(?:skipped|expected to fail))?"
    r"(?:, [^\n=]{1,80})?, in ",
    re.MULTILINE,
)
_GO = re.compile(r"^[ \t]*--- (?P<what>PASS|FAIL|SKIP): ", re.MULTILINE)
_GO_PACKAGE = re.compile(
    r"^(?P<what>ok|FAIL)[ \t]+\S{1,200}(?:[ \t]+(?:[\d.]+s|\(cached\)|\[build failed\]|\[setup failed\]))",
    re.MULTILINE,
)
_GENERIC = re.compile(
    r"^[^\n\d]{0,60}?(?:(?P<passed>\d+)(?: tests?| checks| cases)? pass(?:ed)?\b\W{1,4}"
    r"(?P<failed>\d+)(?: tests?| checks| cases)? fail(?:ed|ures)?\b"
    r"(?:\W{1,4}(?P<skipped>\d+) skipped\b)?(?:\W{1,4}(?P<total>\d+)(?: tests?)? total\b)?|"
    r"pass(?:ed)?\s?[:=]\s?(?P<passed_2>\d+)\W{1,4}fail(?:ed|ures)?\s?[:=]\s?(?P<failed_2>\d+)"
    r"(?:\W{1,4}(?:total)\s?[:=]\s?(?P<total_2>\d+))?|"
    r"(?P<passed_3>\d+)/(?P<total_3>\d+) (?:tests? |checks |cases )?passed\b)",
    re.MULTILINE | re.IGNORECASE,
)
"""Matches summaries of unknown test runners."""
_COUNT_WITH_WORD = re.compile(r"(\d+) ([a-z]+)")
_NAMED_COUNT = re.compile(r"(\w+)=(\d+)")
_CASE = re.compile(
    r"\b(PASSED|FAILED|ERROR)\b|^[ \t]*(?:✓|✔|√|ok\b|✅|PASS\b)|^[ \t]*(?:✗|✕|✘|×|not ok \d|❌|FAIL\b)|"
    r"\.\.\. (ok|FAIL|ERROR)$",
    re.MULTILINE,
)


def find_summaries(text: str) -> list[TestSummary]:
    """Return the summaries of test runners in an output, in order."""
    if not _HINT.search(text):
        return []
    summaries = [summary for reader in _READERS for summary in reader(text)]
    taken_lines = {
        text.count("\n", 0, summary.offset + offset)
        for summary in summaries
        for offset in (0, max(len(summary.text) - 1, 0))
    }
    summaries += [
        summary for summary in _generic_summaries(text) if text.count("\n", 0, summary.offset) not in taken_lines
    ]
    return sorted(summaries, key=lambda summary: summary.offset)


def _generic_summaries(text: str) -> Iterator[TestSummary]:
    """Yield the summaries of unknown test runners."""
    for match in _GENERIC.finditer(text):
        groups = {name.rstrip("_23"): int(number) for name, number in match.groupdict().items() if number}
        passed, total = groups["passed"], groups.get("total")
        failed = groups.get("failed", max((total or 0) - passed, 0))
        skipped = groups.get("skipped", 0)
        yield TestSummary(passed, failed, skipped, match.start(), match[0].strip(), total, is_unknown_runner=True)


_HINT = re.compile(
    r"passed|Ran \d|Executed \d|passing|tests?\b|Tests|errors? in|examples?,|Passed|PASS|--- |^ok|^Ok:|^FAIL| pass\b|"
    r"scenarios|specs|successes|test cases|assertions|Test summary",
    re.MULTILINE,
)


def _read_pytest(text: str) -> Iterator[TestSummary]:
    for match in _PYTEST.finditer(text):
        counts = {word.removesuffix("s"): int(number) for number, word in _COUNT_WITH_WORD.findall(match["all"])}
        failed = counts.get("failed", 0) + counts.get("error", 0)
        skipped = counts.get("skipped", 0) + counts.get("xfailed", 0)
        errors = counts.get("error", 0)
        left_out = tuple(counts[word] for word in ("skipped", "xfailed", "deselected") if word in counts)
        passed = counts.get("passed", 0)
        yield TestSummary(passed, failed, skipped, match.start(), match[0], errors=errors, not_run_counts=left_out)


def _read_unittest(text: str) -> Iterator[TestSummary]:
    for match in _UNITTEST.finditer(text):
        counts = {name: int(number) for name, number in _NAMED_COUNT.findall(match["parts"] or "")}
        failed = counts.get("failures", 0) + counts.get("errors", 0) if match["end"] == "FAILED" else 0
        failed = failed or int(match["end"] == "FAILED")
        skipped = counts.get("skipped", 0)
        total = int(match["total"])
        yield TestSummary(max(total - failed - skipped, 0), failed, skipped, match.start(), match[0], total)


def _read_jest(text: str) -> Iterator[TestSummary]:
    for match in _JEST.finditer(text):
        counts = {word: int(number) for number, word in _COUNT_WITH_WORD.findall(match["all"])}
        skipped = counts.get("skipped", 0) + counts.get("todo", 0) + counts.get("pending", 0)
        total = counts.get("total") or (int(match["total"]) if match["total"] else None)
        yield TestSummary(
            counts.get("passed", 0), counts.get("failed", 0), skipped, match.start(), match[0].strip(), total
        )


def _pattern_summaries(pattern: re.Pattern[str], text: str) -> Iterator[TestSummary]:
    """Yield the summaries that a pattern matches. Its groups are named after what they count."""
    for match in pattern.finditer(text):
        groups = {name: int(number) for name, number in match.groupdict().items() if number and number.isdigit()}
        failed = groups.get("failed", 0) + groups.get("errors", 0)
        skipped = groups.get("skipped", 0) + groups.get("pending", 0)
        total = groups.get("total", groups.get("run"))
        passed = groups.get("passed")
        if pattern is _PASSED_OF_TOTAL:
            failed = max((total or 0) - (passed or 0), 0)
        if passed is None and total is not None:
            passed = max(total - failed - skipped, 0)
        yield TestSummary(passed, failed, skipped, match.start(), match[0].strip(), total)


def _read_maven(text: str) -> Iterator[TestSummary]:
    total_lines = [match for match in _MAVEN.finditer(text) if not match["class"]]
    last_line = total_lines[-1:] if total_lines else list(_MAVEN.finditer(text))[-1:]
    for match in last_line:
        yield from (summary._replace(offset=match.start()) for summary in _pattern_summaries(_MAVEN, match[0]))


def _read_cargo(text: str) -> Iterator[TestSummary]:
    """Yield cargo's summaries, one for each test binary. If there are several, their sum comes first."""
    summaries = list(_pattern_summaries(_CARGO, text))
    if len(summaries) > 1:
        yield _add_up(summaries)
    yield from summaries


def _read_go(text: str) -> Iterator[TestSummary]:
    cases = list(_GO.finditer(text))
    packages = list(_GO_PACKAGE.finditer(text))
    if not cases and not packages:
        return
    last_match = (packages or cases)[-1]
    failed = sum(match["what"] == "FAIL" for match in cases)
    if not failed:
        failed = sum(match["what"] == "FAIL" for match in packages)
    passed = sum(match["what"] == "PASS" for match in cases) or None
    skipped = sum(match["what"] == "SKIP" for match in cases)
    yield TestSummary(passed, failed, skipped, last_match.start(), last_match[0].strip())


def _add_up(summaries: list[TestSummary]) -> TestSummary:
    passed = sum(summary.passed or 0 for summary in summaries)
    failed, skipped = sum(summary.failed for summary in summaries), sum(summary.skipped for summary in summaries)
    return TestSummary(passed, failed, skipped, summaries[-1].offset, summaries[-1].text, passed + failed + skipped)


def _reader_of(pattern: re.Pattern[str]) -> Callable[[str], Iterator[TestSummary]]:
    return lambda text: _pattern_summaries(pattern, text)


_READERS = (
    _read_pytest, _read_unittest, _read_jest, _read_maven, _read_cargo, _read_go,
    *(_reader_of(regex) for regex in (_MOCHA, _NODE, _GRADLE, _GRADLE_LOGGER, _CTEST, _RSPEC, _PHPUNIT, _DOTNET)),
    *(_reader_of(regex) for regex in (_XCTEST, _TOTAL_AND_FAILED, _PASSED_OF_TOTAL, _SYMPY, _BUN)), other_summaries,
)  # fmt: skip

_ERROR_SIGN = re.compile(
    r"^(?:.{0,200}?: )?(?:error(?:\[E\d+\])?:|fatal error:)|error TS\d+|^make(?:\[\d+\])?: \*\*\* |"
    r"BUILD FAILURE|BUILD FAILED|npm ERR!|"
    r"Traceback \(most recent call last\)|^Found [1-9]\d* errors?|[✖×] [1-9]\d* problems?\b(?! \(0 errors)|"
    r"command not found|No module named|"
    r"No such file or directory|^error: |Segmentation fault|panicked at|^\S+Error: |"
    r"compilation terminated|would reformat|^ *[1-9]\d* Error\(s\)|error CS\d{4}:|[✘X] \[ERROR\]|"
    r"^Failed to compile|^CMake Error|^ninja: build stopped|^Build FAILED\.|"
    r"\b(?:[Ff]ound|FOUND|[Yy]ou have) [1-9]\d* (?:\w+ )?(?:(?i:errors?|violations?|problems?|issues?))\b|"
    r"\b[1-9]\d* offenses? detected|^[1-9]\d* (?:issues?|problems?|errors?)(?: generated)?[:.]?$|"
    r"^FAILED|^ERROR\b|ELIFECYCLE|"
    r"\b(?:[Cc]ompleted|[Ff]inished|[Ee]nded) with [1-9]\d* (?:errors?|failures?)\b|"
    r"\b(?:ERRORS?|FAIL(?:ED|URES)?)=[1-9]",
    re.MULTILINE,
)
_MAY_HAVE_FAILED = re.compile(
    r"(?<![\w-])(?<!\bno )(?<!\b0 )(?<!zero )(?<!without )(?<!without any )"
    r"(?:errors?|fail(?:s|ed|ures?)?|fatal|abort(?:s|ed|ing)?|exception|denied|killed)\b(?!\W{1,3}0\b)",
    re.IGNORECASE,
)
"""Matches words for failure anywhere in an output, except negated ones such as `0 errors`."""
_BUILD_SUCCESS = (
    r"BUILD SUCCESS(?:FUL)?\b|\*\* [A-Z ]{0,20}(?:BUILD|ARCHIVE) SUCCEEDED \*\*|^\s*0 Error\(s\)|"
    r"[Bb]uild succeeded\b|Finished `?\w+`? |[Cc]ompiled successfully|^Successfully (?:built|compiled|tagged)|"
    r"\bbuilt in [\d.]+ ?m?s|bundle generation complete|"
    r"^\[100%\] Built target|^Build (?:complete!|Succeeded|success)|\bBuild success in |"
    r"^\s*⚡ Done in [\d.]+ ?m?s\b|^\s*Bundled \d+ modules?|Successfully ran target build|^ninja: no work to do|"
    r"^created \S+ in [\d.]+ ?m?s|^make: (?:Nothing to be done|'\S+' is up to date)|"
    r"^The project was (?:built|hosted)|Build completed successfully|^INFO: Build completed|"
    r"^\s*✨\s+Built|naming to \S+ (?:\S+ )?done"
)
_LINT_SUCCESS = (
    r"All checks passed|^\s*0 (?:issues|problems)\b|no issues found|rated at 10\.00/10|"
    r"\b(?:[Ff]ound|have) 0 (?:\w+ )?(?:violations|problems|errors)|No fixes applied|"
    r"^No (?:lint|ESLint)[^\n]{0,30}(?:errors|warnings)|no offenses detected"
)
_TYPES_SUCCESS = r"Success: no issues found|No issues found!|\[OK\] No errors|^\s*0 errors?\b|0 errors, 0 warnings"
_FORMAT_SUCCESS = r"All done!|All matched files use Prettier|files? (?:left unchanged|already formatted)"
_SUCCESS = re.compile(f"{_LINT_SUCCESS}|{_TYPES_SUCCESS}|{_BUILD_SUCCESS}|{_FORMAT_SUCCESS}", re.MULTILINE)
_SUCCESS_BY_FAMILY = {
    family: re.compile(pattern, re.MULTILINE)
    for family, pattern in (
        ("build", _BUILD_SUCCESS),
        ("lint", _LINT_SUCCESS),
        ("types", _TYPES_SUCCESS),
        ("format", _FORMAT_SUCCESS),
    )
}
_DID_NOT_START = re.compile(
    r"(?:command not found|No module named ['\"]?(?P<module>[\w.]+)|not recognized as an internal|"
    r"executable file not found|No such file or directory|Missing script|can't open file|"
    r"ERROR: file or directory not found|Cannot find module)"
)
_EXIT_CODE = re.compile(
    r"^\s*(?:Error: )?Exit code:? (\d{1,3})\b|\[exit(?:ed)?(?: with)?(?: code| status)?:? (\d{1,3})\]|"
    r"<returncode>(\d{1,3})</returncode>|"
    r"^Process exited with code (\d{1,3})\b|\[The command completed with exit code (\d{1,3})\.?\]|"
    r"^(?:EXIT(?:_CODE)?|exit(?: code)?|rc)[:=] ?(\d{1,3})$",
    re.MULTILINE,
)


_PRINTS_EXIT_CODE = re.compile(r"(?:echo|printf)\s+(?:-\w+\s+)?(?P<mark>[\"']?)(?P<before>[^\"'\n;&|$]{0,60})\$\{?\?")


def printed_exit_code(command: str, text: str) -> int | None:
    """Return the exit code that a command printed on purpose, as in `make; echo "ended with $?"`; else None."""
    for match in reversed(list(_PRINTS_EXIT_CODE.finditer(command))):
        words_before = r"\s+".join(map(re.escape, match["before"].split()))
        codes = list(re.finditer(rf"^\W{{0,3}}{words_before}\s*(\d{{1,3}})(?!\d)", text, re.MULTILINE))
        if codes:
            return int(codes[-1][1])
    return None


def stated_exit_code(text: str) -> int | None:
    """Return the exit code that a result states near its end or its beginning; None if it states none."""
    for part in (text[-300:], text[:300]):
        groups = _EXIT_CODE.findall(part)
        if groups:
            return int(next(group for group in groups[-1] if group))
    return None


def find_error_sign(text: str) -> re.Match[str] | None:
    """Return the first sign of an error in the output of a compiler or linter; None if there is none."""
    return _ERROR_SIGN.search(text)


def may_have_failed(text: str) -> bool:
    """Return whether an output mentions failure in any words, so that the output alone does not prove success."""
    return _MAY_HAVE_FAILED.search(text) is not None


def find_success_message(text: str, family: str = "") -> re.Match[str] | None:
    """Return a message of success from a linter or compiler, preferably from this `family`; None if there is none."""
    pattern = _SUCCESS_BY_FAMILY.get(family)
    return (pattern.search(text) if pattern else None) or _SUCCESS.search(text)


def find_build_success(text: str) -> re.Match[str] | None:
    """Return the message with which a build reports success, whatever tool ran the build; None if there is none."""
    return _SUCCESS_BY_FAMILY["build"].search(text)


def find_exit_code(text: str) -> re.Match[str] | None:
    """Return where an output states an exit code; None if it states none."""
    return _EXIT_CODE.search(text)


def find_not_started(text: str) -> re.Match[str] | None:
    """Return the message, in a short output, that a program, script, module or file is missing; else None."""
    return _DID_NOT_START.search(text[:2_000]) if len(text) < 4_000 else None


def count_test_cases(text: str) -> tuple[int, int]:
    """Return how many single test cases an output shows as passed, and how many as failed."""
    passed = failed = 0
    for match in _CASE.finditer(text):
        is_passed = (
            match[1] == "PASSED"
            or match[2] == "ok"
            or (not match[1] and not match[2] and re.match(r"\s*(?:✓|✔|√|ok|✅|PASS)", match[0]))
        )
        passed, failed = passed + bool(is_passed), failed + (not is_passed)
    return passed, failed


_CUT_REMARK = re.compile(
    r"(?:\[|<|\(|\.\.\. ?)[^\]>)\n]{0,60}(?:truncated|clipped|omitted|elided|observation too long|"
    r"output too (?:long|large))[^\]>)\n]{0,60}(?:\]|>|\)| ?\.\.\.)|"
    r"<response clipped>|\.\.\. ?\[\d+ lines|… \+\d+ lines|\[\.\.\. .{0,40}\.\.\.\]|tokens truncated|"
    r"<NOTE>.{0,40}clipped|characters? truncated|elided_chars",
    re.IGNORECASE,
)


def is_output_cut(text: str) -> bool:
    """Return whether the text remarks that the agent's software left out a part of it."""
    return _CUT_REMARK.search(text) is not None
