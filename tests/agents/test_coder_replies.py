"""How a program is taken from a coder's reply, and when two programs count as the same."""

import ast

import pytest
from builders import TRAIN
from hypothesis import given
from hypothesis import strategies as st

from gedanken.agents.coder import extract_code, same_program
from gedanken.agents.leakage import find_leak

code = st.lists(
    st.sampled_from(["import torch", "```", "~~~", "````python", "  ```", '"""', "", "    x = 1", "`a`"]) | st.text()
).map("\n".join)


def fence_for(source: str) -> str:
    fence = "```"
    while fence in source:
        fence += "`"
    return fence


@given(code)
def test_a_fenced_program_comes_out_as_it_went_in(source: str) -> None:
    source = source.strip("\n") + "\n"
    fence = fence_for(source)
    assert extract_code(f"{fence}python\n{source}{fence}") == source


@given(code.filter(lambda source: len(source.strip("\n")) > 60))
def test_words_around_a_program_are_left_behind(source: str) -> None:
    source = source.strip("\n") + "\n"
    fence = fence_for(source)
    instructions = "\n\nRun it with:\n\n```bash\npython3 train.py\n```\n"
    assert extract_code(f"Sure! Here is `train.py`:\n\n{fence}python\n{source}{fence}{instructions}") == source


@pytest.mark.parametrize(
    ("reply", "program"),
    [
        ("x = 1", "x = 1\n"),
        ("\n\nx = 1\n\n\n", "x = 1\n"),
        ("~~~\nx = 1\n~~~", "x = 1\n"),
        ("```python\nx = 1\n```\n", "x = 1\n"),
        ("```\nx = 1\n```\nor\n```\nx = 1\ny = 2\n```", "x = 1\ny = 2\n"),
        ("", "\n"),
    ],
)
def test_the_longest_block_is_the_program_or_all_of_the_reply(reply: str, program: str) -> None:
    assert extract_code(reply) == program


def test_a_block_that_the_token_limit_left_open_counts() -> None:
    assert extract_code(f"Here:\n```python\n{TRAIN}") == TRAIN


@pytest.mark.parametrize("reply", ["`" * 300_000, "~" * 300_000, "```x" * 50_000, "```\n" * 50_000, "\n" * 300_000])
def test_a_hostile_reply_is_read_in_no_time(reply: str) -> None:
    assert extract_code(reply).endswith("\n")


def test_comments_and_layout_make_no_other_program() -> None:
    assert same_program("x = 1\nprint( x )", "# one\nx = 1\n\n\nprint(x)  # show it\n")


@pytest.mark.parametrize("other", ["x = 2", "y = 1", "x = 1.0", "x = '1'", "x = 1\nx", "x ="])
def test_a_change_that_does_something_makes_another_program(other: str) -> None:
    assert not same_program("x = 1", other)


def test_what_cannot_be_parsed_is_compared_as_text() -> None:
    assert same_program("def", " def\n")
    assert not same_program("def", "def f")


@pytest.mark.parametrize(
    "source",
    ["a\0b", "x = '\ud800'", "(" * 9999, "-" * 99_999 + "1", "x" + ".a" * 2500, "+1" * 99_999],
    ids=["null", "surrogate", "brackets", "signs", "attributes", "sum"],
)
def test_absurd_programs_are_compared_all_the_same(source: str) -> None:
    assert same_program(source, source)
    assert not same_program(source, TRAIN)


@given(code)
def test_a_program_is_the_same_as_itself_after_a_round_through_the_parser(source: str) -> None:
    try:
        round_trip = ast.unparse(ast.parse(source))
    except (SyntaxError, ValueError):
        round_trip = source
    assert same_program(source, round_trip)


ENDING = """\
loss 0.934182 after 12 steps
Traceback (most recent call last):
  File "/home/user/train.py", line 9, in <module>
    model = Network(nn.Dense(784, 10))
  File "/usr/lib/python3/dist-packages/torch/nn/modules/module.py", line 1750, in _wrapped_call_impl
    return forward_call(*args, **kwargs)
RuntimeError: canary 8f3e77aa is wrong: mat1 and mat2 shapes cannot be multiplied (64x9216 and 784x10)
AttributeError: module 'torch.nn' has no attribute 'CrossEntropy'. Did you mean: 'CrossEntropyLoss'?
Guard it with `if __name__ == '__main__':`, or use torch.load with map_location=torch.device('cpu') and seed 20240101.
"""
FAILED = """\
model = Network(nn.Dense(784, 10))
print(f'loss {loss} after {n} steps')
lr = 0.001
loss_fn = nn.CrossEntropy()
"""


def find_quote(source: str) -> str | None:
    return find_leak(source, [ENDING], [FAILED])


@pytest.mark.parametrize(
    ("source", "quote"),
    [
        ("# RuntimeError: canary 8f3e77aa is wrong", "8f3e77aa"),
        ("n = 'canary 8f3e77aa'", "8f3e77aa"),
        ("n_8F3E77AA = 8", "8f3e77aa"),
        ("print('8F3E77AA')", "8f3e77aa"),
        ("# mat1 and mat2\n# shapes cannot be multiplied", "mat1 and mat2"),
        ("x = 'shapes: cannot be'", "shapes cannot"),
        ("RuntimeError: canary is no Python", "runtimeerror canary"),
        ("best = 0.934182", "0.934182"),
        ("# was 0.934", "0.934"),
        ("best = 9.34182e-1", "9.34182e-1"),
        ("manual_seed(20240101)", "20240101"),
        ("# CrossEntropyLoss", "crossentropyloss"),
    ],
)
def test_a_mended_program_must_not_carry_what_a_failed_run_printed(source: str, quote: str | None) -> None:
    assert find_quote(source) == quote


@pytest.mark.parametrize(
    "source",
    [
        FAILED,
        "model = Network(nn.Linear(9216, 10))  # no nn.Dense",
        "loss_fn = nn.CrossEntropyLoss()  # CrossEntropyLoss, not CrossEntropy",
        "if __name__ == '__main__':\n    main()",
        "torch.load('x', map_location=torch.device('cpu'))",
        "import torch.nn.functional\nfrom torch.utils.data import DataLoader",
        "print(f'loss {loss} after {n} steps')  # of train.py",
        "lr = 0.001  # not 0.93",
        "y = forward_call(*args, **kwargs)",
        "# the shapes must match, or it is a RuntimeError",
    ],
)
def test_a_mended_program_may_take_names_and_sizes_from_a_traceback(source: str) -> None:
    assert find_quote(source) is None


def test_what_the_coder_was_asked_is_no_quote() -> None:
    assert find_leak("# module has no attribute", [ENDING], ["it is a module that has no attribute"]) is None
    assert find_leak("rate = 0.934182", [ENDING], ["lr=0.934182"]) is None


@given(code, st.lists(code, max_size=2), st.lists(code, max_size=2))
def test_a_program_that_was_run_quotes_nothing(source: str, shown: list[str], known: list[str]) -> None:
    assert find_leak(source, shown, [*known, source]) is None
    assert find_leak(source, [], known) is None


@pytest.mark.parametrize("part", ["1", "1.", "a ", "1.1 ", ".", "1e9", "'", "(", "# a1b2c3 "])
def test_a_hostile_program_is_searched_for_quotes_in_no_time(part: str) -> None:
    find_leak(part * 20_000, [part * 200], [part * 2000])


def test_a_time_with_its_unit_is_a_number_and_a_usual_constant_no_quote() -> None:
    assert find_leak("t = 12.345\n", ["epoch 1 took 12.345s, 33.125it/s"], [""]) == "12.345"
    assert find_leak("betas = (0.9, 0.999)\n", ["acc 0.99891"], [""]) is None
