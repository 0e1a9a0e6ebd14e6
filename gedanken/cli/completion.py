"""What the shell offers when the user completes an option or an argument with the Tab key."""

from pathlib import Path

import typer


def complete_check(incomplete: str) -> list[str]:
    from gedanken.sandbox.conformance import CHECKS

    return [check.name for check in CHECKS if check.name.startswith(incomplete)]


def complete_dataset(incomplete: str) -> list[str]:
    from gedanken.sandbox.datasets import DATASETS

    return [name for name in DATASETS if name.startswith(incomplete)]


def complete_experiment(incomplete: str) -> list[str]:
    """Return the names of packaged experiments that begin with `incomplete`."""
    from gedanken.loading.experiments_and_personas import packaged

    return [name for name in packaged("experiments") if name.startswith(incomplete)]


def complete_family(incomplete: str) -> list[str]:
    from gedanken.probes.families.built_in import FAMILIES as ALL
    from gedanken.probes.families.built_in import slug

    return [slug(family) for family in ALL if slug(family).startswith(incomplete)]


def complete_kind(incomplete: str) -> list[str]:
    """Return the values of `--fail-on` that begin with `incomplete`."""
    from gedanken.auditing.audited import KINDS

    return [kind for kind in KINDS if kind.startswith(incomplete)]


def complete_limit(incomplete: str) -> list[str]:
    from gedanken.experiment.execution import Limits

    return [f"{name}=" for name in Limits.model_fields if name.startswith(incomplete)]


def complete_machine(incomplete: str) -> list[str]:
    from gedanken.shell.terminals import CHOICES

    return [name for name in CHOICES if name.startswith(incomplete)]


def complete_persona(incomplete: str) -> list[str]:
    from gedanken.loading.experiments_and_personas import packaged

    return [name for name in packaged("personas") if name.startswith(incomplete)]


def complete_primary(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the metrics in the first log on the command line whose names begin with `incomplete`."""
    from gedanken.analysis.inputs import metrics_of
    from gedanken.experiment.errors import GedankenError

    # As long as the option has no value, the words before it are not parsed as arguments.
    logs = ctx.params.get("real") or [word for word in ctx.args if not word.startswith("-")]
    try:
        return [name for log in logs[:1] for name in metrics_of(Path(log)) if name.startswith(incomplete)]
    except GedankenError:
        return []


def complete_rerun(incomplete: str) -> list[str]:
    """Return the values of `--rerun` that begin with `incomplete`."""
    return [name for name in ("none", "claimed", "all") if name.startswith(incomplete)]


def complete_sandbox(incomplete: str) -> list[str]:
    from gedanken.sandbox.open_engine import sandbox_names

    return [name for name in sandbox_names() if name.startswith(incomplete)]


def complete_sequence(incomplete: str) -> list[str]:
    from gedanken.probes.terminal import read_command_sequences

    return [sequence.name for sequence in read_command_sequences() if sequence.name.startswith(incomplete)]
