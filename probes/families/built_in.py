"""Lists the built-in families of small programs, and finds one by its name."""

from gedanken.experiment.errors import BadInput
from gedanken.probes.families.counterfactual import COUNTERFACTUAL
from gedanken.probes.families.linear_algebra import LINEAR_ALGEBRA
from gedanken.probes.families.mutations import MUTATIONS
from gedanken.probes.families.seed_twins import SEED_TWINS
from gedanken.probes.families.short_programs import SHORT_PROGRAMS
from gedanken.probes.families.shortcut_twins import SHORTCUT_TWINS
from gedanken.probes.families.state import STATE
from gedanken.probes.family import ProbeFamily

FAMILIES: tuple[ProbeFamily, ...] = (
    LINEAR_ALGEBRA,
    SEED_TWINS,
    SHORTCUT_TWINS,
    STATE,
    COUNTERFACTUAL,
    SHORT_PROGRAMS,
    MUTATIONS,
)


def find_family(name: str) -> ProbeFamily:
    """Return the family of this name, such as `seed-twins` or `seed twins`. Raises BadInput if there is none."""
    match = next((probe_family for probe_family in FAMILIES if probe_family.name == name.replace("-", " ")), None)
    if match is None:
        raise BadInput(
            f"no family is called “{name}”; the families are {', '.join(slug(member) for member in FAMILIES)}"
        )
    return match


def slug(probe_family: ProbeFamily) -> str:
    """Return the family's name as it is typed on a command line, such as `seed-twins`."""
    return probe_family.name.replace(" ", "-")
