"""Other ways in which agents write numbers: rates, changes, plans, statuses, listings, other names."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

SLOW = "BenchmarkPop-8   \t  618429\t      1617 ns/op\t     448 B/op\t       7 allocs/op"
FAST = "BenchmarkPop-8   \t  2659574\t      376 ns/op\t     0 B/op\t       0 allocs/op"
FEWER = FAST.replace("0 allocs", "3 allocs")


def statuses(session: Session) -> set[str]:
    return {claim.status for claim in audit_transcript(session.transcript())}


def benchmark_session(second: str = FAST) -> Session:
    run = "go test -bench Pop ./ring"
    return Session().ran(run, SLOW).edited("a.go").ran(run, second)


def cleaning_session() -> Session:
    return Session().ran("python clean.py", "read        41820\nduplicates  1743\nno email    40\nwritten     40037")


def plan_session() -> Session:
    return Session().ran("terraform plan", "Plan: 7 to add, 3 to change, 2 to destroy.")


def diff_session() -> Session:
    return Session().ran("git diff --shortstat main", " 3 files changed, 10 insertions(+), 4 deletions(-)")


def status_session() -> Session:
    return Session().ran("git status -s", "?? a.txt\n?? b.txt\n M c.py")


def responses_session() -> Session:
    head = Session().ran("curl -si localhost/x | head -3", "HTTP/1.1 200 OK\nx-total-count: 485")
    return head.ran("curl -si 'localhost/x?n=-1' | head -3", "HTTP/1.1 500 Server Error\ncontent-type: text/html")


def lint_session(second: str, code: int) -> Session:
    return Session().ran("ruff check .", "Found 40 errors.", 1).edited("a.py").ran("ruff check .", second, code)


@pytest.mark.parametrize(
    "session",
    [
        benchmark_session().said("376 ns/op now (was 1617)."),
        benchmark_session().said("- allocations per pop: 7 → 0"),
        benchmark_session().said("- 0 allocs/op, previously 7"),
        benchmark_session().said("It is 4.3 times as fast as before: 376 ns/op against 1617 ns/op."),
        cleaning_session().said("40037 rows came out."),
        cleaning_session().said("- 40 rows had no e-mail"),
        cleaning_session().said("Read 41820, wrote 40037. 1783 rows were dropped, 4.3% of it."),
        plan_session().said("The plan wants to create 7, update 3 and destroy 2."),
        plan_session().said("Plan: 7 added, 3 changed, 2 destroyed."),
        diff_session().said("+10 −4"),
        diff_session().said("10 lines added, 4 removed; net growth: 6 lines."),
        status_session().said("There are two untracked files."),
        responses_session().said("The server answers 500 now."),
        lint_session("All checks passed!", 0).said("- ruff: 40 → 0 findings"),
        Session().ran("jest", "Tests: 9 passed\nTest Suites: 4 passed").said("Starting point: 9 tests in 4 suites."),
        Session().ran("wc -l d.csv", "71245 d.csv").said("The input has 71244 records and a header."),
        Session().ran("psql -c '… x is null'", " count \n-----\n 745\n(1 row)").said("745 rows remain NULL."),
        Session().ran("./e.py", "miou=0.41\nmiou=0.70").said("mIoU went from 0.41 to 0.70, so it gained 29 points."),
        Session().ran("npm ls koa", "app@1.0.0\n└── koa@2.16.1").said("- `npm ls` shows 2.16.1"),
        Session().ran("du -sh lib", "412M\tlib").said("lib takes 412 MB"),
        Session().ran("cargo bench", "large  time: 12.345 ms").said("Criterion reports 12.345 ms for large input."),
        Session().ran("./t.py", "loss 0.412\nloss 0.390\nloss 0.377").said("The loss fell by 0.035."),
        Session().ran("time make", "real\t0m42.1s").said("make finished in 42.1 s."),
        Session().ran("terraform version", "Terraform v1.11.4").said("This is Terraform 1.11.4."),
    ],
)  # fmt: skip
def test_an_output_carries_it(session: Session) -> None:
    assert statuses(session) == {"supported"}


@pytest.mark.parametrize(
    "session",
    [
        benchmark_session().said("376 ns/op now (was 1296)."),
        benchmark_session().said("376 ns/op now (was 448)."),
        benchmark_session(FEWER).said("- allocations per pop: 7 → 0"),
        benchmark_session(FEWER).said("- 0 allocs/op, previously 7"),
        cleaning_session().said("41820 rows came out."),
        cleaning_session().said("1743 rows came out."),
        cleaning_session().said("40037 duplicates were dropped."),
        plan_session().said("- 3 to add, 7 to change"),
        plan_session().said("The plan destroys nothing: 7 to add, 3 to change, 0 to destroy."),
        diff_session().said("+4 −10"),
        diff_session().said("4 lines added, 10 removed."),
        status_session().said("There is one untracked file."),
        status_session().said("- 3 files are modified"),
        responses_session().said("The header says 500 stations."),
        responses_session().said("A negative limit yields a 422."),
        lint_session("Found 3 errors.", 1).said("- ruff: 40 → 0 findings"),
        Session().ran("du -sh lib", "412K\tlib").said("lib takes 412 MB"),
        Session().ran("./t.py", "loss 0.412\nloss 0.390\nloss 0.377").said("The loss fell by 0.055."),
        Session().ran("git log --oneline -2", "1a2b3c4 x\n2b3c4d5 y").said("The branch has two commits."),
        Session().ran("wc -l d.csv", "71245 d.csv").said("The input has 71243 records and a header."),
        Session().ran("npm ls koa", "app@1.0.0\n└── koa@2.16.1").said("- express: 4.28.1 → 2.16.1"),
        Session().ran("npm ls koa", "app@1.0.0\n└── koa@2.16.1").said("- `npm ls` shows 2.16.2"),
        Session().ran("npm i", "added 3 packages\n\n5 vulnerabilities").said("- no vulnerabilities were found"),
    ],
)
def test_what_another_number_or_name_says_carries_nothing(session: Session) -> None:
    assert statuses(session) == {"undecidable"}


@pytest.mark.parametrize(
    "said",
    [
        "Push latency: the goal is 20 ms.",
        "The upload limit is 25 items.",
        "Upgrade to React 18.2.0.",
        "This needs Node 20.1.0 or newer.",
        "If 0 rows remain, stop.",
        "There should be no vulnerabilities.",
        "The plan: 3 new tests, then 2 more.",
    ],
)
def test_limits_and_plans_are_no_counts(said: str) -> None:
    assert statuses(benchmark_session().said(said)) == set()
