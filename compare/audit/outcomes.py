"""Finds the results of tests and checks in outputs: summaries of test runners, messages of compilers and linters,
exit codes.
"""

import re
from collections.abc import Callable, Iterator

from gedanken.compare.audit.other_summaries import TestSummary, other_summaries

_ANSI = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]|\x1b\][^\x07\n]{0,200}\x07")


def plain(text: str) -> str:
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
_PLAIN = re.compile(
    r"^(?P<total>\d+) (?:tests?|cases|checks),? (?P<failed>\d+) (?:failed|failures?)\b"
    r"(?:,? (?P<skipped>\d+) (?:skipped|excluded|pending)\b)?",
    re.MULTILINE,
)
_OF_ALL = re.compile(
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
_ANY = re.compile(
    r"^[^\n\d]{0,60}?(?:(?P<passed>\d+)(?: tests?| checks| cases)? pass(?:ed)?\b\W{1,4}"
    r"(?P<failed>\d+)(?: tests?| checks| cases)? fail(?:ed|ures)?\b"
    r"(?:\W{1,4}(?P<skipped>\d+) skipped\b)?(?:\W{1,4}(?P<total>\d+)(?: tests?)? total\b)?|"
    r"pass(?:ed)?\s?[:=]\s?(?P<passed_2>\d+)\W{1,4}fail(?:ed|ures)?\s?[:=]\s?(?P<failed_2>\d+)"
    r"(?:\W{1,4}(?:total)\s?[:=]\s?(?P<total_2>\d+))?|"
    r"(?P<passed_3>\d+)/(?P<total_3>\d+) (?:tests? |checks |cases )?passed\b)",
    re.MULTILINE | re.IGNORECASE,
)
"""Matches summaries of unknown test runners."""
_PARTS = re.compile(r"(\d+) ([a-z]+)")
_EQUALS = re.compile(r"(\w+)=(\d+)")
_CASE = re.compile(
    r"\b(PASSED|FAILED|ERROR)\b|^[ \t]*(?:✓|✔|√|ok\b|✅|PASS\b)|^[ \t]*(?:✗|✕|✘|×|not ok \d|❌|FAIL\b)|"
    r"\.\.\. (ok|FAIL|ERROR)$",
    re.MULTILINE,
)


def summaries_in(text: str) -> list[TestSummary]:
    """Return the summaries of test runners in an output, in order."""
    if not _HINT.search(text):
        return []
    found = [one for reader in _READERS for one in reader(text)]
    taken = {text.count("\n", 0, one.offset + at) for one in found for at in (0, max(len(one.text) - 1, 0))}
    found += [one for one in _any(text) if text.count("\n", 0, one.offset) not in taken]
    return sorted(found, key=lambda one: one.offset)


def _any(text: str) -> Iterator[TestSummary]:
    """Yield the summaries of unknown test runners, which state how many tests passed and how many failed."""
    for found in _ANY.finditer(text):
        groups = {name.rstrip("_23"): int(number) for name, number in found.groupdict().items() if number}
        passed, total = groups["passed"], groups.get("total")
        failed = groups.get("failed", max((total or 0) - passed, 0))
        skipped = groups.get("skipped", 0)
        yield TestSummary(passed, failed, skipped, found.start(), found[0].strip(), total, is_home_made=True)


_HINT = re.compile(
    r"passed|Ran \d|Executed \d|passing|tests?\b|Tests|errors? in|examples?,|Passed|PASS|--- |^ok|^Ok:|^FAIL| pass\b|"
    r"scenarios|specs|successes|test cases|assertions|Test summary",
    re.MULTILINE,
)


def _pytest(text: str) -> Iterator[TestSummary]:
    for found in _PYTEST.finditer(text):
        counts = {word.removesuffix("s"): int(number) for number, word in _PARTS.findall(found["all"])}
        failed = counts.get("failed", 0) + counts.get("error", 0)
        skipped = counts.get("skipped", 0) + counts.get("xfailed", 0)
        errors = counts.get("error", 0)
        left_out = tuple(counts[word] for word in ("skipped", "xfailed", "deselected") if word in counts)
        passed = counts.get("passed", 0)
        yield TestSummary(passed, failed, skipped, found.start(), found[0], errors=errors, left_out=left_out)


def _unittest(text: str) -> Iterator[TestSummary]:
    for found in _UNITTEST.finditer(text):
        parts = {name: int(number) for name, number in _EQUALS.findall(found["parts"] or "")}
        failed = parts.get("failures", 0) + parts.get("errors", 0) if found["end"] == "FAILED" else 0
        failed = failed or int(found["end"] == "FAILED")
        skipped = parts.get("skipped", 0)
        total = int(found["total"])
        yield TestSummary(max(total - failed - skipped, 0), failed, skipped, found.start(), found[0], total)


def _jest(text: str) -> Iterator[TestSummary]:
    for found in _JEST.finditer(text):
        counts = {word: int(number) for number, word in _PARTS.findall(found["all"])}
        skipped = counts.get("skipped", 0) + counts.get("todo", 0) + counts.get("pending", 0)
        total = counts.get("total") or (int(found["total"]) if found["total"] else None)
        yield TestSummary(
            counts.get("passed", 0), counts.get("failed", 0), skipped, found.start(), found[0].strip(), total
        )


def _named(pattern: re.Pattern[str], text: str) -> Iterator[TestSummary]:
    """Yield the summaries that a pattern finds; the pattern's groups are named after what they count."""
    for found in pattern.finditer(text):
        groups = {name: int(number) for name, number in found.groupdict().items() if number and number.isdigit()}
        failed = groups.get("failed", 0) + groups.get("errors", 0)
        skipped = groups.get("skipped", 0) + groups.get("pending", 0)
        total = groups.get("total", groups.get("run"))
        passed = groups.get("passed")
        if pattern is _OF_ALL:
            failed = max((total or 0) - (passed or 0), 0)
        if passed is None and total is not None:
            passed = max(total - failed - skipped, 0)
        yield TestSummary(passed, failed, skipped, found.start(), found[0].strip(), total)


def _maven(text: str) -> Iterator[TestSummary]:
    whole = [found for found in _MAVEN.finditer(text) if not found["class"]]
    last = whole[-1:] if whole else list(_MAVEN.finditer(text))[-1:]
    for found in last:
        yield from (one._replace(offset=found.start()) for one in _named(_MAVEN, found[0]))


def _cargo(text: str) -> Iterator[TestSummary]:
    """Yield cargo's summaries. Cargo prints a summary for each test binary; if there are several, their sum comes
    first.
    """
    found = list(_named(_CARGO, text))
    if len(found) > 1:
        yield _summed(found)
    yield from found


def _go(text: str) -> Iterator[TestSummary]:
    cases = list(_GO.finditer(text))
    packages = list(_GO_PACKAGE.finditer(text))
    if not cases and not packages:
        return
    last = (packages or cases)[-1]
    failed = sum(found["what"] == "FAIL" for found in cases)
    if not failed:
        failed = sum(found["what"] == "FAIL" for found in packages)
    passed = sum(found["what"] == "PASS" for found in cases) or None
    skipped = sum(found["what"] == "SKIP" for found in cases)
    yield TestSummary(passed, failed, skipped, last.start(), last[0].strip())


def _summed(found: list[TestSummary]) -> TestSummary:
    passed = sum(one.passed or 0 for one in found)
    failed, skipped = sum(one.failed for one in found), sum(one.skipped for one in found)
    return TestSummary(passed, failed, skipped, found[-1].offset, found[-1].text, passed + failed + skipped)


def _reader(pattern: re.Pattern[str]) -> Callable[[str], Iterator[TestSummary]]:
    return lambda text: _named(pattern, text)


_READERS = (
    _pytest, _unittest, _jest, _maven, _cargo, _go,
    *(_reader(one) for one in (_MOCHA, _NODE, _GRADLE, _GRADLE_LOGGER, _CTEST, _RSPEC, _PHPUNIT, _DOTNET)),
    *(_reader(one) for one in (_XCTEST, _PLAIN, _OF_ALL, _SYMPY, _BUN)), other_summaries,
)  # fmt: skip

_TROUBLE = re.compile(
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
_BUILT = (
    r"BUILD SUCCESS(?:FUL)?\b|\*\* [A-Z ]{0,20}(?:BUILD|ARCHIVE) SUCCEEDED \*\*|^\s*0 Error\(s\)|"
    r"[Bb]uild succeeded\b|Finished `?\w+`? |[Cc]ompiled successfully|^Successfully (?:built|compiled|tagged)|"
    r"\bbuilt in [\d.]+ ?m?s|bundle generation complete|"
    r"^\[100%\] Built target|^Build (?:complete!|Succeeded|success)|\bBuild success in |"
    r"^\s*⚡ Done in [\d.]+ ?m?s\b|^\s*Bundled \d+ modules?|Successfully ran target build|^ninja: no work to do|"
    r"^created \S+ in [\d.]+ ?m?s|^make: (?:Nothing to be done|'\S+' is up to date)|"
    r"^The project was (?:built|hosted)|Build completed successfully|^INFO: Build completed|"
    r"^\s*✨\s+Built|naming to \S+ (?:\S+ )?done"
)
"""Patterns for the messages of successful builds."""
_LINTED = (
    r"All checks passed|^\s*0 (?:issues|problems)\b|no issues found|rated at 10\.00/10|"
    r"\b(?:[Ff]ound|have) 0 (?:\w+ )?(?:violations|problems|errors)|No fixes applied|"
    r"^No (?:lint|ESLint)[^\n]{0,30}(?:errors|warnings)|no offenses detected"
)
_TYPED = r"Success: no issues found|No issues found!|\[OK\] No errors|^\s*0 errors?\b|0 errors, 0 warnings"
_FORMATTED = r"All done!|All matched files use Prettier|files? (?:left unchanged|already formatted)"
_CLEAN = re.compile(f"{_LINTED}|{_TYPED}|{_BUILT}|{_FORMATTED}", re.MULTILINE)
_CLEAN_OF = {
    family: re.compile(pattern, re.MULTILINE)
    for family, pattern in (
        ("build", _BUILT),
        ("lint", _LINTED),
        ("types", _TYPED),
        ("format", _FORMATTED),
    )
}
_DID_NOT_START = re.compile(
    r"(?:command not found|No module named ['\"]?(?P<module>[\w.]+)|not recognized as an internal|"
    r"executable file not found|No such file or directory|Missing script|can't open file|"
    r"ERROR: file or directory not found|Cannot find module)"
)
_CODE = re.compile(
    r"^\s*(?:Error: )?Exit code:? (\d{1,3})\b|\[exit(?:ed)?(?: with)?(?: code| status)?:? (\d{1,3})\]|"
    r"<returncode>(\d{1,3})</returncode>|"
    r"^Process exited with code (\d{1,3})\b|\[The command completed with exit code (\d{1,3})\.?\]|"
    r"^(?:EXIT(?:_CODE)?|exit(?: code)?|rc)[:=] ?(\d{1,3})$",
    re.MULTILINE,
)


_ASKED = re.compile(r"(?:echo|printf)\s+(?:-\w+\s+)?(?P<mark>[\"']?)(?P<before>[^\"'\n;&|$]{0,60})\$\{?\?")


def code_asked_for(command: str, text: str) -> int | None:
    """Return the exit code that a command printed on purpose, as in `make; echo "ended with $?"`; else None."""
    for asked in reversed(list(_ASKED.finditer(command))):
        before = r"\s+".join(map(re.escape, asked["before"].split()))
        printed = list(re.finditer(rf"^\W{{0,3}}{before}\s*(\d{{1,3}})(?!\d)", text, re.MULTILINE))
        if printed:
            return int(printed[-1][1])
    return None


def exit_code_in(text: str) -> int | None:
    """Return the exit code that a result states near its end or its beginning; None if it states none."""
    for piece in (text[-300:], text[:300]):
        groups = _CODE.findall(piece)
        if groups:
            return int(next(group for group in groups[-1] if group))
    return None


def shows_trouble(text: str) -> re.Match[str] | None:
    """Return the first sign of an error in the output of a compiler or linter; None if there is none."""
    return _TROUBLE.search(text)


def may_have_failed(text: str) -> bool:
    """Return whether an output mentions failure in any words, so that the output alone does not prove success."""
    return _MAY_HAVE_FAILED.search(text) is not None


def shows_clean(text: str, family: str = "") -> re.Match[str] | None:
    """Return a linter's or compiler's message of success, preferably from this `family`; None if there is none."""
    own = _CLEAN_OF.get(family)
    return (own.search(text) if own else None) or _CLEAN.search(text)


def shows_built(text: str) -> re.Match[str] | None:
    """Return the message with which a build reports success, whatever tool ran the build; None if there is none."""
    return _CLEAN_OF["build"].search(text)


def shows_exit_code(text: str) -> re.Match[str] | None:
    """Return where an output states an exit code; None if it states none."""
    return _CODE.search(text)


def did_not_start(text: str) -> re.Match[str] | None:
    """Return the message in a short output that a program, script, module or file was not found; else None."""
    return _DID_NOT_START.search(text[:2_000]) if len(text) < 4_000 else None


def cases_in(text: str) -> tuple[int, int]:
    """Return how many single test cases an output shows as passed, and how many as failed."""
    passed = failed = 0
    for found in _CASE.finditer(text):
        good = (
            found[1] == "PASSED"
            or found[2] == "ok"
            or (not found[1] and not found[2] and re.match(r"\s*(?:✓|✔|√|ok|✅|PASS)", found[0]))
        )
        passed, failed = passed + bool(good), failed + (not good)
    return passed, failed


_HARNESS_CUT = re.compile(
    r"(?:\[|<|\(|\.\.\. ?)[^\]>)\n]{0,60}(?:truncated|clipped|omitted|elided|observation too long|"
    r"output too (?:long|large))[^\]>)\n]{0,60}(?:\]|>|\)| ?\.\.\.)|"
    r"<response clipped>|\.\.\. ?\[\d+ lines|… \+\d+ lines|\[\.\.\. .{0,40}\.\.\.\]|tokens truncated|"
    r"<NOTE>.{0,40}clipped|characters? truncated|elided_chars",
    re.IGNORECASE,
)


def says_cut(text: str) -> bool:
    """Return whether a remark in the text says that the agent's software left out a part of the text."""
    return _HARNESS_CUT.search(text) is not None
