"""Where things that outlive a run are kept."""

import os
from pathlib import Path

import platformdirs

from experiment.errors import BadInput


def cache_folder() -> Path:
    """The user's cache folder for gedanken, made if missing; `GEDANKEN_CACHE` names another."""
    chosen = os.environ.get("GEDANKEN_CACHE")
    folder = Path(chosen) if chosen else platformdirs.user_cache_path("gedanken")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"the cache folder {folder} cannot be made: {error.strerror}") from error
    return folder
