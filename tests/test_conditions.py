"""Under which conditions a machine is imagined: what it knows, what it may do, and how that is said."""

from dataclasses import replace

import pytest
from builders import program

from gedanken.agents.session import Session, Turn
from gedanken.agents.terminal import mentioning, placing
from gedanken.experiment.conditions import Conditions
from gedanken.experiment.errors import BadInput
from gedanken.experiment.persona import Gpus, Persona
from gedanken.experiment.program import Program
from gedanken.experiment.script import Experiment
from gedanken.graphs.visibility import introduce, session_for
from gedanken.loading.experiments import with_conditions

TASK = {"layers": 2, "epochs": 3}
WRITE = {"tell": "Write it.", "write": "train.py", "task": TASK}
EDIT = {"tell": "Make it longer.", "edit": "train.py", "task": TASK}
LS = Turn("ls", "train.py")


def experiment(**conditions: object) -> Experiment:
    script = [WRITE, "python3 train.py", EDIT, "python3 train.py"]
    return Experiment.model_validate({"name": "small", "script": script, "conditions": conditions})


def version(number: int, line: int, *, works: bool = True) -> Program:
    return replace(program(f"print({number})\n", number), line=line, works=works)


FIRST, MENDED, LONGER = version(1, 0, works=False), version(2, 0), version(3, 2)


def told(given: Experiment, *versions: Program) -> Session:
    """The session for the last of these, which the imagined machine came to know one after the other."""
    turns: tuple[Turn, ...] = (LS,)
    for one in versions:
        turns = introduce(given, one, turns)
    return session_for(given, versions[-1], turns)


def placed(one: Program) -> Turn:
    return placing(one.name, one.source)


def test_by_default_a_program_is_shown_and_the_session_goes_on() -> None:
    assert told(experiment(), FIRST, MENDED).context == (LS, placed(FIRST), placed(MENDED))


def test_hidden_it_is_told_what_the_coder_was_told_once_a_line() -> None:
    hidden = experiment(source="hidden")
    assert told(hidden, FIRST, MENDED).context == (LS, Turn("{Write it.}", ""))
    assert told(hidden, FIRST, MENDED, LONGER).context == (LS, mentioning("Write it."), mentioning("Make it longer."))


def test_fresh_it_knows_nothing_but_the_program_and_the_session_is_kept() -> None:
    session = told(experiment(session="fresh"), FIRST, MENDED, LONGER)
    assert session.context == (placed(LONGER),)
    assert session.stored == (LS, placed(FIRST), placed(MENDED), placed(LONGER))


def test_fresh_and_hidden_it_knows_of_the_program_by_all_that_was_told_of_it() -> None:
    session = told(experiment(session="fresh", source="hidden"), FIRST, LONGER)
    assert session.context == (mentioning("Write it."), mentioning("Make it longer."))


def test_a_failed_version_is_imagined_as_if_it_had_not_been_mended() -> None:
    turns = (LS, placed(FIRST), placed(MENDED))
    assert session_for(experiment(), FIRST, turns).context == turns[:2]
    assert session_for(experiment(session="fresh"), FIRST, turns).context == (placed(FIRST),)


def test_without_claims_a_persona_has_only_its_name() -> None:
    four = Persona(name="four", gpus=Gpus(count=4, name="RTX 3090"), os="Ubuntu 18.04")
    assert Conditions().play(four).claims == ("os", "gpus")
    dropped = Conditions(claims=False).play(four)
    assert (dropped.name, dropped.claims) == ("four", ())


def test_flags_override_the_file_and_what_is_not_given_stays() -> None:
    file = Conditions(source="hidden", temperature=0.5)
    flags = {"source": None, "session": "fresh", "temperature": 0.0}
    assert with_conditions(file, flags) == Conditions(source="hidden", session="fresh", temperature=0)


@pytest.mark.parametrize("temperature", [-0.1, 2.1, float("nan"), float("inf")])
def test_a_temperature_that_no_server_knows_is_refused(temperature: float) -> None:
    with pytest.raises(BadInput, match="--temperature"):
        with_conditions(Conditions(), {"temperature": temperature})
