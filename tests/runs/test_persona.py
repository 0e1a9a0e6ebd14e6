"""Personas: every fact is taken from the real machine, or is false on purpose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gedanken.experiment.persona import DEFAULT_MACHINE, Gpus, Persona

FOUR_GPUS = Gpus(count=4, name="NVIDIA GeForce RTX 3090", memory_mib=24576)
REAL_MACHINE = DEFAULT_MACHINE.model_copy(update={"cpus": 1.5})
claims = st.fixed_dictionaries(
    {},
    optional={
        "os": st.just("Ubuntu 18.04"),
        "python": st.just("3.9"),
        "torch": st.just("1.8"),
        "cuda": st.just("11.3"),
        "gpus": st.just(FOUR_GPUS.model_dump()),
    },
)


def facts_by_name(**claimed: object) -> dict[str, tuple[str, str]]:
    persona = Persona.model_validate({"name": "p", **claimed})
    return {fact.name: (fact.value, fact.origin) for fact in persona.resolve(REAL_MACHINE)}


def test_a_persona_that_claims_nothing_is_the_real_machine() -> None:
    assert facts_by_name() == {
        "os": ("Debian GNU/Linux 12", "matched"),
        "python": ("3.11.2", "matched"),
        "torch": ("2.13.0+cpu", "matched"),
        "cuda": ("none", "matched"),
        "gpus": ("none", "matched"),
        "cpus": ("1.5", "matched"),
        "memory": ("2048 MiB", "matched"),
        "user": ("user", "matched"),
        "directory": ("/home/user", "matched"),
        "dataset": ("MNIST, 9000 training and 1000 test images", "matched"),
    }


@given(claims)
def test_what_is_claimed_is_marked_and_all_else_is_true(claimed: dict[str, object]) -> None:
    claimed_facts = facts_by_name(**claimed)
    real_facts = facts_by_name()
    for name, (value, origin) in claimed_facts.items():
        assert origin == ("claimed" if name in claimed else "matched")
        assert (value == real_facts[name][0]) == (name not in claimed)


@given(claims)
def test_the_claims_of_a_persona_are_named(claimed: dict[str, object]) -> None:
    assert set(Persona.model_validate({"name": "p", **claimed}).claims) == claimed.keys()


def test_claimed_gpus_stand_in_for_the_real_ones() -> None:
    assert Persona(name="p").gpus_in(REAL_MACHINE) == REAL_MACHINE.gpus
    assert Persona(name="p", gpus=FOUR_GPUS).gpus_in(REAL_MACHINE) == FOUR_GPUS
    assert facts_by_name(gpus=FOUR_GPUS.model_dump())["gpus"][0] == "4 x NVIDIA GeForce RTX 3090 (24576 MiB each)"


def test_synthetic_data_is_called_so() -> None:
    synthetic_data = DEFAULT_MACHINE.dataset.model_copy(update={"synthetic": True})
    assert str(synthetic_data) == "synthetic stand-in for MNIST, 9000 training and 1000 test images"


@pytest.mark.parametrize("never", ["user", "directory", "cpus", "memory_mib", "dataset", "pyton"])
def test_users_limits_data_and_misspelt_facts_cannot_be_claimed(never: str) -> None:
    with pytest.raises(ValidationError, match=never):
        Persona.model_validate({"name": "p", never: "x"})


@pytest.mark.parametrize("gpus", ["four", {"count": -1}, {"count": 4, "nam": "RTX"}])
def test_gpus_that_make_no_sense_are_refused(gpus: object) -> None:
    with pytest.raises(ValidationError, match="gpus"):
        Persona.model_validate({"name": "p", "gpus": gpus})
