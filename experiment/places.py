"""Where things that outlive a run are kept."""

import os
from pathlib import Path

import platformdirs

from experiment.errors import BadInput


def cache_folder() -> Path:
    """The user's cache folder for gedanken, made if missing; `GEDANKEN_CACHE` names another.

    Root's is the system's: programs run as a user without rights, who may not enter root's home.
    """
    chosen = os.environ.get("GEDANKEN_CACHE")
    usual = platformdirs.site_cache_path if os.getuid() == 0 else platformdirs.user_cache_path
    folder = (Path(chosen) if chosen else usual("gedanken")).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"the cache folder {folder} cannot be made: {error.strerror}") from error
    return folder
