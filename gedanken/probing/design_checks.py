"""Checks, before anything is asked, that a probe's design can give the result that its user expects."""

from gedanken.experiment.errors import BadInput
from gedanken.experiment.probe_design import ProbeDesign
from gedanken.probes.schedule import items_of, sizes_of


def check_design(design: ProbeDesign) -> None:
    """Raise BadInput if a line of the suite has the id of a generated program."""
    if not (design.suite and design.families):
        return
    items = items_of(design, sizes_of(design), design.groups)
    generated = {item.id for item in items[: len(items) - len(design.suite)]}
    for line in design.suite:
        if line.id in generated:
            raise BadInput(
                f"--suite: line {line.line}: a generated program of this probe has the id {line.id[:100]}; give the "
                "line another one"
            )
