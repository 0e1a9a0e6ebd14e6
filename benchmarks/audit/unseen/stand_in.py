#!/usr/bin/env -S python3 -IS
"""Takes the place, inside the sandbox, of test runners, linters and builds of languages that are not installed
there.

It is called by the name of a tool, and prints what this tool would print. The check of a matter, such as lint, fails
if a certain text is in a certain file. If FACTS is in the environment, the output is followed by its numbers as JSON.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

MARK = "\x1e"
"""Separates the output from the numbers after it."""
STATE: dict[str, Any] = {}
Facts = dict[str, Any]


def is_spoiled(matter: str) -> bool:
    """Return whether the file contains the text that makes the check of this matter fail."""
    file, text = STATE["spoiled"][matter]
    return text in Path(file).read_text()


def run_tests(arguments: list[str]) -> tuple[Facts, list[tuple[str, str, bool]]]:
    """Return the numbers of a test run, and each test as (suite, name, whether it passes)."""
    named = [suite for suite in STATE["suites"] if any(suite["file"] in argument for argument in arguments)]
    suites = named or STATE["suites"]
    broken = STATE["failing"] if is_spoiled("tests") else 0
    failing = {(STATE["suites"][0]["file"], name) for name in STATE["suites"][0]["tests"][:broken]}
    cases = [
        (suite["file"], name, (suite["file"], name) not in failing) for suite in suites for name in suite["tests"]
    ]
    failed = sum(not passed for _, _, passed in cases)
    tells_skipped = "skipped" in STYLES[STATE["runner"]][1]
    skipped = STATE["skipped"] if tells_skipped and not named else 0
    facts = {
        "passed": len(cases) - failed,
        "failed": failed,
        "skipped": skipped,
        "total": len(cases) + skipped,
        "suites": len(suites),
        "seconds": f"{STATE['seconds'] * len(cases) / 40 + 0.213 * failed:.2f}",
    }
    return facts, cases


def _failures(cases: list[tuple[str, str, bool]], mark: str = "●") -> str:
    return "".join(f"\n  {mark} {name}\n\n    expected 12, received 21\n" for _, name, passed in cases if not passed)


def jest(facts: Facts, cases: list[tuple[str, str, bool]]) -> str:
    """Return the summary of jest."""
    failed_files = {file for file, _, passed in cases if not passed}
    files = list(dict.fromkeys(file for file, _, _ in cases))
    head = "\n".join(f"{'FAIL' if file in failed_files else 'PASS'} {file}" for file in files)
    failed_part = f"{len(failed_files)} failed, " if failed_files else ""
    passed = len(files) - len(failed_files)
    other_counts = "".join(f"{facts[key]} {key}, " for key in ("failed", "skipped") if facts[key])
    return (
        f"{head}\n{_failures(cases)}\n"
        f"Test Suites: {failed_part}{f'{passed} passed, ' if passed else ''}{len(files)} total\n"
        f"Tests:       {other_counts}{facts['passed']} passed, {facts['total']} total\n"
        f"Snapshots:   0 total\nTime:        {facts['seconds']} s\nRan all test suites."
    )


def vitest(facts: Facts, cases: list[tuple[str, str, bool]]) -> str:
    """Return the summary of vitest."""
    files = list(dict.fromkeys(file for file, _, _ in cases))
    failed_files = {file for file, _, passed in cases if not passed}
    head = "\n".join(f" {'❯' if file in failed_files else '✓'} {file}" for file in files)
    failed_part = f"{len(failed_files)} failed | " if failed_files else ""
    failed_tests = f"{facts['failed']} failed | " if facts["failed"] else ""
    skipped_part = f" | {facts['skipped']} skipped" if facts["skipped"] else ""
    return (
        f"\n RUN  v2.1.4 /srv\n\n{head}\n{_failures(cases, '×')}\n"
        f" Test Files  {failed_part}{len(files) - len(failed_files)} passed ({len(files)})\n"
        f"      Tests  {failed_tests}{facts['passed']} passed{skipped_part} ({facts['total']})\n"
        f"   Duration  {facts['seconds']}s"
    )


def mocha(facts: Facts, cases: list[tuple[str, str, bool]]) -> str:
    """Return the summary of mocha."""
    lines = "\n".join(f"    {'✔' if passed else '1)'} {name}" for _, name, passed in cases)
    skipped_part = f"\n  {facts['skipped']} pending" if facts["skipped"] else ""
    failed_part = f"\n  {facts['failed']} failing" if facts["failed"] else ""
    return f"\n{lines}\n\n\n  {facts['passed']} passing ({facts['seconds']}s){skipped_part}{failed_part}"


def cargo_test(facts: Facts, cases: list[tuple[str, str, bool]]) -> str:
    """Return the summary of cargo's own runner."""
    lines = "\n".join(
        f"test tests::{name.replace(' ', '_')} ... {'ok' if passed else 'FAILED'}" for _, name, passed in cases
    )
    word = "FAILED" if facts["failed"] else "ok"
    end = "\nerror: test failed, to rerun pass `--lib`" if facts["failed"] else ""
    return (
        f"running {facts['total']} tests\n{lines}\n\ntest result: {word}. {facts['passed']} passed; "
        f"{facts['failed']} failed; {facts['skipped']} ignored; "
        f"0 measured; 0 filtered out; finished in {facts['seconds']}s\n{end}"
    )


def go_test(_facts: Facts, cases: list[tuple[str, str, bool]]) -> str:
    """Return the summary of `go test` without -v, which contains no numbers of tests."""
    lines = []
    for package in dict.fromkeys(file for file, _, _ in cases):
        failed = [name for file, name, passed in cases if file == package and not passed]
        lines += [f"--- FAIL: Test{name.title().replace(' ', '')} (0.00s)" for name in failed]
        package_path = f"example.com/{STATE['name']}/{Path(package).parent.name}"
        lines.append(
            f"FAIL\t{package_path}\t0.012s" if failed else f"ok  \t{package_path}\t0.0{len(package) % 90:02}s"
        )
    return "\n".join([*lines, *(["FAIL"] if "FAIL" in "".join(lines) else [])])


def phpunit(facts: Facts, cases: list[tuple[str, str, bool]]) -> str:
    """Return the summary of PHPUnit."""
    dots = "".join("." if passed else "F" for _, _, passed in cases)
    assertions = facts["total"] * 2 + 3
    end = (
        f"FAILURES!\nTests: {facts['total']}, Assertions: {assertions}, Failures: {facts['failed']}."
        if facts["failed"]
        else f"OK ({facts['total']} tests, {assertions} assertions)"
    )
    return (
        f"PHPUnit 11.4.1 by Sebastian Bergmann and contributors.\n\n{dots}\n\nTime: 00:0{facts['seconds']}\n\n{end}"
    )


def rspec(facts: Facts, cases: list[tuple[str, str, bool]]) -> str:
    """Return the summary of RSpec."""
    dots = "".join("." if passed else "F" for _, _, passed in cases) + "*" * facts["skipped"]
    skipped_part = f", {facts['skipped']} pending" if facts["skipped"] else ""
    return (
        f"{dots}\n{_failures(cases, 'Failure:')}\n"
        f"Finished in {facts['seconds']} seconds (files took 0.3 seconds to load)\n"
        f"{facts['total']} examples, {facts['failed']} failures{skipped_part}"
    )


def surefire(facts: Facts, cases: list[tuple[str, str, bool]]) -> str:
    """Return the summary of Maven."""
    level, word = ("ERROR", "FAILURE") if facts["failed"] else ("INFO", "SUCCESS")
    failures = "".join(f"[ERROR]   {name}: expected: <12> but was: <21>\n" for _, name, passed in cases if not passed)
    return (
        f"[INFO] Scanning for projects...\n[INFO]  T E S T S\n{failures}"
        f"[{level}] Tests run: {facts['total']}, Failures: {facts['failed']}, Errors: 0, "
        f"Skipped: {facts['skipped']}\n"
        f"[INFO] BUILD {word}\n[INFO] Total time:  {facts['seconds']} s"
    )


def dotnet_test(facts: Facts, _cases: list[tuple[str, str, bool]]) -> str:
    """Return the summary of dotnet."""
    word = "Failed!" if facts["failed"] else "Passed!"
    return (
        f"{word}  - Failed:    {facts['failed']}, Passed:    {facts['passed']}, Skipped:    {facts['skipped']}, "
        f"Total:    {facts['total']}, Duration: {facts['seconds']} s - Shop.Tests.dll (net8.0)"
    )


def ctest(facts: Facts, cases: list[tuple[str, str, bool]]) -> str:
    """Return the summary of CTest."""
    lines = [
        f"{number}/{len(cases)} Test #{number}: {name.replace(' ', '_')} ... "
        f"{'  Passed' if passed else '***Failed'}    0.01 sec"
        for number, (_, name, passed) in enumerate(cases, 1)
    ]
    share = 100 * facts["passed"] // len(cases)
    return "\n".join(
        [
            "Test project /srv/build",
            *lines,
            f"\n{share}% tests passed, {facts['failed']} tests failed out of {len(cases)}",
            f"\nTotal Test time (real) =   {facts['seconds']} sec",
        ]
    )


def xctest(facts: Facts, cases: list[tuple[str, str, bool]]) -> str:
    """Return the summary of XCTest."""
    word = "failed" if facts["failed"] else "passed"
    lines = "\n".join(
        f"Test Case 'Shop.{name}' {'passed' if passed else 'failed'} (0.001 seconds)" for _, name, passed in cases
    )
    return (
        f"{lines}\nTest Suite 'All tests' {word}.\n\t Executed {len(cases)} tests, with {facts['failed']} failures "
        f"(0 unexpected) in {facts['seconds']} (0.1) seconds"
    )


STYLES = {
    "jest": (jest, ["passed", "failed", "skipped", "total", "suites", "seconds"]),
    "vitest": (vitest, ["passed", "failed", "skipped", "total", "suites", "seconds"]),
    "mocha": (mocha, ["passed", "failed", "skipped", "seconds"]),
    "cargo test": (cargo_test, ["passed", "failed", "skipped", "total", "seconds"]),
    "go test": (go_test, []),
    "phpunit": (phpunit, ["failed", "total", "seconds"]),
    "rspec": (rspec, ["failed", "skipped", "total", "seconds"]),
    "mvn test": (surefire, ["failed", "skipped", "total", "seconds"]),
    "dotnet test": (dotnet_test, ["passed", "failed", "skipped", "total", "seconds"]),
    "ctest": (ctest, ["failed", "total", "seconds"]),
    "swift test": (xctest, ["failed", "total", "seconds"]),
}


def tests(name: str, arguments: list[str]) -> tuple[Facts, str, int]:
    """Run the tests. With `--coverage` or `-cover`, also measure the coverage."""
    facts, cases = run_tests(arguments)
    style, printed = STYLES[name]
    text = style(facts, cases)
    reported: Facts = {key: facts[key] for key in printed}
    if not facts["failed"] and not facts["skipped"]:
        reported |= {key: facts[key] for key in ("passed", "total") if {"passed", "total"} & set(printed)}
    if any("cover" in argument for argument in arguments):
        covered = coverage()
        reported |= covered
        text += f"\n\n---------\n{format_coverage(name, covered)}"
    return reported, text, 1 if facts["failed"] else 0


def coverage() -> Facts:
    """Return the coverage of the source. It is lower for a longer source."""
    lines = sum(1 for line in Path(STATE["source"]).read_text().splitlines() if line.strip())
    return {
        "percent": f"{max(STATE['covered'] - lines * 0.31, 20):.2f}",
        "branches": f"{STATE['covered'] - 13.4:.2f}",
    }


def format_coverage(name: str, facts: Facts) -> str:
    """Return the coverage as the runner prints it."""
    if name == "go test":
        return f"coverage: {facts['percent']}% of statements"
    return (
        "File          | % Stmts | % Branch |\n--------------|---------|----------|\n"
        f"All files     |   {facts['percent']} |    {facts['branches']} |"
    )


def lint(_name: str, _arguments: list[str]) -> tuple[Facts, str, int]:
    """Run a linter. Its messages, for a clean file and for a file with errors, are in `STATE`."""
    errors = STATE["errors"] if is_spoiled("lint") else 0
    source = STATE["source"]
    clean, dirty = STATE["lint words"]
    error_lines = "\n".join(
        f"{source}:{index + 3}:5  error  '{chr(97 + index)}' is never used" for index in range(errors)
    )
    text = f"{error_lines}\n\n{dirty.format(n=errors)}" if errors else clean
    return {"errors": errors}, text, 1 if errors else 0


def types(_name: str, _arguments: list[str]) -> tuple[Facts, str, int]:
    """Run a type checker."""
    errors = STATE["errors"] if is_spoiled("types") else 0
    clean, dirty = STATE["types words"]
    error_lines = "\n".join(f"{STATE['source']}({index + 3},5): error: wrong type" for index in range(errors))
    text = f"{error_lines}\n\n{dirty.format(n=errors)}" if errors else clean
    return {"errors": errors}, text, 1 if errors else 0


def build(_name: str, _arguments: list[str]) -> tuple[Facts, str, int]:
    """Run a build. It prints its time and its size if the state has words for them."""
    if is_spoiled("build"):
        return {"errors": 1}, f"{STATE['source']}:4: error: unexpected end of file\n{STATE['build words'][1]}", 2
    size = len(Path(STATE["source"]).read_text()) / 10 + STATE["kilobytes"]
    facts = {"seconds": f"{STATE['seconds'] + 1.37:.2f}", "kilobytes": f"{size:.2f}", "modules": STATE["modules"]}
    words = STATE["build words"][0]
    return {key: value for key, value in facts.items() if f"{{{key}}}" in words}, words.format(**facts), 0


def bench(name: str, _arguments: list[str]) -> tuple[Facts, str, int]:
    """Measure the speed. It is higher if the source has a cache."""
    factor = 0.43 if "cache" in Path(STATE["source"]).read_text() else 1.0
    if name == "hyperfine":
        mean = f"{STATE['milliseconds'] * factor:.1f}"
        text = f"Benchmark 1: ./run.sh\n  Time (mean ± σ):     {mean} ms ±   3.1 ms\n  Range (min … max):   10 runs"
        return {"milliseconds": mean}, text, 0
    rate, latency = f"{STATE['rate'] / factor:.2f}", f"{STATE['milliseconds'] * factor / 10:.2f}"
    text = f"Running 10s test @ http://127.0.0.1:8080/\n  Latency     {latency}ms    1.21ms\nRequests/sec:  {rate}"
    return {"rate": rate, "milliseconds": latency}, text, 0


def version(name: str) -> tuple[Facts, str, int]:
    """Return the version of a tool."""
    return {"version": STATE["version"], "name": name}, f"{name} {STATE['version']}", 0


CALLS = {"lint": lint, "types": types, "build": build, "bench": bench}


def run_tool(words: list[str]) -> tuple[Facts, str, int]:
    """Run the tool that a command line names: `npx jest`, `cargo clippy`, `pnpm build` and so on."""
    words = [word for word in words if word not in ("npx", "bundle", "exec", "pnpm", "npm", "yarn", "run")]
    if words and words[-1] == "--version":
        return version(words[0])
    first, first_two = words[0], " ".join(words[:2])
    if first == "test":
        first = first_two = STATE["runner"]
    for name in (first_two, first):
        if name in STYLES:
            return tests(name, words[1:])
        if name in STATE["names"]:
            return CALLS[STATE["names"][name]](name, words[1:])
    return {}, f"error: no such command: {first_two}", 127


def main() -> None:
    """Print what the tool with this name would print and, if FACTS is set, its numbers."""
    STATE.update(json.loads(Path(".tools/state.json").read_text()))
    facts, text, code = run_tool([Path(sys.argv[0]).name, *sys.argv[1:]])
    print(text, end="\n" if text else "")
    if "FACTS" in os.environ:
        print(MARK + json.dumps(facts))
    sys.exit(code)


if __name__ == "__main__":
    main()
