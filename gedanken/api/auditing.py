"""The function `gedanken.audit`, which audits the transcripts of agents."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from gedanken.auditing.audit_files import ShowWaiting, audit_files, show_nothing
from gedanken.auditing.audited import Audit
from gedanken.experiment.blocking import wait_for
from gedanken.experiment.errors import BadInput
from gedanken.experiment.progress import Progress, Silent

RERUN = ("none", "claimed", "all")


def audit(  # noqa: PLR0913 (each is an option with a default)
    transcripts: str | Path | Iterable[str | Path],
    *,
    workspace: str | Path | None = None,
    image: str | None = None,
    setup: str | None = None,
    rerun: Literal["none", "claimed", "all"] = "none",
    no_tools: bool = False,
    claims_by: str | None = None,
    progress: Progress | None = None,
    waiting: ShowWaiting = show_nothing,
    keep_events: bool = True,
) -> Audit:
    """Check what agents claim to have run. By default, no model is asked and nothing is run.

    Args:
        transcripts: paths of agent sessions, or of folders with sessions, in a format that docs/audit.md lists.
        workspace: the folder in which the agent worked. Commands are run again on a copy; None means an empty folder.
        image: the Docker or Podman image in which commands are run again; None uses gedanken's own.
        setup: a command that prepares the copy; only this command may use the network.
        rerun: which commands are run again: `all`, `none` or `claimed`. `claimed` means the commands that claims are
            about, and earlier ones that may change files.
        no_tools: True to state that the agent of a plain chat had no tools at all.
        claims_by: name of a model that marks passages which may be claims. A claim that only the model found never
            counts against an agent.
        progress: receives the progress of commands that are run again.
        waiting: shows which file is being read.
        keep_events: False to return the transcripts without their events, which saves memory.

    Returns:
        The Audit: the sessions with their judged claims, and notes on what could not be read.

    Raises:
        BadInput: something cannot be read, or does not exist.
        NoModel: the model of `claims_by` cannot be reached.
        NoSandbox: commands are to be run again, and no real machine is available.
    """
    if rerun not in RERUN:
        raise BadInput(f"rerun {rerun!r}: must be one of {', '.join(RERUN)}")
    if rerun == "none" and (workspace or image or setup):
        raise BadInput("a workspace, an image or a setup has no effect without a rerun: add --rerun claimed or all")
    paths = [Path(path) for path in ([transcripts] if isinstance(transcripts, str | Path) else transcripts)]
    keep = keep_events or rerun != "none"
    if claims_by is None:
        result = audit_files(paths, no_tools=no_tools, keep_events=keep, waiting=waiting)
    else:
        from gedanken.auditing.possible_claims import find_possible_claims

        pointers = wait_for(find_possible_claims(paths, claims_by, progress or Silent()))
        result = audit_files(paths, no_tools=no_tools, keep_events=keep, waiting=waiting, pointed=pointers.spans)
        result = replace(result, notes=(*result.notes, pointers.note()))
    if rerun == "none":
        return result
    from gedanken.auditing.rerun import RerunOptions
    from gedanken.auditing.rerun import rerun as run_again

    options = RerunOptions(rerun, Path(workspace) if workspace else None, image, setup)

    async def run_all() -> Audit:
        rerun_sessions = [await run_again(session, options, progress or Silent()) for session in result.audited]
        if not keep_events:
            rerun_sessions = [
                replace(session, transcript=replace(session.transcript, events=())) for session in rerun_sessions
            ]
        return replace(result, audited=tuple(rerun_sessions))

    return wait_for(run_all())
