"""The user's folders for data that outlives a run: the cache, and gedanken's state."""

import os
from pathlib import Path

import platformdirs

from gedanken.experiment.errors import BadInput


def cache_folder() -> Path:
    """Return the user's cache folder for gedanken, created if missing; `GEDANKEN_CACHE` overrides it."""
    # Root's programs run as an unprivileged user, who may not enter root's home.
    default_path = platformdirs.site_cache_path if os.getuid() == 0 else platformdirs.user_cache_path
    return _make_folder(os.environ.get("GEDANKEN_CACHE") or default_path("gedanken"), "cache")


def state_folder() -> Path:
    """Return the folder for the user's gedanken state, created if missing; `GEDANKEN_STATE` overrides it."""
    return _make_folder(
        os.environ.get("GEDANKEN_STATE") or platformdirs.user_state_path("gedanken"), "state", mode=0o700
    )


def _make_folder(path: str | Path, purpose: str, mode: int = 0o777) -> Path:
    folder = Path(path).resolve()
    try:
        folder.mkdir(mode, parents=True, exist_ok=True)
    except OSError as error:
        variable = f"GEDANKEN_{purpose.upper()}"
        raise BadInput(
            f"the {purpose} folder {folder} cannot be created: {error.strerror}; set {variable} to another folder"
        ) from error
    return folder
