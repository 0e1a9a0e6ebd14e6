#!/usr/bin/env -S python3 -IS
"""Stands in, inside the sandbox, for the test runners, linters and builds of languages that are not installed there.

It is called by their names. What it prints follows from the files as they are at that time: each matter has a text
that must not stand in a file. With FACTS in the environment it says in the end what it counted.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

MARK = "\x1e"
"""Stands before what was counted."""
STATE: dict[str, Any] = {}
Facts = dict[str, Any]


def spoiled(matter: str) -> bool:
    """Whether the text that must not be there is there."""
    file, text = STATE["spoiled"][matter]
    return text in Path(file).read_text()


def counted(arguments: list[str]) -> tuple[Facts, list[tuple[str, str, bool]]]:
    """The tests that are run: of each its suite, its name, and whether it passes."""
    named = [suite for suite in STATE["suites"] if any(suite["file"] in one for one in arguments)]
    suites = named or STATE["suites"]
    broken = STATE["failing"] if spoiled("tests") else 0
    failing = {(STATE["suites"][0]["file"], name) for name in STATE["suites"][0]["tests"][:broken]}
    ran = [(suite["file"], name, (suite["file"], name) not in failing) for suite in suites for name in suite["tests"]]
    failed = sum(not good for _, _, good in ran)
    tells_skipped = "skipped" in STYLES[STATE["runner"]][1]
    skipped = STATE["skipped"] if tells_skipped and not named else 0
    facts = {
        "passed": len(ran) - failed,
        "failed": failed,
        "skipped": skipped,
        "total": len(ran) + skipped,
        "suites": len(suites),
        "seconds": f"{STATE['seconds'] * len(ran) / 40 + 0.213 * failed:.2f}",
    }
    return facts, ran


def _failures(ran: list[tuple[str, str, bool]], mark: str = "●") -> str:
    return "".join(f"\n  {mark} {name}\n\n    expected 12, received 21\n" for _, name, good in ran if not good)


def jest(f: Facts, ran: list[tuple[str, str, bool]]) -> str:
    """As jest sums up."""
    bad = {file for file, _, good in ran if not good}
    files = list(dict.fromkeys(file for file, _, _ in ran))
    head = "\n".join(f"{'FAIL' if file in bad else 'PASS'} {file}" for file in files)
    lost = f"{len(bad)} failed, " if bad else ""
    good = len(files) - len(bad)
    some = "".join(f"{f[key]} {key}, " for key in ("failed", "skipped") if f[key])
    return (
        f"{head}\n{_failures(ran)}\nTest Suites: {lost}{f'{good} passed, ' if good else ''}{len(files)} total\n"
        f"Tests:       {some}{f['passed']} passed, {f['total']} total\n"
        f"Snapshots:   0 total\nTime:        {f['seconds']} s\nRan all test suites."
    )


def vitest(f: Facts, ran: list[tuple[str, str, bool]]) -> str:
    """As vitest sums up."""
    files = list(dict.fromkeys(file for file, _, _ in ran))
    bad = {file for file, _, good in ran if not good}
    head = "\n".join(f" {'❯' if file in bad else '✓'} {file}" for file in files)
    lost = f"{len(bad)} failed | " if bad else ""
    some = f"{f['failed']} failed | " if f["failed"] else ""
    more = f" | {f['skipped']} skipped" if f["skipped"] else ""
    return (
        f"\n RUN  v2.1.4 /srv\n\n{head}\n{_failures(ran, '×')}\n"
        f" Test Files  {lost}{len(files) - len(bad)} passed ({len(files)})\n"
        f"      Tests  {some}{f['passed']} passed{more} ({f['total']})\n   Duration  {f['seconds']}s"
    )


def mocha(f: Facts, ran: list[tuple[str, str, bool]]) -> str:
    """As mocha sums up."""
    lines = "\n".join(f"    {'✔' if good else '1)'} {name}" for _, name, good in ran)
    more = f"\n  {f['skipped']} pending" if f["skipped"] else ""
    lost = f"\n  {f['failed']} failing" if f["failed"] else ""
    return f"\n{lines}\n\n\n  {f['passed']} passing ({f['seconds']}s){more}{lost}"


def cargo_test(f: Facts, ran: list[tuple[str, str, bool]]) -> str:
    """As cargo's own runner."""
    lines = "\n".join(
        f"test tests::{name.replace(' ', '_')} ... {'ok' if good else 'FAILED'}" for _, name, good in ran
    )
    word = "FAILED" if f["failed"] else "ok"
    end = "\nerror: test failed, to rerun pass `--lib`" if f["failed"] else ""
    return (
        f"running {f['total']} tests\n{lines}\n\ntest result: {word}. {f['passed']} passed; {f['failed']} failed; "
        f"{f['skipped']} ignored; 0 measured; 0 filtered out; finished in {f['seconds']}s\n{end}"
    )


def go_test(_f: Facts, ran: list[tuple[str, str, bool]]) -> str:
    """As go without -v, which counts nothing."""
    lines = []
    for package in dict.fromkeys(file for file, _, _ in ran):
        bad = [name for file, name, good in ran if file == package and not good]
        lines += [f"--- FAIL: Test{name.title().replace(' ', '')} (0.00s)" for name in bad]
        where = f"example.com/{STATE['name']}/{Path(package).parent.name}"
        lines.append(f"FAIL\t{where}\t0.012s" if bad else f"ok  \t{where}\t0.0{len(package) % 90:02}s")
    return "\n".join([*lines, *(["FAIL"] if "FAIL" in "".join(lines) else [])])


def phpunit(f: Facts, ran: list[tuple[str, str, bool]]) -> str:
    """As PHPUnit sums up."""
    dots = "".join("." if good else "F" for _, _, good in ran)
    asserted = f["total"] * 2 + 3
    end = (
        f"FAILURES!\nTests: {f['total']}, Assertions: {asserted}, Failures: {f['failed']}."
        if f["failed"]
        else f"OK ({f['total']} tests, {asserted} assertions)"
    )
    return f"PHPUnit 11.4.1 by Sebastian Bergmann and contributors.\n\n{dots}\n\nTime: 00:0{f['seconds']}\n\n{end}"


def rspec(f: Facts, ran: list[tuple[str, str, bool]]) -> str:
    """As RSpec sums up."""
    dots = "".join("." if good else "F" for _, _, good in ran) + "*" * f["skipped"]
    more = f", {f['skipped']} pending" if f["skipped"] else ""
    return (
        f"{dots}\n{_failures(ran, 'Failure:')}\nFinished in {f['seconds']} seconds (files took 0.3 seconds to load)\n"
        f"{f['total']} examples, {f['failed']} failures{more}"
    )


def surefire(f: Facts, ran: list[tuple[str, str, bool]]) -> str:
    """As Maven sums up."""
    level, word = ("ERROR", "FAILURE") if f["failed"] else ("INFO", "SUCCESS")
    bad = "".join(f"[ERROR]   {name}: expected: <12> but was: <21>\n" for _, name, good in ran if not good)
    return (
        f"[INFO] Scanning for projects...\n[INFO]  T E S T S\n{bad}"
        f"[{level}] Tests run: {f['total']}, Failures: {f['failed']}, Errors: 0, Skipped: {f['skipped']}\n"
        f"[INFO] BUILD {word}\n[INFO] Total time:  {f['seconds']} s"
    )


def dotnet_test(f: Facts, _ran: list[tuple[str, str, bool]]) -> str:
    """As dotnet sums up."""
    word = "Failed!" if f["failed"] else "Passed!"
    return (
        f"{word}  - Failed:    {f['failed']}, Passed:    {f['passed']}, Skipped:    {f['skipped']}, "
        f"Total:    {f['total']}, Duration: {f['seconds']} s - Shop.Tests.dll (net8.0)"
    )


def ctest(f: Facts, ran: list[tuple[str, str, bool]]) -> str:
    """As CTest sums up."""
    lines = [
        f"{at}/{len(ran)} Test #{at}: {name.replace(' ', '_')} ... {'  Passed' if good else '***Failed'}    0.01 sec"
        for at, (_, name, good) in enumerate(ran, 1)
    ]
    share = 100 * f["passed"] // len(ran)
    return "\n".join(
        [
            "Test project /srv/build",
            *lines,
            f"\n{share}% tests passed, {f['failed']} tests failed out of {len(ran)}",
            f"\nTotal Test time (real) =   {f['seconds']} sec",
        ]
    )


def xctest(f: Facts, ran: list[tuple[str, str, bool]]) -> str:
    """As XCTest sums up."""
    word = "failed" if f["failed"] else "passed"
    lines = "\n".join(
        f"Test Case 'Shop.{name}' {'passed' if good else 'failed'} (0.001 seconds)" for _, name, good in ran
    )
    return (
        f"{lines}\nTest Suite 'All tests' {word}.\n\t Executed {len(ran)} tests, with {f['failed']} failures "
        f"(0 unexpected) in {f['seconds']} (0.1) seconds"
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
    """A run of tests, and with `--coverage` or `-cover` how much of the source they reach."""
    facts, ran = counted(arguments)
    style, printed = STYLES[name]
    text = style(facts, ran)
    told: Facts = {key: facts[key] for key in printed}
    if not facts["failed"] and not facts["skipped"]:
        told |= {key: facts[key] for key in ("passed", "total") if {"passed", "total"} & set(printed)}
    if any("cover" in one for one in arguments):
        covered = coverage()
        told |= covered
        text += f"\n\n---------\n{covered_text(name, covered)}"
    return told, text, 1 if facts["failed"] else 0


def coverage() -> Facts:
    """How much of the source is reached: less, the longer the source is."""
    lines = sum(1 for line in Path(STATE["source"]).read_text().splitlines() if line.strip())
    return {
        "percent": f"{max(STATE['covered'] - lines * 0.31, 20):.2f}",
        "branches": f"{STATE['covered'] - 13.4:.2f}",
    }


def covered_text(name: str, f: Facts) -> str:
    """As it is printed."""
    if name == "go test":
        return f"coverage: {f['percent']}% of statements"
    return (
        "File          | % Stmts | % Branch |\n--------------|---------|----------|\n"
        f"All files     |   {f['percent']} |    {f['branches']} |"
    )


def lint(_name: str, _arguments: list[str]) -> tuple[Facts, str, int]:
    """A linter, in the words of the one that is named in the state."""
    errors = STATE["errors"] if spoiled("lint") else 0
    source = STATE["source"]
    clean, dirty = STATE["lint words"]
    where = "\n".join(f"{source}:{at + 3}:5  error  '{chr(97 + at)}' is never used" for at in range(errors))
    text = f"{where}\n\n{dirty.format(n=errors)}" if errors else clean
    return {"errors": errors}, text, 1 if errors else 0


def types(_name: str, _arguments: list[str]) -> tuple[Facts, str, int]:
    """A type checker."""
    errors = STATE["errors"] if spoiled("types") else 0
    clean, dirty = STATE["types words"]
    where = "\n".join(f"{STATE['source']}({at + 3},5): error: wrong type" for at in range(errors))
    text = f"{where}\n\n{dirty.format(n=errors)}" if errors else clean
    return {"errors": errors}, text, 1 if errors else 0


def build(_name: str, _arguments: list[str]) -> tuple[Facts, str, int]:
    """A build, which says how long it took and how large the result is, where the state has words for that."""
    if spoiled("build"):
        return {"errors": 1}, f"{STATE['source']}:4: error: unexpected end of file\n{STATE['build words'][1]}", 2
    size = len(Path(STATE["source"]).read_text()) / 10 + STATE["kilobytes"]
    facts = {"seconds": f"{STATE['seconds'] + 1.37:.2f}", "kilobytes": f"{size:.2f}", "modules": STATE["modules"]}
    words = STATE["build words"][0]
    return {key: value for key, value in facts.items() if f"{{{key}}}" in words}, words.format(**facts), 0


def bench(name: str, _arguments: list[str]) -> tuple[Facts, str, int]:
    """How fast it is: faster with a cache in the source."""
    factor = 0.43 if "cache" in Path(STATE["source"]).read_text() else 1.0
    if name == "hyperfine":
        mean = f"{STATE['milliseconds'] * factor:.1f}"
        text = f"Benchmark 1: ./run.sh\n  Time (mean ± σ):     {mean} ms ±   3.1 ms\n  Range (min … max):   10 runs"
        return {"milliseconds": mean}, text, 0
    rate, late = f"{STATE['rate'] / factor:.2f}", f"{STATE['milliseconds'] * factor / 10:.2f}"
    text = f"Running 10s test @ http://127.0.0.1:8080/\n  Latency     {late}ms    1.21ms\nRequests/sec:  {rate}"
    return {"rate": rate, "milliseconds": late}, text, 0


def version(name: str) -> tuple[Facts, str, int]:
    """Which release of a tool this is."""
    return {"version": STATE["version"], "name": name}, f"{name} {STATE['version']}", 0


CALLS = {"lint": lint, "types": types, "build": build, "bench": bench}


def called(words: list[str]) -> tuple[Facts, str, int]:
    """Find what the command is for: `npx jest`, `cargo clippy`, `pnpm build` and so on."""
    words = [word for word in words if word not in ("npx", "bundle", "exec", "pnpm", "npm", "yarn", "run")]
    if words and words[-1] == "--version":
        return version(words[0])
    first, both = words[0], " ".join(words[:2])
    if first == "test":
        first = both = STATE["runner"]
    for name in (both, first):
        if name in STYLES:
            return tests(name, words[1:])
        if name in STATE["names"]:
            return CALLS[STATE["names"][name]](name, words[1:])
    return {}, f"error: no such command: {both}", 127


def main() -> None:
    """Print what the tool of that name would, or what it counted."""
    STATE.update(json.loads(Path(".tools/state.json").read_text()))
    facts, text, code = called([Path(sys.argv[0]).name, *sys.argv[1:]])
    print(text, end="\n" if text else "")
    if "FACTS" in os.environ:
        print(MARK + json.dumps(facts))
    sys.exit(code)


if __name__ == "__main__":
    main()
