"""What prints without words print, and what programs log, is learned from real runs."""

import pytest
from builders import find_differences, imagined, kinds, program, real

TABLE = """header = f"{'epoch':>5} {'loss':>8}"
print(header)
for epoch in range(3):
    print(f"{epoch:>5} {loss:>8.4f}")
"""
LOG = """import logging
log = logging.getLogger()
for epoch in range(3):
    log.info("epoch %d loss %.4f", epoch, loss)
print("done")
"""


def table(*losses: float, header: str = "epoch     loss") -> str:
    return "\n".join([header, *(f"{epoch:>5} {loss:>8.4f}" for epoch, loss in enumerate(losses))]) + "\n"


def log(*losses: float, prefix: str = "[INFO] ") -> str:
    return "".join(f"{prefix}epoch {epoch} loss {loss:.4f}\n" for epoch, loss in enumerate(losses))


REAL_TABLES = [real(table(0.9 + 0.01 * seed, 0.5, 0.3), seed) for seed in range(1, 5)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (table(0.92, 0.51, 0.31), []),
        (table(0.92, 0.51, 0.31, header="epoch     cost"), ["literal differs"]),
        (table(0.92, 0.51, 0.31) + "Saved the model\n", ["line"]),
        (table(0.92, 0.51, 0.31, 0.2), ["print count differs"]),
        (table(0.92, 0.51), ["print count differs"]),
        (table(0.92, 0.51, 0.31).replace("0.3100", "  0.31"), ["number format differs"]),
    ],
)
def test_prints_without_words_are_held_against_what_all_real_runs_show(text: str, found: list[str]) -> None:
    found_kinds = kinds(find_differences(program(TABLE), REAL_TABLES, [imagined(text)]))
    assert bool(found_kinds) == bool(found)
    assert all(any(kind in found_kind for found_kind in found_kinds) for kind in found)


def test_a_bare_print_that_differs_between_real_runs_may_show_anything() -> None:
    source = "for name in names:\n    print(name)\n"
    runs = [real(f"cat\n{name}\n", seed) for seed, name in enumerate(["dog", "cow", "cat"], start=1)]
    assert not find_differences(program(source), runs, [imagined("owl\ncat\n")])


def _run_with_log(text: str, seed: int) -> object:
    noise = "/usr/lib/library.py:7: UserWarning: this machine is slow\n"
    return real("done\n", seed, terminal=noise + text + "done\n")


REAL_LOGS = [_run_with_log(log(0.9 + 0.01 * seed, 0.5, 0.3), seed) for seed in range(1, 5)]


def test_logs_on_standard_error_count_and_warnings_of_libraries_do_not() -> None:
    def kinds_found(text: str) -> list[str]:
        return kinds(find_differences(program(LOG), REAL_LOGS, [imagined(text + "done\n")]))

    assert kinds_found(log(0.92, 0.51, 0.31)) == []
    assert "epochs silently missing" in kinds_found(log(0.92, 0.51))
    assert "literal differs" in kinds_found(log(0.92, 0.51, 0.31, prefix="[LOUD] "))
    assert "print count differs" in kinds_found(log(0.92, 0.51, 0.31) + "[INFO] epoch 2 loss 0.3100\n")
