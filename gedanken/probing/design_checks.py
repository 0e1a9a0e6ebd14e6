"""Checks, before the model is asked, that a probe's design can give the result that its user expects."""

from collections.abc import Sequence

from gedanken.agents.players.bank import read_bank
from gedanken.agents.players.player import read_player
from gedanken.experiment.errors import BadInput
from gedanken.experiment.probe_design import ProbeDesign, SuiteItem
from gedanken.experiment.run_spec import RunSpec
from gedanken.probes.families.built_in import find_family
from gedanken.probes.schedule import items_of, sizes_of
from gedanken.records.read_log import MOST_SPEC_BYTES
from gedanken.records.run_files import to_json

MOST_SIZE = 4096
MIN_SHARE_IN_BANK = 0.5
"""Minimum share of the probe's `hard` and `alone` programs that a reference player's bank must contain.

A bank that was made with another seed contains few of them.
"""
_PLAYER_PREFIX = "player:"


def check_size(spec: RunSpec) -> None:
    """Raise BadInput if the spec of a probe is too large to be stored."""
    if len(to_json(spec.model_dump(mode="json"))) > MOST_SPEC_BYTES:
        raise BadInput(
            f"--suite: too large for one run: it would take more than {MOST_SPEC_BYTES >> 20} MiB in the run folder "
            "and could not be read again; split it"
        )


def check_design(design: ProbeDesign, model: str) -> None:
    """Raise BadInput for a design that cannot give a result.

    Such a design names no program, an unknown family or an impossible size, or it uses an id twice. A design also
    fails if it asks a reference player about too many programs that are missing in the player's bank.
    """
    if not design.arms or not (design.families or design.suite):
        raise BadInput("the probe asks nothing: it needs a family or a suite, and at least one arm")
    for name in design.families:
        find_family(name)
    for size in design.sizes:
        if not 1 <= size <= MOST_SIZE:
            raise BadInput(f"--sizes {str(size)[:40]}: must be whole numbers from 1 to {MOST_SIZE}")
    _check_ids_of_suite(design.suite)
    is_player = model.startswith(_PLAYER_PREFIX)
    if not is_player and not (design.suite and design.families):
        return
    items = items_of(design, sizes_of(design), design.groups)
    generated = {item.id for item in items[: len(items) - len(design.suite)]}
    for line in design.suite:
        if line.id in generated:
            raise BadInput(
                f"--suite: line {line.line}: a generated program of this probe has the id {line.id[:100]}; give the "
                "line another id"
            )
    if is_player:
        hard_items = [item for item in items if item.role in ("hard", "alone")]
        _check_player(model.removeprefix(_PLAYER_PREFIX), {item.program.strip() for item in hard_items or items})


def _check_ids_of_suite(suite: Sequence[SuiteItem]) -> None:
    first_lines: dict[str, int] = {}
    for line in suite:
        if line.id in first_lines:
            raise BadInput(
                f"--suite: line {line.line}: line {first_lines[line.id]} already has the id {line.id[:100]}"
            )
        first_lines[line.id] = line.line


def _check_player(name: str, programs: set[str]) -> None:
    _player, path = read_player(name)
    bank_items = read_bank(path).items
    known_count = len(programs & {bank_item.item.program.strip() for bank_item in bank_items})
    if known_count >= MIN_SHARE_IN_BANK * len(programs):
        return
    seeds = sorted({bank_item.item.seed for bank_item in bank_items})
    hint = f"; this bank was made with --seed {seeds[0]}" if len(seeds) == 1 else ""
    count_text = f"only {known_count} of the {len(programs)}" if known_count else f"none of the {len(programs)}"
    raise BadInput(
        f"{path}: this bank contains {count_text} programs on which the probe's result depends most; "
        f"a player needs at least {MIN_SHARE_IN_BANK:.0%} of them{hint}"
    )
