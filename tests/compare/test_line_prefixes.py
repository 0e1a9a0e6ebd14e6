"""Names of hosts, jobs and runs in front of nearly every line of a log: lines are compared without them."""

import random
import time
from collections.abc import Callable, Sequence

import pytest
from test_log_structure import compare_logs

from gedanken.compare.output.line_prefixes import prefix_of, sample_lines
from gedanken.compare.output.transcript import Transcript
from gedanken.compare.parsed.templates import Templates

MakeFront = Callable[[str, random.Random], str]


def random_timestamp(rng: random.Random) -> str:
    return f"2031-03-04 05:{rng.randint(10, 59)}:{rng.randint(10, 59)}"


FRONTS: dict[str, MakeFront] = {
    "brackets": lambda name, _chance: f"[{name}] ",
    "colon": lambda name, _chance: f"{name}: ",
    "bar": lambda name, _chance: f"{name} | ",
    "behind a time": lambda name, rng: f"{random_timestamp(rng)} {name} ",
    "before a time": lambda name, rng: f"<{name} {random_timestamp(rng)}> ",
    "behind a level": lambda name, rng: f"{rng.choice(['INFO', 'INFO', 'WARNING'])} [{name}] ",
    "with a user": lambda name, _chance: f"{name.upper()}@{name}: ",
}
NAMES = ("brave-otter", "calm-heron-2", "tundra", "q17.west", "deep_fjord", "node-b4", "zircon")
IMAGINED_NAMES = ("mellow-finch", "n3.east", "basalt")


def log(seed: int, front: MakeFront, name: str, factor: float = 1.0, *, text_before: str = "loading shards\n") -> str:
    rng = random.Random(seed)
    lines = ["reading the config"]
    for epoch in range(9):
        lines += [
            f"epoch {epoch} val_loss {factor * (2 / (epoch + 1) + rng.gauss(0, 0.02)):.4f}",
            f"saved part {epoch}",
        ]
    lines.append("all done")
    return text_before + "".join(f"{front(name, rng)}{line}\n" for line in lines)


def logs_with_names(
    front: MakeFront, real: Sequence[str], imagined: Sequence[str], factor: float = 1.0
) -> tuple[list[str], list[str]]:
    real_logs = [log(seed, front, name) for seed, name in enumerate(real)]
    return real_logs, [log(seed, front, name, factor) for seed, name in enumerate(imagined, 50)]


@pytest.mark.parametrize("front", FRONTS.values(), ids=list(FRONTS))
def test_runs_that_have_names_in_front_of_their_lines_are_compared(front: MakeFront) -> None:
    fair_result = compare_logs(*logs_with_names(front, NAMES, IMAGINED_NAMES))
    assert fair_result.endpoint and fair_result.endpoint.name == "val_loss"
    assert not fair_result.findings and not fair_result.undecided
    wrong_result = compare_logs(*logs_with_names(front, NAMES, IMAGINED_NAMES, 9.0))
    assert "primary endpoint differs" in [finding.check for finding in wrong_result.findings]


@pytest.mark.parametrize("front", FRONTS.values(), ids=list(FRONTS))
def test_an_imagined_run_on_another_host_is_not_accused_of_it(front: MakeFront) -> None:
    real, imagined = logs_with_names(front, ["node12"] * 7, ["dgx3", "ip-10-1-2-3", "cn7"])
    result = compare_logs(real, imagined)
    assert not result.findings and not result.first_undecided
    assert result.endpoint and result.endpoint.name == "val_loss"


def test_whether_a_word_is_a_name_stays_undecided_where_the_real_runs_share_it() -> None:
    result = compare_logs(*logs_with_names(FRONTS["brackets"], ["tundra"] * 7, ["basalt"] * 3))
    assert not result.findings
    assert result.first_undecided and "basalt" in result.first_undecided and "tundra" in result.first_undecided
    assert any("names of hosts or runs" in undecided for undecided in result.undecided)


def logs_with_fronts(real_front: MakeFront, imagined_front: MakeFront) -> tuple[list[str], list[str]]:
    """Seven real and three imagined logs, with different words in front of their lines."""
    return [log(seed, real_front, "") for seed in range(7)], [log(seed, imagined_front, "") for seed in range(50, 53)]


def front_with_id(prefix: str, suffix: str) -> MakeFront:
    """A function that makes a different id for each line, between `prefix` and `suffix`."""
    return lambda _name, rng: f"{prefix}{rng.getrandbits(160):040x}{suffix}"


def front_of_words(*front_words: str) -> MakeFront:
    return lambda _name, _chance: "".join(f"[{word}] " for word in front_words)


def front_of_process(word: str) -> MakeFront:
    return lambda _name, rng: f"{word}[{rng.randint(1000, 9999)}]: "


def test_words_that_differ_only_in_an_id_are_alike() -> None:
    for front in (front_of_process("stager"), front_with_id("squad-", " ")):
        result = compare_logs(*logs_with_fronts(front, front))
        assert not result.findings and not result.undecided


@pytest.mark.parametrize(
    ("ours", "theirs", "named"),
    [
        (front_of_process("stager"), front_of_process("loader"), ("“stager…”", "“loader…”")),
        (front_with_id("[sweep-", "] "), front_with_id("[probe-", "] "), ("“sweep-…”", "“probe-…”")),
        (front_with_id("[", "] "), lambda _name, _chance: "[dgx3] ", ("an id or a time", "“dgx3”")),
    ],
    ids=["process", "id", "host"],
)
def test_words_that_differ_around_an_id_are_not_taken_as_equal(
    ours: MakeFront, theirs: MakeFront, named: tuple[str, str]
) -> None:
    result = compare_logs(*logs_with_fronts(ours, theirs))
    assert not result.findings
    assert result.first_undecided and all(word in result.first_undecided for word in named)
    assert all("\x1a" not in undecided for undecided in result.undecided)


def constant_front(prefix: str) -> MakeFront:
    return lambda _name, _chance: prefix


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("verdict: fine | ", "verdict: poor | "),
        ("{'mode': 'quick'} ", "{'mode': 'slow'} "),
        ("[succeeded] ", "[crashed] "),
        ("<Teacher> ", "<Student> "),
        ("increasing: ", "decreasing: "),
        ("test-passed | ", "test-skipped | "),
    ],
)
def test_values_and_words_of_the_program_are_no_names(ours: str, theirs: str) -> None:
    result = compare_logs(*logs_with_fronts(constant_front(ours), constant_front(theirs)))
    assert result.findings and not result.first_undecided


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("run_name: tundra | ", "run_name: basalt | "), ("[gpu0] ", "[gpu1] "), ("node1: ", "node2: ")],
)
def test_the_value_of_a_key_for_names_and_a_numbered_process_stay_undecided(ours: str, theirs: str) -> None:
    result = compare_logs(*logs_with_fronts(constant_front(ours), constant_front(theirs)))
    assert not result.findings and result.first_undecided


@pytest.mark.parametrize(("ours", "theirs"), [("[node12] ", "[node37] "), ("machine-104: ", "machine-220: ")])
def test_two_of_many_numbered_machines_are_names(ours: str, theirs: str) -> None:
    result = compare_logs(*logs_with_fronts(constant_front(ours), constant_front(theirs)))
    assert not result.findings and not result.undecided


def test_each_word_that_was_replaced_is_named() -> None:
    both_replaced = compare_logs(
        *logs_with_fronts(front_of_words("danish", "short"), front_of_words("finnish", "long"))
    )
    assert both_replaced.first_undecided and all(
        f"“{word}”" in both_replaced.first_undecided for word in ("danish", "short", "finnish", "long")
    )
    host_and_word = compare_logs(
        *logs_with_fronts(front_of_words("node12", "danish"), front_of_words("dgx3", "finnish"))
    )
    assert host_and_word.first_undecided and all(
        f"“{word}”" in host_and_word.first_undecided for word in ("node12", "dgx3", "finnish")
    )
    real, (first_log, *other_logs) = logs_with_fronts(front_of_words("danish"), front_of_words("finnish"))
    two_words = compare_logs(real, [first_log.replace("finnish", "norse"), *other_logs])
    assert two_words.first_undecided and all(
        f"“{word}”" in two_words.first_undecided for word in ("danish", "norse", "finnish")
    )


def test_names_that_were_masked_are_not_said_to_be_compared() -> None:
    def front(word: str) -> MakeFront:
        return lambda name, _chance: f"[{name}] [{word}] "

    real = [log(seed, front("danish"), name) for seed, name in enumerate(NAMES)]
    result = compare_logs(real, [log(seed, front("finnish"), name) for seed, name in enumerate(IMAGINED_NAMES, 50)])
    assert not result.findings
    assert [undecided.partition("all other words")[2] for undecided in result.undecided] == [
        " were compared, except names that differ among the real logs."
    ]


def test_another_word_before_an_id_is_told_where_nothing_sets_it_off() -> None:
    assert compare_logs(*logs_with_fronts(front_with_id("squad-", " "), front_with_id("glue-", " "))).findings


def test_another_sentence_behind_the_time_is_told() -> None:
    def text(seed: int, verb: str) -> str:
        rng = random.Random(seed)
        return "".join(
            f"{random_timestamp(rng)} {verb} item {item}, val_loss {rng.random():.3f}\n" for item in range(9)
        )

    result = compare_logs(
        [text(seed, "Sorted") for seed in range(7)], [text(seed, "Ordered") for seed in range(50, 53)]
    )
    assert [finding.check for finding in result.findings] == ["literal differs"]


def test_a_line_that_says_something_else_is_told_beside_a_name() -> None:
    real, imagined = logs_with_names(FRONTS["bar"], NAMES, IMAGINED_NAMES)
    result = compare_logs(real, [text.replace("saved part", "wrote the piece") for text in imagined])
    assert result.findings and all("wrote the piece" in finding.evidence[-1].text for finding in result.findings)


def test_a_run_without_a_name_where_all_real_runs_have_one_is_told() -> None:
    real, imagined = logs_with_names(FRONTS["brackets"], NAMES, IMAGINED_NAMES)
    assert compare_logs(real, [text.replace("[n3.east] ", "") for text in imagined]).findings


@pytest.mark.parametrize(
    ("ours", "theirs"), [("Epoch", "Iteration"), ("val_loss", "val_acc"), ("[train]", "[valid]"), ("INFO:", "DEBUG:")]
)
def test_a_word_that_has_another_meaning_is_no_name(ours: str, theirs: str) -> None:
    def text(seed: int, word: str) -> str:
        rng = random.Random(seed)
        return "".join(f"{word} {step} score {step + rng.random():.3f}\n" for step in range(20))

    logs = [text(seed, ours) for seed in range(7)]
    names = Templates(lambda: [Transcript(log, True) for log in logs], lambda: logs).names
    assert all(names.renaming_of(text) is None for text in [*logs, text(9, theirs)])


def test_a_word_that_varies_within_a_log_is_no_name() -> None:
    def text(seed: int, usual_word: str) -> str:
        rng = random.Random(seed)
        return "".join(
            f"<{'rare' if rng.random() < 0.1 else usual_word}> item {item} took {rng.random():.3f}\n"
            for item in range(99)
        )

    logs = [text(seed, name) for seed, name in enumerate(NAMES)]
    names = Templates(lambda: [Transcript(log, True) for log in logs], lambda: logs).names
    assert all(names.renaming_of(text) is None for text in logs)


def test_only_lines_that_begin_with_the_name_are_changed() -> None:
    logs = [log(seed, FRONTS["bar"], name, text_before=f"{name} is the best\n") for seed, name in enumerate(NAMES)]
    names = Templates(lambda: [Transcript(log, True) for log in logs], lambda: logs).names
    renamed = names.renaming_of(logs[0])
    assert renamed and renamed.renaming.all(["brave-otter | a", "brave-otters | a", "on brave-otter | a"]) == [
        "\x1a | a",
        "brave-otters | a",
        "on brave-otter | a",
    ]


PREFIXES: list[MakeFront] = [
    front_of_words("portuguese"),
    lambda _name, _chance: "cluster | preparing | ",
    lambda _name, rng: f"{random_timestamp(rng)} WARNING indexer: ",
    front_of_process("translator"),
    front_with_id("(", " gatherer) "),
]


@pytest.mark.parametrize("front", PREFIXES)
def test_an_invented_line_is_no_rewording_because_it_has_the_words_in_front(front: MakeFront) -> None:
    real, imagined = logs_with_fronts(front, front)
    invented = f"{front('', random.Random(0))}the other shard came back empty\n"
    result = compare_logs(real, [text.replace("\n", f"\n{invented}", 7) for text in imagined])
    assert [finding.check for finding in result.findings] == ["line in no real log"]


@pytest.mark.parametrize("front", PREFIXES)
def test_a_line_in_other_words_behind_the_words_in_front_is_a_rewording(front: MakeFront) -> None:
    real, imagined = logs_with_fronts(front, front)
    result = compare_logs(real, [text.replace("reading the config", "reading its config") for text in imagined])
    assert [finding.check for finding in result.findings] == ["literal differs"]


def test_words_with_which_lines_of_one_kind_begin_are_no_prefix() -> None:
    def text(seed: int, verb: str) -> str:
        rng = random.Random(seed)
        return "".join(f"parcel: weighs {rng.random():.3f} and {verb} {rng.random():.3f}\n" for _item in range(9))

    result = compare_logs([text(seed, "holds") for seed in range(7)], [text(seed, "costs") for seed in range(50, 53)])
    assert [finding.check for finding in result.findings] == ["literal differs"]


def test_a_prefix_is_read_in_no_time_from_a_long_log() -> None:
    text = log(1, FRONTS["bar"], "zircon") * 20_000
    start = time.process_time()
    assert prefix_of(sample_lines(text))[0].word == "zircon"
    assert time.process_time() - start < 1
