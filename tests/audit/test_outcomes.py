"""What the outputs of test runners say about passed and failed tests."""

import pytest

from gedanken.compare.audit.outputs.outcomes import (
    find_build_success,
    find_error_sign,
    find_summaries,
    is_output_cut,
    printed_exit_code,
    stated_exit_code,
)
from gedanken.records.importers.transcripts.commands import unwrap_json_output

SUMMARIES = {
    "pytest": ("=== 1 failed, 11 passed, 2 skipped, 1 warning in 0.30s ===", (11, 1, 2)),
    "pytest -q": ("12 passed in 1.02s", (12, 0, 0)),
    "pytest, nothing": ("no tests ran in 0.01s", (0, 0, 0)),
    "pytest, an error while it collects": ("=== 1 error in 0.12s ===", (0, 1, 0)),
    "unittest": ("Ran 7 tests in 0.001s\n\nOK", (7, 0, 0)),
    "unittest, failed": ("Ran 7 tests in 0.001s\n\nFAILED (failures=1, errors=1, skipped=2)", (3, 2, 2)),
    "XCTest": ("\t Executed 18 tests, with 2 failures (0 unexpected) in 0.1 (0.1) seconds", (16, 2, 0)),
    "jest": ("Tests:       1 failed, 2 skipped, 12 passed, 15 total", (12, 1, 2)),
    "vitest": (" Test Files  3 passed (3)\n      Tests  12 passed (12)", (12, 0, 0)),
    "mocha": ("  12 passing (30ms)\n  1 failing", (12, 1, 0)),
    "node": ("# tests 3\n# suites 0\n# pass 2\n# fail 1\n", (2, 1, 0)),
    "go -v": ("--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.00s)\nFAIL\tx/y\t0.003s", (1, 1, 0)),
    "cargo": ("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured", (12, 0, 1)),
    "maven": ("Tests run: 12, Failures: 1, Errors: 0, Skipped: 1", (10, 1, 1)),
    "gradle": ("12 tests completed, 1 failed", (11, 1, 0)),
    "ctest": ("100% tests passed, 0 tests failed out of 5", (5, 0, 0)),
    "rspec": ("12 examples, 1 failure, 1 pending", (10, 1, 1)),
    "phpunit": ("OK (12 tests, 30 assertions)", (12, 0, 0)),
    "a runner of the project's own": ("Results: 308 passed, 2 failed, 310 total", (308, 2, 0)),
    "another": ("PASSED: 30, FAILED: 0", (30, 0, 0)),
    "dotnet": ("Passed!  - Failed:     0, Passed:    12, Skipped:     0, Total:    12", (12, 0, 0)),
}


@pytest.mark.parametrize("name", SUMMARIES)
def test_a_summary_is_read(name: str) -> None:
    text, counts = SUMMARIES[name]
    summaries = find_summaries(f"collecting\n{text}\n")
    assert [(summary.passed, summary.failed, summary.skipped) for summary in summaries] == [counts]


def test_go_without_cases_tells_no_count() -> None:
    (summary,) = find_summaries("ok  \tx/y\t0.003s\n")
    assert summary.passed is None and summary.all_pass


def test_several_binaries_of_cargo_are_one_result_too() -> None:
    text = "test result: ok. 3 passed; 0 failed; 0 ignored\n\ntest result: ok. 4 passed; 0 failed; 0 ignored\n"
    assert sorted(summary.passed or 0 for summary in find_summaries(text)) == [3, 4, 7]


@pytest.mark.parametrize("text", ["the test passed", "3 files changed", "Tests are good", "passed"])
def test_prose_is_no_summary(text: str) -> None:
    assert find_summaries(text) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Exit code 2\nboom", 2),
        ("x\n<returncode>1</returncode>", 1),
        ("[The command completed with exit code 0.]", 0),
        ("exit codes are documented in the manual", None),
        ("it would exit with code 3", None),
    ],
)
def test_an_exit_code_is_read_where_the_harness_tells_it(text: str, code: int | None) -> None:
    assert stated_exit_code(text) == code


@pytest.mark.parametrize(
    "text", ["a\n... [120 lines truncated] ...\nb", "<response clipped>", "… +40 lines (ctrl+r to expand)"]
)
def test_a_mark_of_the_harness_says_that_output_is_missing(text: str) -> None:
    assert is_output_cut(text)


@pytest.mark.parametrize("text", ["[1, 2, 3]", "truncated normal distribution", "see the omitted section"])
def test_words_alone_do_not(text: str) -> None:
    assert not is_output_cut(text)


BUILT = [
    "BUILD SUCCESSFUL in 14s",
    "** BUILD SUCCEEDED **",
    "    0 Warning(s)\n    0 Error(s)",
    "Application bundle generation complete. [5.100 seconds]",
    "[100%] Built target ccompiler",
    "Bundled 649 modules in 159ms",
    " NX   Successfully ran target build for 3 projects",
    "dist/a.js in 1.2s\ncreated dist/a.js in 1.2s",
    "Build complete! (3.20s)",
]


@pytest.mark.parametrize("text", BUILT)
def test_the_end_of_a_build_is_known(text: str) -> None:
    assert find_build_success(f"compiling\n{text}\n") and not find_error_sign(text)


@pytest.mark.parametrize("text", ["    2 Error(s)", "** BUILD FAILED **", "✘ [ERROR] TS2322", "Failed to compile."])
def test_the_end_of_a_build_that_failed_is_known(text: str) -> None:
    assert find_error_sign(f"compiling\n{text}\n") and not find_build_success(text)


def test_an_exit_code_that_the_shell_was_asked_for_is_read_by_the_words_it_was_asked_with() -> None:
    command = 'bash v.sh; echo "it ended with $?"'
    assert printed_exit_code(command, "checking\nit ended with 29\n") == 29
    assert printed_exit_code(command, "checking 29\n") is None


def test_what_a_harness_wrapped_in_json_is_read_as_it_was_printed() -> None:
    text, wrapper = unwrap_json_output('{"stdout": "12 passed\\n", "stderr": "", "exit_code": 3}')
    assert text == "12 passed"
    assert wrapper is not None
    assert wrapper["exit_code"] == 3
    for printed in ('{"output": "a"}', '{"stdout": 3, "stderr": ""}', "{not json}"):
        assert unwrap_json_output(printed) == (printed, None)
