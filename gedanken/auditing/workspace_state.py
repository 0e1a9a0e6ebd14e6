"""Chooses and restores the initial state of the workspace in which commands are run again."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gedanken.auditing.plan import Edits, Plan
from gedanken.experiment.errors import BadInput
from gedanken.sandbox.machine import SandboxMachine

FOLDER = "work"
"""Name of the folder with the copy of the workspace, inside the home folder."""
_REPLAY_SCRIPT, _EDITS_FILE = ".gedanken-replay.py", ".gedanken-edits.json"
_GIT_SECONDS = 120
_MOST_BLOB_BYTES = 1 << 29
_SAFE_GIT_OPTIONS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never")
"""Options that make git safe to run in a folder from an untrusted source, which may configure git to run programs."""


@dataclass(frozen=True, slots=True)
class State:
    """The initial state of the workspace, before the first command."""

    description: str
    """A description of the state, for the reader of the result."""
    replays: bool
    """True if the transcript's edits are made again, in order, between the commands."""
    trusted: bool = True
    """True if outputs from this state can be compared with those in the transcript."""


async def prepare(machine: SandboxMachine, workspace: Path | None, plan: Plan, root: str | None) -> State:
    """Copy the workspace (or an empty folder) into the machine, and return its state.

    `root` is the agent's folder. If the transcript's edits cannot be applied to the copy, but to the files of the
    checked-out git commit, these files are written over the copy. If the edits can be applied to neither, the state
    is not trusted. Raises BadInput if `workspace` is not a folder, or too large.
    """
    machine.write(_REPLAY_SCRIPT, (Path(__file__).parent / "replay.py").read_text(encoding="utf-8"))
    edits = [{**edit, "path": path_in_copy(str(edit["path"]), root)} for edit in plan.edits]
    machine.write(_EDITS_FILE, json.dumps(edits))
    if workspace is None:
        await machine.run(f"mkdir -p ~/{FOLDER}; cd ~/{FOLDER}")
        return State(
            "in an empty folder" + (", after all edits in the transcript were applied" if edits else ""), replays=True
        )
    if not workspace.is_dir():
        raise BadInput(f"--workspace {workspace}: not a folder")
    machine.workspace.copy_in(workspace, FOLDER, machine.limits)
    await machine.run(f"cd ~/{FOLDER}")
    if not edits:
        return State("the workspace as given", replays=False)
    problem = await _first_problem(machine, len(edits))
    if problem is None:
        return State("the workspace as given, after all edits in the transcript were applied", replays=True)
    commit = _head_commit(workspace)
    if commit is not None:
        _write_commit_files(workspace, commit, machine.workspace.home / FOLDER)
        machine.workspace.give_to_user(FOLDER)
        if await _first_problem(machine, len(edits)) is None:
            description = f"commit {commit[:10]}, after all edits in the transcript were applied"
            return State(description, replays=True)
        machine.workspace.copy_in(workspace, FOLDER, machine.limits)
        await machine.run(f"cd ~/{FOLDER}")
    return State(
        f"the workspace as given, which differs from its state when the commands were run ({problem})",
        replays=False,
        trusted=False,
    )


def path_in_copy(path: str, root: str | None) -> str:
    """Convert a path in the transcript to a path in the copy of the workspace.

    With the agent's folder `/home/me` as `root`, `/home/me/src/a.py` becomes `src/a.py`, and `/home/me` becomes `.`.
    Other paths are returned unchanged.
    """
    # only the sandbox opens the path, so even an absolute one never names a file of this machine
    if root and (path == root or path.startswith(f"{root}/")):
        return path[len(root) :].lstrip("/") or "."
    return path


async def make_edits(machine: SandboxMachine, edits: Edits) -> list[str]:
    """Apply the transcript's edits to files in the copy of the workspace.

    Return the path and the reason for each edit that could not be applied.
    """
    execution = await machine.run(_replay_command(edits.first, edits.last, "make"))
    if execution.exit_code != 0:
        return [
            "edits could not be made: the sandbox has no python3" if execution.exit_code == 127 else "edits failed"
        ]
    return _read_problems(execution.stdout)


async def _first_problem(machine: SandboxMachine, edit_count: int) -> str | None:
    execution = await machine.run(_replay_command(0, edit_count, "look"))
    problems = _read_problems(execution.stdout)
    return problems[0] if problems else None if execution.exit_code == 0 else "it is unknown whether the edits apply"


def _replay_command(first: int, last: int, mode: str) -> str:
    return f"(cd ~/{FOLDER} && python3 ~/{_REPLAY_SCRIPT} ~/{_EDITS_FILE} {first} {last} {mode})"


def _read_problems(stdout: str) -> list[str]:
    problems = []
    for line in stdout.splitlines():
        try:
            values = json.loads(line)
        except ValueError:
            continue
        if isinstance(values, dict) and values.get("problem"):
            problems.append(f"{str(values.get('path'))[:200]}: {str(values['problem'])[:200]}")
    return problems


def _head_commit(workspace: Path) -> str | None:
    """Return the commit that is checked out in a workspace; None if the workspace is not a git repository."""
    if not (workspace / ".git").exists():
        return None
    output = _git(workspace, "rev-parse", "--verify", "HEAD")
    return None if output is None else output.decode("ascii", errors="replace").strip() or None


def _write_commit_files(workspace: Path, commit: str, target: Path) -> None:
    # files are read directly from git's objects, so that no filter or hook is run, and no link is followed
    listing = _git(workspace, "ls-tree", "-r", "-z", "--long", commit)
    for entry in (listing or b"").split(b"\0"):
        metadata, _tab, name = entry.partition(b"\t")
        mode, kind, digest, size = (metadata.split() + [b""] * 4)[:4]
        parts = name.decode("utf-8", errors="surrogateescape").split("/")
        if kind != b"blob" or mode == b"120000" or {"", ".", ".."} & set(parts) or int(size) > _MOST_BLOB_BYTES:
            continue
        content = _git(workspace, "cat-file", "blob", digest.decode("ascii"))
        path = target
        for part in parts[:-1]:
            path = path / part
            if path.is_symlink() or (path.exists() and not path.is_dir()):
                path.unlink()
            path.mkdir(exist_ok=True)
        path = path / parts[-1]
        if content is None or path.is_dir():
            continue
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if mode == b"100755" else 0o644)


def _git(folder: Path, *arguments: str) -> bytes | None:
    try:
        result = subprocess.run(
            ["git", *_SAFE_GIT_OPTIONS, "--no-optional-locks", "-C", str(folder), *arguments],
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout if result.returncode == 0 else None
