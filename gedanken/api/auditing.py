"""The function `gedanken.audit`, which audits the transcripts of agents."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from gedanken.auditing.audited import Audit
from gedanken.auditing.auditing import Waiting, audit_files, quietly
from gedanken.experiment.blocking import wait_for
from gedanken.experiment.errors import BadInput
from gedanken.experiment.progress import Progress, Silent

RERUN = ("none", "claimed", "all")


def audit(  # noqa: PLR0913 (each is asked for by itself, and has a default)
    transcripts: str | Path | Iterable[str | Path],
    *,
    workspace: str | Path | None = None,
    image: str | None = None,
    setup: str | None = None,
    rerun: Literal["none", "claimed", "all"] = "none",
    no_tools: bool = False,
    claims_by: str | None = None,
    progress: Progress | None = None,
    waiting: Waiting = quietly,
    keep_events: bool = True,
) -> Audit:
    """Audit what agents say that they ran. Without `claims_by` no model is asked; without `rerun` nothing is run.

    Args:
        transcripts: paths of sessions in any form of docs/audit.md, or of folders that hold some.
        workspace: the folder in which the agent worked; commands are run again on a copy.
        image: run them in this image of Docker's or Podman's instead of ours.
        setup: a command of yours that prepares the copy; it alone may use the network.
        rerun: run nothing again, only commands that claims speak of, or all.
        no_tools: you say that the agent of a plain chat had no tools at all.
        claims_by: a model that points at passages which may be claims, and judges nothing; it reads what the agents
            said. What the rules read in such a passage can come out supported, and is never held against an agent.
        progress: told how a re-run goes on.
        waiting: told what is read.
        keep_events: whether each transcript is returned with its events.

    Raises:
        BadInput: something cannot be read, or is not there.
        NoModel: the model of `claims_by` cannot be asked.
        NoSandbox: something is to be run again, and no real machine can be had.
    """
    if rerun not in RERUN:
        raise BadInput(f"--rerun {rerun}: must be one of {', '.join(RERUN)}")
    if rerun == "none" and (workspace or image or setup):
        raise BadInput("--workspace, --image and --setup need a rerun: add --rerun claimed or all")
    paths = [Path(one) for one in ([transcripts] if isinstance(transcripts, str | Path) else transcripts)]
    keep = keep_events or rerun != "none"
    if claims_by is None:
        found = audit_files(paths, no_tools=no_tools, keep_events=keep, waiting=waiting)
    else:
        from gedanken.auditing.pointing import point

        pointed = wait_for(point(paths, claims_by, progress or Silent()))
        found = audit_files(paths, no_tools=no_tools, keep_events=keep, waiting=waiting, pointed=pointed.of)
        found = replace(found, notes=(*found.notes, pointed.note()))
    if rerun == "none":
        return found
    from gedanken.auditing.rerun import Asked
    from gedanken.auditing.rerun import rerun as run_again

    asked = Asked(rerun, Path(workspace) if workspace else None, image, setup)

    async def run_all() -> Audit:
        again = [await run_again(one, asked, progress or Silent()) for one in found.audited]
        if not keep_events:
            again = [replace(one, transcript=replace(one.transcript, events=())) for one in again]
        return replace(found, audited=tuple(again))

    return wait_for(run_all())
