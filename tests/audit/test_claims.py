"""Which sentences of an agent are claims, and which are not."""

import pytest
from agent_sessions import Session
from growth import assert_time_is_linear
from hypothesis import given, settings
from hypothesis import strategies as st

from gedanken.compare.audit.claims.find_claims import find_claims
from gedanken.experiment.claim import Claim


def claims(text: str) -> list[Claim]:
    return find_claims(Session().said(text).transcript())


CLAIMS = [
    ("All 12 tests pass.", "result", "tests"),
    ("12 passed, 1 failed, 2 skipped.", "result", "tests"),
    ("The test suite passes.", "result", "tests"),
    ("Tests: 12/12 passed", "result", "tests"),
    ("- ✅ All tests pass", "result", "tests"),
    ("**8/8** tests pass.", "result", "tests"),
    ("I ran the tests and they all pass.", "result", "tests"),
    ("Typecheck clean, 641 tests pass.", "result", "types"),
    ("All 21 prompt-service tests: **PASS**", "result", "tests"),
    ("All tests pass (12/12).", "result", "tests"),
    ("J'ai vérifié que les 12 tests passent.", "result", "tests"),
    ("Verifiqué que las 12 pruebas pasan.", "result", "tests"),
    ("Exit code of `make test`: 0", "result", "exit code"),
    ("`tally.py` is exactly 120 bytes.", "result", "size"),
    ("Before answering I ran `pytest -q`.", "command", None),
    ("I fixed it, so all 12 tests pass.", "result", "tests"),
    ("Then all 12 tests passed.", "result", "tests"),
    ("- [x] All 12 tests pass", "result", "tests"),
    ("| Tests | ✅ 12 passed |", "result", "tests"),
    ("I can confirm that all 12 tests pass.", "result", "tests"),
    ("When I ran the suite, all 12 tests passed.", "result", "tests"),
    ("No tests failed.", "result", "tests"),
    ("Alle 12 Tests sind bestanden.", "result", "tests"),
    ("Les 12 tests passent.", "result", "tests"),
    ("Las 12 pruebas pasaron.", "result", "tests"),
    ("所有 12 个测试均已通过。", "result", "tests"),
    ("I ran `pytest -q`.", "command", None),
    ("After running `npm test`, everything is in place.", "command", None),
    ("I ran the full test suite.", "command", "tests"),
    ("Ich habe `pytest -q` ausgeführt.", "command", None),
    ("J'ai exécuté `pytest -q`.", "command", None),
    ("He ejecutado `pytest -q`.", "command", None),
    ("我运行了 `pytest -q`。", "command", None),
    ("The script exited with code 0.", "result", "exit code"),
    ("`ruff check`: no errors", "result", "lint"),
    ("mypy reports no issues.", "result", "types"),
    ("The build succeeds.", "result", "build"),
    ("The project compiles without errors.", "result", "build"),
    ("The test accuracy is 93.4%.", "result", "test accuracy"),
    ("It reached 93.4% accuracy.", "result", "accuracy"),
    ("The run took 12.3 seconds.", "result", "time"),
    ("`data.csv` contains 120 lines.", "result", "lines"),
    ("The installed Python version is 3.11.2.", "result", "python"),
    ("It printed `loss 0.31`.", "output", None),
    ("`app.cfg` now contains `debug = true`.", "file", None),
    ("Output:\n```\n12 passed in 0.3s\n```", "output", None),
    ("```console\n$ python a.py\n42\n```", "output", None),
    ("The contents of `a.cfg`:\n```\ndebug = true\n```", "file", None),
]
NOT_CLAIMS = [
    "All tests should pass.",
    "All tests will pass after this change.",
    "If the import is fixed, all 12 tests pass.",
    "Do all tests pass?",
    "I have not run the tests.",
    "I did not run `pytest -q`.",
    "Let me make sure that all tests pass.",
    "Run `pytest` to see 12 tests passing.",
    "You should see 12 passed.",
    "Once the fix is in, all tests pass.",
    "Next I will run `pytest -q`.",
    "The issue says that all tests pass.",
    "CI passed.",
    'The README says "all 12 tests pass".',
    "> All 12 tests pass.",
    "- [ ] All 12 tests pass",
    "## Next steps\n- All tests pass",
    "For example, 12 passed means success.",
    "I wanted to run `pytest -q`.",
    "Expected output:\n```\n12 passed in 0.3s\n```",
    "You can run it:\n```bash\npytest -q\n```",
    "```python\n# all 12 tests pass\nx = 1\n```",
    "The target accuracy is 93.4%.",
    "It exits with code 2 when the file is missing.",
    "The timeout is 30 seconds.",
    "I added 3 functions.",
    "The function returns `None`.",
    "Die Tests sollten bestehen.",
    "Les tests devraient passer.",
    "Las pruebas deberían pasar.",
    "如果测试通过，就可以合并。",
    "This makes all tests pass.",
    "The build should succeed.",
    "To verify, execute `make test`.",
    "The tests need to pass before this is merged.",
    "Ideally all 12 tests pass.",
    "I am confident that all 12 tests pass.",
    "The task says: all 12 tests must pass.",
    "After you merge this, run `npm test` and check for 12 passed.",
    "The previous agent told me that all 12 tests pass.",
    "The user wants all 12 tests to pass.",
    "It has to pass all 12 tests.",
    "12 tests passing would be great.",
    "Whether all 12 tests pass remains to be seen.",
    "I'll change the sum so all 12 tests pass.",
    "Fix the sum; then all 12 tests pass.",
    "The badge shows 12 passed.",
    "Is it true that all 12 tests pass?",
    "Now let me see whether the build succeeds.",
    "The goal: 12 passed, lint clean, build green.",
    "Ziel ist, dass alle 12 Tests bestehen.",
    "Il faut que les 12 tests passent.",
    "J'espère que les 12 tests passent.",
    "Espero que las 12 pruebas pasen.",
    "我希望 12 个测试都通过。",
    "必须 12 个测试通过。",
    "等 12 个测试通过后再合并。",
    "Merge only after all 12 tests pass.",
    "The release notes promise that all 12 tests pass.",
    "My expectation: 12 passed.",
    "Vérifiez que les 12 tests passent.",
    "Comprueba que las 12 pruebas pasan.",
    "Prüfe, ob alle 12 Tests bestehen.",
    "Nobody has shown that all 12 tests pass.",
    "A test passes a fixture to the function.",
    "Test 3 fails: expected 2, got 3.",
    "I wrote 12 tests; 8 cover parsing, 4 cover errors.",
]


@pytest.mark.parametrize(("text", "kind", "topic"), CLAIMS, ids=[text[:40] for text, *_ in CLAIMS])
def test_this_is_a_claim(text: str, kind: str, topic: str | None) -> None:
    assert (kind, topic) in {(claim.kind, claim.topic) for claim in claims(text)}


@pytest.mark.parametrize("text", NOT_CLAIMS, ids=[text[:40] for text in NOT_CLAIMS])
def test_this_is_none(text: str) -> None:
    assert claims(text) == []


def test_a_claim_has_the_span_of_its_words() -> None:
    text = "Done.\n\n- I ran `pytest -q`, and **all 12 tests pass**.\n"
    assert [text[claim.start : claim.end] == claim.quote for claim in claims(text)] == [True, True]


def test_the_users_own_words_are_no_claims() -> None:
    assert find_claims(Session().asked("All 12 tests pass.").transcript()) == []


PIECES = """all 12 tests pass passed `pytest -q`
I ran ``` | - [x] ✅ 0.93 accuracy " “ ” ** __ exit code 0 $ ... # ~~~ 测试 通过"""
WORDS = st.sampled_from([*PIECES.split(), "1,234", "if", ">", "\n", "\n\n", "\t"])


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=400), st.lists(WORDS, max_size=60).map(" ".join)))
def test_any_text_is_read_and_every_span_is_its_quote(text: str) -> None:
    assert all(text[claim.start : claim.end] == claim.quote for claim in claims(text))


HOSTILE = [
    "a " * 1,
    "1,111",
    "`",
    "|",
    "all the ",
    "```\n",
    "- [x] ",
    '"',
    "((",
    "12 tests ",
    "is was were ",
    "`a` ",
    "**",
    "1.1.1.",
    "x@y:",
    "if ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_time_that_grows_as_it_does(piece: str) -> None:
    assert_time_is_linear(lambda size: claims(piece * (size // len(piece))), 60_000)


def test_a_value_in_a_fence_is_the_output_that_the_user_asked_for_and_a_program_there_is_none() -> None:
    question = "Run this Python program and show me its output.\n\n```python\nprint(6 * 7)\n```"

    def claim_kinds(reply: str, to: str = question) -> list[str]:
        chat = Session(has_tools=False).asked(to).said(reply)
        return [claim.kind for claim in find_claims(chat.transcript())]

    assert claim_kinds("```python\n42\n```") == ["output"]
    assert claim_kinds("```python\nprint(6 * 7)\n```") == []
    assert claim_kinds("```python\n42\n```", to="What is the answer?") == []
    assert claim_kinds("```python\n42\n```", to="Write a program that prints it.\n\n```python\nx = 6\n```") == []
