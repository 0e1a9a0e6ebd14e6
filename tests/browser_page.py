"""A page as a browser shows it, with all that goes wrong in it."""

from pathlib import Path
from typing import Any


def open_file(browser: Any, file: Path, width: int = 1400, scheme: str = "light", script: bool = True) -> Any:
    """Open a page in a context of its own.

    Dialogs, words on the console, errors and requests for anything else are gathered in its `troubles`.
    """
    page = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        java_script_enabled=script,
        reduced_motion="reduce",
    ).new_page()
    page.troubles = []
    page.on("dialog", lambda dialog: (page.troubles.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("console", lambda said: page.troubles.append(f"console {said.text}"))
    page.on("pageerror", lambda error: page.troubles.append(f"error {error}"))
    page.on("request", lambda sent: page.troubles.append(sent.url) if sent.url != file.as_uri() else None)
    page.goto(file.as_uri())
    return page
