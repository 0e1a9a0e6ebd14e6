"""Reference players answer in the way that their kind says, and are asked like any model."""

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
from gedanken.agents.players.predictors import five_grams, neighbours
from gedanken.agents.players.wrong_answers import make_wrong
from gedanken.agents.registry import check_name, open_model
from gedanken.agents.scripted import ScriptedModel, ScriptedReply
from gedanken.compare.verdict.parameters import packaged_parameters
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution
from gedanken.experiment.persona import Persona
from gedanken.experiment.probe_design import ProbeDesign
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
from gedanken.probes.families.built_in import FAMILIES
from gedanken.probing.probe_spec import probe_spec
from gedanken.runner import check_spec


@pytest.fixture(scope="module")
def bank() -> Bank:
    return read_bank(BANK)


def find_entry(bank: Bank, role: str, rival: str) -> Entry:
    return next(
        entry
        for entry in bank.items
        if (entry.item.role, entry.item.rival_is) == (role, rival) and entry.item.size == 4
    )


def shares_of_right_answers(bank: Bank, player: Player) -> dict[tuple[str, str | None], float]:
    """The share of right answers for each role of an item and each way that its pair tests for."""
    shares_by_place: dict[tuple[str, str | None], list[float]] = {}
    for score in answers(Subject(player), bank, 1):
        shares_by_place.setdefault((score.item.role, score.item.rival_is), []).append(score.exact)
    return {place: sum(shares) / len(shares) for place, shares in shares_by_place.items()}


def test_one_that_computes_is_right_everywhere_up_to_its_horizon(bank: Bank) -> None:
    assert set(shares_of_right_answers(bank, Player(("computes",))).values()) == {1.0}
    for score in answers(Subject(Player(("computes",), horizon=4)), bank, 1):
        assert score.exact == (score.item.size <= 4)


def test_one_that_imitates_knows_what_is_famous_and_says_it_of_its_twin(bank: Bank) -> None:
    outcome = shares_of_right_answers(bank, Player(("imitates-rule",)))
    assert outcome["easy", "imitates"] == 1 and outcome["hard", "imitates"] == 0
    twin = find_entry(bank, "hard", "imitates")
    assert Player(("imitates-rule",)).answer(twin, bank) == twin.rival


def test_one_that_takes_shortcuts_says_the_closed_form_of_its_twin(bank: Bank) -> None:
    outcome = shares_of_right_answers(bank, Player(("shortcut",)))
    assert (
        outcome["easy", "shortcut"] == 1 and outcome["hard", "shortcut"] < 0.1 and outcome["easy", "imitates"] < 0.3
    )
    twin = next(entry for entry in bank.items if entry.item.rival_is == "shortcut" and entry.rival is not None)
    assert Player(("shortcut",)).answer(twin, bank) == twin.rival


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_answers_every_item_the_same_each_time(bank: Bank, kind: str) -> None:
    player = Player((kind,), noise=0.1, horizon=8, seed=3)
    for entry in bank.items[::40]:
        assert player.answer(entry, bank) == player.answer(entry, bank)


@pytest.mark.parametrize("noise", [0.05, 0.2])
def test_noise_is_the_share_of_wrong_answers(bank: Bank, noise: float) -> None:
    player = Player(("computes",), noise)
    wrong_share = sum(player.answer(entry, bank) != entry.truth for entry in bank.items) / len(bank.items)
    assert wrong_share == pytest.approx(noise, abs=0.02)


def test_a_spoiled_answer_is_neither_the_truth_nor_the_rivals(bank: Bank) -> None:
    from random import Random

    for entry in bank.items[::10]:
        assert make_wrong(entry.truth, Random(1), [entry.rival or ""]) not in (entry.truth, entry.rival)


def test_kinds_that_are_judged_were_not_fitted() -> None:
    assert not set(FITTED) & set(HELD_OUT)
    assert set(packaged_parameters().fitted_on) == set(FITTED)
    assert len(HELD_OUT) >= 4 and {KINDS[kind].way for kind in HELD_OUT} == {"computes", "imitates", "shortcut"}
    assert len(held_out()) >= 600


def test_the_bank_holds_every_kind_of_operation_and_generators_wrote_none_of_its_answers(bank: Bank) -> None:
    assert {entry.item.operation for entry in bank.items} == {name for entry in FAMILIES for name in entry.operations}
    assert all(entry.truth and entry.truth not in entry.item.program for entry in bank.items if len(entry.truth) > 12)


def test_a_bank_is_read_as_it_was_written(bank: Bank, tmp_path: Path) -> None:
    small_bank = Bank(bank.items[:5], bank.corpus[:2])
    for name in ("bank.json", "bank.json.xz"):
        write_bank(tmp_path / name, small_bank)
        assert read_bank(tmp_path / name) == small_bank


def test_a_player_is_asked_as_a_model_is_and_heeds_what_was_told_last(bank: Bank) -> None:
    changed_entry = find_entry(bank, "hard", "imitates")
    usual_entry = next(entry for entry in bank.pairs[changed_entry.item.pair or ""] if entry.item.role == "easy")

    async def ask() -> list[Execution]:
        spec = ModelSpec(name=f"player:computes?bank={BANK}")
        async with open_model(spec, Silent()) as model:
            machine = ImaginedMachine(model, Persona(name="any"))
            executions = []
            for entry in (changed_entry, usual_entry, changed_entry):
                machine.place("probe.py", entry.item.program)
                tells = [entry.item.told] if entry.item.told else []
                executions.append(await machine.run("python3 probe.py", tells=tells))
            return executions

    printed = [entry.stdout.strip() for entry in asyncio.run(ask())]
    assert printed == [entry.truth.strip() for entry in (changed_entry, usual_entry, changed_entry)]


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
    model_spec = ModelSpec(name=f"player:imitates?bank={BANK}")
    with pytest.raises(BadInput, match=rf"{counted} .* this bank was made with --seed 101$"):
        check_spec(probe_spec(design, model_spec, SandboxSpec()))
    check_spec(probe_spec(design.model_copy(update={"seed": bank.items[0].item.seed}), model_spec, SandboxSpec()))


def test_a_mixture_answers_in_two_ways_by_its_share() -> None:
    player, path = read_player("computes+imitates?share=.8&noise=.05&horizon=16&seed=2&bank=b.json")
    assert player == Player(("computes", "imitates"), 0.05, 16, 0.8, 2) and path == Path("b.json")
    assert Subject(player).right == {"undetermined", "mixture", "computes"}
    assert Subject(Player(("computes", "imitates"), share=0.65)).right == {"undetermined", "mixture"}


class _RecordingModel(ScriptedModel):
    heard: list[str] = Field(default_factory=list)

    def _choose(self, messages: list[BaseMessage]) -> ScriptedReply:
        self.heard.append("\n".join(message.text for message in messages))
        return super()._choose(messages)


def question_about(entry: Entry) -> list[BaseMessage]:
    return [SystemMessage("a terminal"), HumanMessage(f"{entry.item.program}\npython3 probe.py")]


def test_a_control_is_given_the_nearest_program_with_its_output_and_nothing_else(bank: Bank) -> None:
    hard_entry = next(
        candidate
        for candidate in bank.items
        if candidate.item.operation == "python seed" and candidate.item.role == "hard"
    )
    nearest = neighbours(bank, hard_entry, five_grams)[0]
    inner_model = _RecordingModel(rules=(ScriptedReply(when=nearest.truth.strip(), samples=("seen",)),))
    assert GivenNeighbours(inner=inner_model, bank=bank).invoke(question_about(hard_entry)).text == "seen"
    assert hard_entry.truth.strip() not in "\n".join(inner_model.heard)


class _ToolCallingModel(_RecordingModel):
    """Replies with a tool call if the grammar requires one, and otherwise with the result of its tool."""

    sends: str

    def _generate(self, messages: list[BaseMessage], *_arguments: Any, **options: Any) -> ChatResult:
        self._choose(messages)
        call = {"name": "run_commands", "arguments": {"commands": self.sends}}
        returned = [message.text for message in messages if isinstance(message, ToolMessage)]
        text = json.dumps(call) if "response_format" in options else returned[-1]
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])


def test_a_control_with_a_tool_is_told_what_the_commands_that_it_sent_really_printed(
    bank: Bank, tmp_path: Path
) -> None:
    hard_entry = find_entry(bank, "hard", "imitates")
    calling_model = _ToolCallingModel(rules=(), sends="echo 42")
    log_file = tmp_path / "given.jsonl"
    control = GivenTool(inner=calling_model, bank=bank, kept=log_file, really_run=lambda commands: f"ran {commands}")
    assert control.invoke(question_about(hard_entry)).text == "ran echo 42"
    assert hard_entry.truth.strip() not in "\n".join(calling_model.heard)
    assert json.loads(log_file.read_text())["sent"] == "echo 42"
