"""Reference players answer in the way that they are made for, and are asked as any model is."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

from benchmarks.verdict.controls import GivenNeighbours, GivenTool
from benchmarks.verdict.subjects import FITTED, HELD_OUT, Subject, answers, held_out
from benchmarks.verdict.truths import BANK
from gedanken.agents.imagined_machine import ImaginedMachine
from gedanken.agents.players.bank import Bank, Entry, read_bank, write_bank
from gedanken.agents.players.kinds import KINDS
from gedanken.agents.players.player import Player, read_player
from gedanken.agents.players.predictors import neighbours, pieces
from gedanken.agents.players.wrong_answers import spoiled
from gedanken.agents.registry import check_name, open_model
from gedanken.agents.scripted import ScriptedModel, ScriptedReply
from gedanken.compare.verdict.parameters import packaged
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution
from gedanken.experiment.persona import Persona
from gedanken.experiment.probe_design import ProbeDesign
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
from gedanken.probes.families.built_in import FAMILIES
from gedanken.probing.probe_spec import probe_spec
from gedanken.runner import check


@pytest.fixture(scope="module")
def bank() -> Bank:
    return read_bank(BANK)


def entry(bank: Bank, role: str, about: str) -> Entry:
    return next(
        one for one in bank.items if (one.item.role, one.item.rival_is) == (role, about) and one.item.size == 4
    )


def outcomes(bank: Bank, player: Player) -> dict[tuple[str, str | None], float]:
    """The share of right answers by role and by what the pair is about."""
    found: dict[tuple[str, str | None], list[float]] = {}
    for score in answers(Subject(player), bank, 1):
        found.setdefault((score.item.role, score.item.rival_is), []).append(score.exact)
    return {place: sum(shares) / len(shares) for place, shares in found.items()}


def test_one_that_computes_is_right_everywhere_up_to_its_horizon(bank: Bank) -> None:
    assert set(outcomes(bank, Player(("computes",))).values()) == {1.0}
    for score in answers(Subject(Player(("computes",), horizon=4)), bank, 1):
        assert score.exact == (score.item.size <= 4)


def test_one_that_imitates_knows_what_is_famous_and_says_it_of_its_twin(bank: Bank) -> None:
    found = outcomes(bank, Player(("imitates-rule",)))
    assert found["easy", "imitates"] == 1 and found["hard", "imitates"] == 0
    twin = entry(bank, "hard", "imitates")
    assert Player(("imitates-rule",)).answer(twin, bank) == twin.rival


def test_one_that_takes_shortcuts_says_the_closed_form_of_its_twin(bank: Bank) -> None:
    found = outcomes(bank, Player(("shortcut",)))
    assert found["easy", "shortcut"] == 1 and found["hard", "shortcut"] < 0.1 and found["easy", "imitates"] < 0.3
    twin = next(one for one in bank.items if one.item.rival_is == "shortcut" and one.rival is not None)
    assert Player(("shortcut",)).answer(twin, bank) == twin.rival


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_answers_every_item_the_same_each_time(bank: Bank, kind: str) -> None:
    player = Player((kind,), noise=0.1, horizon=8, seed=3)
    for one in bank.items[::40]:
        assert player.answer(one, bank) == player.answer(one, bank)


@pytest.mark.parametrize("noise", [0.05, 0.2])
def test_noise_is_the_share_of_wrong_answers(bank: Bank, noise: float) -> None:
    player = Player(("computes",), noise)
    wrong = sum(player.answer(one, bank) != one.truth for one in bank.items) / len(bank.items)
    assert wrong == pytest.approx(noise, abs=0.02)


def test_a_spoiled_answer_is_neither_the_truth_nor_the_rivals(bank: Bank) -> None:
    from random import Random

    for one in bank.items[::10]:
        assert spoiled(one.truth, Random(1), [one.rival or ""]) not in (one.truth, one.rival)


def test_kinds_that_are_judged_were_not_fitted() -> None:
    assert not set(FITTED) & set(HELD_OUT)
    assert set(packaged().fitted_on) == set(FITTED)
    assert len(HELD_OUT) >= 4 and {KINDS[kind].way for kind in HELD_OUT} == {"computes", "imitates", "shortcut"}
    assert len(held_out()) >= 600


def test_the_bank_holds_every_kind_of_operation_and_generators_wrote_none_of_its_answers(bank: Bank) -> None:
    assert {one.item.operation for one in bank.items} == {name for one in FAMILIES for name in one.operations}
    assert all(one.truth and one.truth not in one.item.program for one in bank.items if len(one.truth) > 12)


def test_a_bank_is_read_as_it_was_written(bank: Bank, tmp_path: Path) -> None:
    some = Bank(bank.items[:5], bank.corpus[:2])
    for name in ("bank.json", "bank.json.xz"):
        write_bank(tmp_path / name, some)
        assert read_bank(tmp_path / name) == some


def test_a_player_is_asked_as_a_model_is_and_heeds_what_was_told_last(bank: Bank) -> None:
    changed = entry(bank, "hard", "imitates")
    usual = next(one for one in bank.pairs[changed.item.pair or ""] if one.item.role == "easy")

    async def ask() -> list[Execution]:
        spec = ModelSpec(name=f"player:computes?bank={BANK}")
        async with open_model(spec, Silent()) as model:
            machine = ImaginedMachine(model, Persona(name="any"))
            done = []
            for one in (changed, usual, changed):
                machine.place("probe.py", one.item.program)
                tells = [one.item.told] if one.item.told else []
                done.append(await machine.run("python3 probe.py", tells=tells))
            return done

    printed = [one.stdout.strip() for one in asyncio.run(ask())]
    assert printed == [one.truth.strip() for one in (changed, usual, changed)]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("player:thinks?bank=x", "unknown player; players are computes, "),
        ("player:computes", "name the file of items that the player knows, as in player:computes?bank=FILE"),
        (f"player:computes?bank={BANK}&mood=1", "unknown setting mood"),
        (f"player:computes?bank={BANK}&noise=2", "the setting noise of a player must be a number from 0 to 1, not 2"),
        (
            "player:computes?bank=missing.json",
            "missing.json: the player's bank of items cannot be read: No such file",
        ),
        (f"player:computes?bank={BANK}&seed=2.25", "the setting seed of a player must be a whole number, not 2.25"),
        (f"player:computes?bank={__file__}", "is not a file of items that a player knows"),
    ],
)
def test_what_is_no_player_is_said(name: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem.replace("?", r"\?").replace("=", "=")):
        check_name(ModelSpec(name=name))


@pytest.mark.parametrize(
    ("name", "counted"), [("seed twins", "none of the 72"), ("short programs", r"only \d of the")]
)
def test_a_player_that_does_not_know_the_programs_is_not_asked(bank: Bank, name: str, counted: str) -> None:
    design = ProbeDesign(families=(name,), groups=4, seed=7)
    named = ModelSpec(name=f"player:imitates?bank={BANK}")
    with pytest.raises(BadInput, match=rf"{counted} .* this bank contains the programs of --seed 101$"):
        check(probe_spec(design, named, SandboxSpec()))
    check(probe_spec(design.model_copy(update={"seed": bank.items[0].item.seed}), named, SandboxSpec()))


def test_a_mixture_answers_in_two_ways_by_its_share() -> None:
    player, path = read_player("computes+imitates?share=.8&noise=.05&horizon=16&seed=2&bank=b.json")
    assert player == Player(("computes", "imitates"), 0.05, 16, 0.8, 2) and path == Path("b.json")
    assert Subject(player).right == {"undetermined", "mixture", "computes"}
    assert Subject(Player(("computes", "imitates"), share=0.65)).right == {"undetermined", "mixture"}


class _Hearing(ScriptedModel):
    """Keeps what it is asked."""

    heard: list[str] = Field(default_factory=list)

    def _choose(self, messages: list[BaseMessage]) -> ScriptedReply:
        self.heard.append("\n".join(message.text for message in messages))
        return super()._choose(messages)


def asked_about(entry: Entry) -> list[BaseMessage]:
    return [SystemMessage("a terminal"), HumanMessage(f"{entry.item.program}\npython3 probe.py")]


def test_a_control_is_given_the_nearest_program_with_its_output_and_nothing_else(bank: Bank) -> None:
    twin = next(one for one in bank.items if one.item.operation == "python seed" and one.item.role == "hard")
    near = neighbours(bank, twin, pieces)[0]
    inner = _Hearing(rules=(ScriptedReply(when=near.truth.strip(), samples=("seen",)),))
    assert GivenNeighbours(inner=inner, bank=bank).invoke(asked_about(twin)).text == "seen"
    assert twin.truth.strip() not in "\n".join(inner.heard)


class _Calling(_Hearing):
    """Writes a call where a grammar has it write one, and otherwise says what its tool returned."""

    sends: str

    def _generate(self, messages: list[BaseMessage], *_: Any, **given: Any) -> ChatResult:
        self._choose(messages)
        call = {"name": "run_commands", "arguments": {"commands": self.sends}}
        returned = [message.text for message in messages if isinstance(message, ToolMessage)]
        text = json.dumps(call) if "response_format" in given else returned[-1]
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])


def test_a_control_with_a_tool_is_told_what_the_commands_that_it_sent_really_printed(
    bank: Bank, tmp_path: Path
) -> None:
    twin = entry(bank, "hard", "imitates")
    chat = _Calling(rules=(), sends="echo 42")
    kept = tmp_path / "given.jsonl"
    control = GivenTool(inner=chat, bank=bank, kept=kept, really_run=lambda commands: f"ran {commands}")
    assert control.invoke(asked_about(twin)).text == "ran echo 42"
    assert twin.truth.strip() not in "\n".join(chat.heard)
    assert json.loads(kept.read_text())["sent"] == "echo 42"
