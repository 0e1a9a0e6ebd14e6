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
_SCRIPT, _LIST = ".gedanken-replay.py", ".gedanken-edits.json"
_GIT_SECONDS = 120
_MOST_GIT = 1 << 29
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never")
"""Safe settings for git, because a supplied folder may configure git to run programs of its own."""


@dataclass(frozen=True, slots=True)
class State:
    """The initial state of the workspace, before the first command."""

    told: str
    """The state in words, for the reader of the result."""
    replays: bool
    """True if the transcript's edits are made again, in order, between the commands."""
    trusted: bool = True
    """True if outputs from this state can be compared with those in the transcript."""


async def prepare(machine: SandboxMachine, workspace: Path | None, plan: Plan, root: str | None) -> State:
    """Copy the workspace (or an empty folder) into the machine, and return its state. `root` is the agent's folder.

    If the transcript's edits do not apply to the copy, but to the files of the git HEAD, these files are written over
    the copy. If they apply to neither, the state is not trusted. Raises BadInput if `workspace` is no folder, or too
    large.
    """
    machine.write(_SCRIPT, (Path(__file__).parent / "replay.py").read_text(encoding="utf-8"))
    edits = [{**edit, "path": inside(str(edit["path"]), root)} for edit in plan.edits]
    machine.write(_LIST, json.dumps(edits))
    if workspace is None:
        await machine.run(f"mkdir -p ~/{FOLDER}; cd ~/{FOLDER}")
        return State(
            "in an empty folder" + (", after all edits in the transcript were applied" if edits else ""), replays=True
        )
    if not workspace.is_dir():
        raise BadInput(f"--workspace {workspace}: not a folder")
    machine.workspace.bring(workspace, FOLDER, machine.limits)
    await machine.run(f"cd ~/{FOLDER}")
    if not edits:
        return State("the workspace as given", replays=False)
    problem = await _first_problem(machine, len(edits))
    if problem is None:
        return State("the workspace as given, after all edits in the transcript were applied", replays=True)
    commit = _commit_of(workspace)
    if commit is not None:
        _check_out(workspace, commit, machine.workspace.home / FOLDER)
        machine.workspace.bring_rights(FOLDER)
        if await _first_problem(machine, len(edits)) is None:
            told = f"commit {commit[:10]}, after all edits in the transcript were applied"
            return State(told, replays=True)
        machine.workspace.bring(workspace, FOLDER, machine.limits)
        await machine.run(f"cd ~/{FOLDER}")
    return State(
        f"the workspace as given, which differs from its state when the commands were run ({problem})",
        replays=False,
        trusted=False,
    )


def inside(path: str, root: str | None) -> str:
    """Convert a path of the transcript into a path for the copy of the workspace.

    With the agent's folder `/home/me` as `root`, `/home/me/src/a.py` becomes `src/a.py`, and `/home/me` becomes `.`.
    Other paths stay as they are.
    """
    # only the sandbox opens the path, so even an absolute one never names a file of this machine
    if root and (path == root or path.startswith(f"{root}/")):
        return path[len(root) :].lstrip("/") or "."
    return path


async def make_edits(machine: SandboxMachine, edits: Edits) -> list[str]:
    """Apply edits of files. Return, for each edit that could not be applied, its path and the reason."""
    done = await machine.run(_replay(edits.first, edits.last, "make"))
    if done.exit_code != 0:
        return ["edits could not be made: the sandbox has no python3" if done.exit_code == 127 else "edits failed"]
    return _problems(done.stdout)


async def _first_problem(machine: SandboxMachine, edits: int) -> str | None:
    looked = await machine.run(_replay(0, edits, "look"))
    problems = _problems(looked.stdout)
    return problems[0] if problems else None if looked.exit_code == 0 else "it is unknown whether the edits apply"


def _replay(first: int, last: int, mode: str) -> str:
    return f"(cd ~/{FOLDER} && python3 ~/{_SCRIPT} ~/{_LIST} {first} {last} {mode})"


def _problems(printed: str) -> list[str]:
    found = []
    for line in printed.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict) and told.get("problem"):
            found.append(f"{str(told.get('path'))[:200]}: {str(told['problem'])[:200]}")
    return found


def _commit_of(workspace: Path) -> str | None:
    """Return the commit that is checked out in a workspace; None if the workspace is not under git."""
    if not (workspace / ".git").exists():
        return None
    found = _git(workspace, "rev-parse", "--verify", "HEAD")
    return None if found is None else found.decode("ascii", errors="replace").strip() or None


def _check_out(workspace: Path, commit: str, target: Path) -> None:
    """Write the files of a commit over the copy of the workspace."""
    # read directly from git's objects: no filter or hook is run, and no link is followed
    listed = _git(workspace, "ls-tree", "-r", "-z", "--long", commit)
    for entry in (listed or b"").split(b"\0"):
        about, _tab, name = entry.partition(b"\t")
        mode, kind, digest, size = (about.split() + [b""] * 4)[:4]
        parts = name.decode("utf-8", errors="surrogateescape").split("/")
        if kind != b"blob" or mode == b"120000" or {"", ".", ".."} & set(parts) or int(size) > _MOST_GIT:
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


def _git(folder: Path, *words: str) -> bytes | None:
    try:
        done = subprocess.run(
            ["git", *_SAFE, "--no-optional-locks", "-C", str(folder), *words],
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
