"""Lists the containers and sessions of gedanken, on engines and in the cache, and removes those of dead owners."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from gedanken.sandbox import cgroup
from gedanken.sandbox.marked_processes import kill_left
from gedanken.sandbox.owner import OWNER_LABEL, RUN_LABEL, SESSION_LABEL, is_dead, order_prefix
from gedanken.sandbox.session import engine_of, locked_if_dead, owner_of, sessions_folder

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container


class Leftover(NamedTuple):
    """A container or a session that gedanken created."""

    kind: Literal["container", "session"]
    name: str
    run: str
    state: str
    """For a container its status, such as `running` or `exited`; for a session its number of workspaces."""
    owner: Literal["live", "dead"]
    """`dead` if the owning process is known to have ended, otherwise `live`.

    The process of another user counts as `live`.
    """


def list_leftovers(clients: "Sequence[DockerClient]") -> list[Leftover]:
    """List all containers and sessions of gedanken, of live and dead owners."""
    leftovers = [
        Leftover(
            "container",
            container.name or container.id or "",
            container.labels.get(RUN_LABEL, ""),
            container.status,
            "dead" if _is_orphan(container) else "live",
        )
        for client in clients
        for container in _containers(client)
    ]
    for folder in _session_folders():
        workspaces = sum(path.is_dir() for path in (folder / "workspaces").glob("*"))
        owner = owner_of(folder)
        state = f"{workspaces} workspace{'s' * (workspaces != 1)}"
        leftovers.append(
            Leftover("session", folder.name, folder.name, state, "dead" if _is_owner_gone(owner) else "live")
        )
    return leftovers


def clean(clients: "Sequence[DockerClient]", silent: Collection[str] = ()) -> list[str]:
    """Remove the containers and sessions of dead owners, with all that the commands in them left behind. Return
    the removed names.

    `silent` names the engines that do not answer. Their sessions are kept: a resumed run may still find its container
    there when the engine answers again.
    """
    removed: list[str] = []
    for folder in _session_folders():
        if engine_of(folder) in silent:
            continue
        # Locked, so that no process can resume it meanwhile.
        with locked_if_dead(folder) as is_owner_dead:
            if is_owner_dead:
                removed += [*end_session(clients, folder), folder.name]
    return removed + _remove(clients, None)


def end_session(clients: "Sequence[DockerClient]", folder: Path) -> list[str]:
    """End the containers, processes and control groups that a dead run left; return their names.

    The caller must have locked the session in `folder`.
    """
    return _remove(clients, folder) + end_local(order_prefix(folder.name))


def end_local(orders: str) -> list[str]:
    """Kill the processes and remove the control groups whose names begin with `orders`; return their names."""
    return sorted({*kill_left(orders), *cgroup.remove_groups(orders)})


def _remove(clients: "Sequence[DockerClient]", session: Path | None) -> list[str]:
    """Remove the containers of `session` whose owner is dead; return their names.

    If `session` is None, remove the containers of all sessions that no longer exist, if their owner is dead.
    """
    from docker.errors import APIError, NotFound

    removed: list[str] = []
    for client in clients:
        for container in _containers(client):
            session_folder = _session_of(container)
            if not is_dead(container.labels[OWNER_LABEL]) or (
                session_folder != session if session else _is_existing(session_folder)
            ):
                continue
            try:
                container.remove(force=True)
                removed.append(container.name or container.id or "")
            except NotFound:
                continue
            except APIError as error:
                if error.status_code != 409:  # its removal is already in progress
                    raise
    return removed


def _containers(client: "DockerClient") -> "list[Container]":
    containers: list[Container] = client.containers.list(
        all=True, filters={"label": OWNER_LABEL}, ignore_removed=True
    )
    return containers


def _session_folders() -> list[Path]:
    folder = sessions_folder()
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _is_orphan(container: "Container") -> bool:
    """Return whether neither a container's creator nor a process that resumed its run is alive."""
    return is_dead(container.labels[OWNER_LABEL]) and _is_owner_gone(owner_of(_session_of(container)))


def _session_of(container: "Container") -> Path:
    return Path(container.labels.get(SESSION_LABEL, "/nonexistent"))


def _is_existing(path: Path) -> bool:
    """Return whether a path from a container's label exists; False if it is not a valid path."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _is_owner_gone(owner: str | None) -> bool:
    return not owner or is_dead(owner)
