"""Names of hosts, jobs and runs in front of nearly every line of a log: lines are compared without them."""

import random
import time
from collections.abc import Callable, Sequence

import pytest
from test_log_structure import compared

from gedanken.compare.output.line_prefixes import prefix_of, some_lines
from gedanken.compare.output.transcript import Transcript
from gedanken.compare.parsed.templates import Templates

Front = Callable[[str, random.Random], str]


def clock(chance: random.Random) -> str:
    return f"2031-03-04 05:{chance.randint(10, 59)}:{chance.randint(10, 59)}"


FRONTS: dict[str, Front] = {
    "brackets": lambda name, _chance: f"[{name}] ",
    "colon": lambda name, _chance: f"{name}: ",
    "bar": lambda name, _chance: f"{name} | ",
    "behind a time": lambda name, chance: f"{clock(chance)} {name} ",
    "before a time": lambda name, chance: f"<{name} {clock(chance)}> ",
    "behind a level": lambda name, chance: f"{chance.choice(['INFO', 'INFO', 'WARNING'])} [{name}] ",
    "with a user": lambda name, _chance: f"{name.upper()}@{name}: ",
}
NAMES = ("brave-otter", "calm-heron-2", "tundra", "q17.west", "deep_fjord", "node-b4", "zircon")
OTHERS = ("mellow-finch", "n3.east", "basalt")


def log(seed: int, front: Front, name: str, factor: float = 1.0, *, raw: str = "loading shards\n") -> str:
    chance = random.Random(seed)
    lines = ["reading the config"]
    for at in range(9):
        lines += [f"epoch {at} val_loss {factor * (2 / (at + 1) + chance.gauss(0, 0.02)):.4f}", f"saved part {at}"]
    lines.append("all done")
    return raw + "".join(f"{front(name, chance)}{line}\n" for line in lines)


def of_names(
    front: Front, real: Sequence[str], imagined: Sequence[str], factor: float = 1.0
) -> tuple[list[str], list[str]]:
    ours = [log(seed, front, name) for seed, name in enumerate(real)]
    return ours, [log(seed, front, name, factor) for seed, name in enumerate(imagined, 50)]


@pytest.mark.parametrize("front", FRONTS.values(), ids=list(FRONTS))
def test_runs_that_have_names_in_front_of_their_lines_are_compared(front: Front) -> None:
    fair = compared(*of_names(front, NAMES, OTHERS))
    assert fair.endpoint and fair.endpoint.name == "val_loss"
    assert not fair.findings and not fair.undecided
    wrong = compared(*of_names(front, NAMES, OTHERS, 9.0))
    assert "primary endpoint differs" in [one.check for one in wrong.findings]


@pytest.mark.parametrize("front", FRONTS.values(), ids=list(FRONTS))
def test_an_imagined_run_on_another_host_is_not_accused_of_it(front: Front) -> None:
    real, imagined = of_names(front, ["node12"] * 7, ["dgx3", "ip-10-1-2-3", "cn7"])
    result = compared(real, imagined)
    assert not result.findings and not result.unjudged
    assert result.endpoint and result.endpoint.name == "val_loss"


def test_whether_a_word_is_a_name_stays_undecided_where_the_real_runs_share_it() -> None:
    result = compared(*of_names(FRONTS["brackets"], ["tundra"] * 7, ["basalt"] * 3))
    assert not result.findings
    assert result.unjudged and "basalt" in result.unjudged and "tundra" in result.unjudged
    assert any("names of hosts or runs" in told for told in result.undecided)


def of_fronts(ours: Front, theirs: Front) -> tuple[list[str], list[str]]:
    """Seven real logs, and three imagined ones, with other words in front of their lines."""
    return [log(seed, ours, "") for seed in range(7)], [log(seed, theirs, "") for seed in range(50, 53)]


def of_id(before: str, behind: str) -> Front:
    """A front with another id in each line."""
    return lambda _name, chance: f"{before}{chance.getrandbits(160):040x}{behind}"


def words(*all_words: str) -> Front:
    return lambda _name, _chance: "".join(f"[{word}] " for word in all_words)


def of_process(word: str) -> Front:
    return lambda _name, chance: f"{word}[{chance.randint(1000, 9999)}]: "


def test_words_that_differ_only_in_an_id_are_alike() -> None:
    for front in (of_process("stager"), of_id("squad-", " ")):
        result = compared(*of_fronts(front, front))
        assert not result.findings and not result.undecided


@pytest.mark.parametrize(
    ("ours", "theirs", "named"),
    [
        (of_process("stager"), of_process("loader"), ("“stager…”", "“loader…”")),
        (of_id("[sweep-", "] "), of_id("[probe-", "] "), ("“sweep-…”", "“probe-…”")),
        (of_id("[", "] "), lambda _name, _chance: "[dgx3] ", ("an id or a time", "“dgx3”")),
    ],
    ids=["process", "id", "host"],
)
def test_words_that_differ_around_an_id_are_not_taken_as_equal(
    ours: Front, theirs: Front, named: tuple[str, str]
) -> None:
    result = compared(*of_fronts(ours, theirs))
    assert not result.findings
    assert result.unjudged and all(word in result.unjudged for word in named)
    assert all("\x1a" not in told for told in result.undecided)


def text_before(before: str) -> Front:
    return lambda _name, _chance: before


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
    result = compared(*of_fronts(text_before(ours), text_before(theirs)))
    assert result.findings and not result.unjudged


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("run_name: tundra | ", "run_name: basalt | "), ("[gpu0] ", "[gpu1] "), ("node1: ", "node2: ")],
)
def test_the_value_of_a_key_for_names_and_a_numbered_process_stay_undecided(ours: str, theirs: str) -> None:
    result = compared(*of_fronts(text_before(ours), text_before(theirs)))
    assert not result.findings and result.unjudged


@pytest.mark.parametrize(("ours", "theirs"), [("[node12] ", "[node37] "), ("machine-104: ", "machine-220: ")])
def test_two_of_many_numbered_machines_are_names(ours: str, theirs: str) -> None:
    result = compared(*of_fronts(text_before(ours), text_before(theirs)))
    assert not result.findings and not result.undecided


def test_each_word_that_was_replaced_is_named() -> None:
    both = compared(*of_fronts(words("danish", "short"), words("finnish", "long")))
    assert both.unjudged and all(f"“{word}”" in both.unjudged for word in ("danish", "short", "finnish", "long"))
    with_host = compared(*of_fronts(words("node12", "danish"), words("dgx3", "finnish")))
    assert with_host.unjudged and all(f"“{word}”" in with_host.unjudged for word in ("node12", "dgx3", "finnish"))
    real, (first, *others) = of_fronts(words("danish"), words("finnish"))
    each = compared(real, [first.replace("finnish", "norse"), *others])
    assert each.unjudged and all(f"“{word}”" in each.unjudged for word in ("danish", "norse", "finnish"))


def test_names_that_were_masked_are_not_said_to_be_compared() -> None:
    def front(word: str) -> Front:
        return lambda name, _chance: f"[{name}] [{word}] "

    real = [log(seed, front("danish"), name) for seed, name in enumerate(NAMES)]
    result = compared(real, [log(seed, front("finnish"), name) for seed, name in enumerate(OTHERS, 50)])
    assert not result.findings
    assert [told.partition("all other words")[2] for told in result.undecided] == [
        " were compared, except names that differ among the real logs."
    ]


def test_another_word_before_an_id_is_told_where_nothing_sets_it_off() -> None:
    assert compared(*of_fronts(of_id("squad-", " "), of_id("glue-", " "))).findings


def test_another_sentence_behind_the_time_is_told() -> None:
    def text(seed: int, verb: str) -> str:
        chance = random.Random(seed)
        return "".join(f"{clock(chance)} {verb} item {at}, val_loss {chance.random():.3f}\n" for at in range(9))

    result = compared([text(seed, "Sorted") for seed in range(7)], [text(seed, "Ordered") for seed in range(50, 53)])
    assert [one.check for one in result.findings] == ["literal differs"]


def test_a_line_that_says_something_else_is_told_beside_a_name() -> None:
    real, imagined = of_names(FRONTS["bar"], NAMES, OTHERS)
    result = compared(real, [text.replace("saved part", "wrote the piece") for text in imagined])
    assert result.findings and all("wrote the piece" in one.evidence[-1].text for one in result.findings)


def test_a_run_without_a_name_where_all_real_runs_have_one_is_told() -> None:
    real, imagined = of_names(FRONTS["brackets"], NAMES, OTHERS)
    assert compared(real, [text.replace("[n3.east] ", "") for text in imagined]).findings


@pytest.mark.parametrize(
    ("ours", "theirs"), [("Epoch", "Iteration"), ("val_loss", "val_acc"), ("[train]", "[valid]"), ("INFO:", "DEBUG:")]
)
def test_a_word_that_has_another_meaning_is_no_name(ours: str, theirs: str) -> None:
    def text(seed: int, word: str) -> str:
        chance = random.Random(seed)
        return "".join(f"{word} {at} score {at + chance.random():.3f}\n" for at in range(20))

    logs = [text(seed, ours) for seed in range(7)]
    names = Templates(lambda: [Transcript(log, True) for log in logs], lambda: logs).names
    assert all(names.of(one) is None for one in [*logs, text(9, theirs)])


def test_a_word_that_varies_within_a_log_is_no_name() -> None:
    def text(seed: int, often: str) -> str:
        chance = random.Random(seed)
        return "".join(
            f"<{'rare' if chance.random() < 0.1 else often}> item {at} took {chance.random():.3f}\n"
            for at in range(99)
        )

    logs = [text(seed, name) for seed, name in enumerate(NAMES)]
    names = Templates(lambda: [Transcript(log, True) for log in logs], lambda: logs).names
    assert all(names.of(one) is None for one in logs)


def test_only_lines_that_begin_with_the_name_are_changed() -> None:
    logs = [log(seed, FRONTS["bar"], name, raw=f"{name} is the best\n") for seed, name in enumerate(NAMES)]
    names = Templates(lambda: [Transcript(log, True) for log in logs], lambda: logs).names
    renamed = names.of(logs[0])
    assert renamed and renamed.renaming.all(["brave-otter | a", "brave-otters | a", "on brave-otter | a"]) == [
        "\x1a | a",
        "brave-otters | a",
        "on brave-otter | a",
    ]


PREFIXES: list[Front] = [
    words("portuguese"),
    lambda _name, _chance: "cluster | preparing | ",
    lambda _name, chance: f"{clock(chance)} WARNING indexer: ",
    of_process("translator"),
    of_id("(", " gatherer) "),
]


@pytest.mark.parametrize("front", PREFIXES)
def test_an_invented_line_is_no_rewording_because_it_has_the_words_in_front(front: Front) -> None:
    real, imagined = of_fronts(front, front)
    invented = f"{front('', random.Random(0))}the other shard came back empty\n"
    result = compared(real, [text.replace("\n", f"\n{invented}", 7) for text in imagined])
    assert [one.check for one in result.findings] == ["line in no real log"]


@pytest.mark.parametrize("front", PREFIXES)
def test_a_line_in_other_words_behind_the_words_in_front_is_a_rewording(front: Front) -> None:
    real, imagined = of_fronts(front, front)
    result = compared(real, [text.replace("reading the config", "reading its config") for text in imagined])
    assert [one.check for one in result.findings] == ["literal differs"]


def test_words_with_which_lines_of_one_kind_begin_are_no_prefix() -> None:
    def text(seed: int, verb: str) -> str:
        chance = random.Random(seed)
        return "".join(f"parcel: weighs {chance.random():.3f} and {verb} {chance.random():.3f}\n" for _at in range(9))

    result = compared([text(seed, "holds") for seed in range(7)], [text(seed, "costs") for seed in range(50, 53)])
    assert [one.check for one in result.findings] == ["literal differs"]


def test_a_prefix_is_read_in_no_time_from_a_long_log() -> None:
    text = log(1, FRONTS["bar"], "zircon") * 20_000
    begun = time.process_time()
    assert prefix_of(some_lines(text))[0].word == "zircon"
    assert time.process_time() - begun < 1
