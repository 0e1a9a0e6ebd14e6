"""The conditions under which a machine is imagined: what the model is shown, what it may do, and how that is
reported.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builders import imagined, program
from folders import spec_of

from gedanken.agents.session import Session, Turn
from gedanken.agents.terminal import file_turn, mention_turn
from gedanken.experiment.conditions import Conditions
from gedanken.experiment.errors import BadInput
from gedanken.experiment.persona import Gpus, Persona
from gedanken.experiment.program import Program
from gedanken.experiment.script import Experiment
from gedanken.graphs.turns import execution_ref, session_of
from gedanken.graphs.turns import placement_ref as turn_of
from gedanken.graphs.visibility import introduce, session_for
from gedanken.loading.experiments_and_personas import with_conditions
from gedanken.records.run_store import RunStore, open_store

TASK = {"layers": 2, "epochs": 3}
WRITE = {"tell": "Write it.", "write": "train.py", "task": TASK}
EDIT = {"tell": "Make it longer.", "edit": "train.py", "task": TASK}
LS = Turn("ls", "train.py")


def experiment(**conditions: object) -> Experiment:
    script = ["ls", WRITE, "python3 train.py", EDIT, "python3 train.py"]
    return Experiment.model_validate({"name": "small", "script": script, "conditions": conditions})


def version(number: int, line: int, *, works: bool = True) -> Program:
    return replace(program(f"print({number})\n", number), line=line, works=works)


FIRST, MENDED, LONGER = version(1, 1, works=False), version(2, 1), version(3, 3)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """A store with all three versions, and with what `ls` was imagined to print."""
    script = ["ls", WRITE, "python3 train.py", EDIT, "python3 train.py"]
    with open_store(tmp_path, spec_of(script=script)) as run_store:
        for program_version in (FIRST, MENDED, LONGER):
            run_store.keep_program(program_version)
        run_store.keep_execution(
            replace(imagined("train.py", 0), command="ls", line=0, program=None, raw_reply="train.py")
        )
        yield run_store


LS_TURN = execution_ref("line01-imagined-0")


def session_after(store: RunStore, setup: Experiment, *versions: Program) -> Session:
    """The session in which the last version is imagined. The versions are introduced to the imagined machine one by
    one.
    """
    turns = [LS_TURN]
    for program_version in versions:
        turns = introduce(setup, program_version, turns)
    return session_of(session_for(setup, versions[-1], turns, store), setup, store)


def placing_turn(program_version: Program) -> Turn:
    return file_turn(program_version.name, program_version.source)


def test_by_default_a_program_is_shown_and_the_session_goes_on(store: RunStore) -> None:
    assert session_after(store, experiment(), FIRST, MENDED).context == (
        LS,
        placing_turn(FIRST),
        placing_turn(MENDED),
    )


def test_hidden_it_is_told_what_the_coder_was_told_once_a_line(store: RunStore) -> None:
    hidden = experiment(source="hidden")
    assert session_after(store, hidden, FIRST, MENDED).context == (LS, Turn("{Write it.}", ""))
    assert session_after(store, hidden, FIRST, MENDED, LONGER).context == (
        LS,
        mention_turn("Write it."),
        mention_turn("Make it longer."),
    )


def test_fresh_it_knows_nothing_but_the_program_and_the_session_is_kept(store: RunStore) -> None:
    session = session_after(store, experiment(session="fresh"), FIRST, MENDED, LONGER)
    assert session.context == (placing_turn(LONGER),)
    assert session.stored == (LS, placing_turn(FIRST), placing_turn(MENDED), placing_turn(LONGER))


def test_fresh_and_hidden_it_knows_of_the_program_by_all_that_was_told_of_it(store: RunStore) -> None:
    session = session_after(store, experiment(session="fresh", source="hidden"), FIRST, LONGER)
    assert session.context == (mention_turn("Write it."), mention_turn("Make it longer."))


def test_a_failed_version_is_imagined_as_if_it_had_not_been_mended(store: RunStore) -> None:
    turns = [LS_TURN, turn_of(FIRST), turn_of(MENDED)]
    assert session_for(experiment(), FIRST, turns, store)["context"] == turns[:2]
    assert session_for(experiment(session="fresh"), FIRST, turns, store)["context"] == [turn_of(FIRST)]


def test_without_claims_a_persona_has_only_its_name() -> None:
    four = Persona(name="four", gpus=Gpus(count=4, name="RTX 3090"), os="Ubuntu 18.04")
    assert Conditions().persona_to_play(four).claims == ("os", "gpus")
    dropped = Conditions(claims=False).persona_to_play(four)
    assert (dropped.name, dropped.claims) == ("four", ())


def test_flags_override_the_file_and_what_is_not_given_stays() -> None:
    file = Conditions(source="hidden", temperature=0.5)
    flags = {"source": None, "session": "fresh", "temperature": 0.0}
    assert with_conditions(file, flags) == Conditions(source="hidden", session="fresh", temperature=0)


@pytest.mark.parametrize("temperature", [-0.1, 2.1, float("nan"), float("inf")])
def test_a_temperature_that_no_server_knows_is_refused(temperature: float) -> None:
    with pytest.raises(BadInput, match="--temperature"):
        with_conditions(Conditions(), {"temperature": temperature})
