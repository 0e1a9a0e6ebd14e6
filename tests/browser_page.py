"""Opens a page in a browser, and collects everything that goes wrong on it."""

from pathlib import Path
from typing import Any


def open_file(browser: Any, file: Path, width: int = 1400, scheme: str = "light", script: bool = True) -> Any:
    """Open a page in a browser context of its own.

    The attribute `troubles` of the page collects its dialogs, console messages and errors, and the addresses of all
    requests except the one for this file.
    """
    page = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        java_script_enabled=script,
        reduced_motion="reduce",
    ).new_page()
    page.troubles = []
    page.on("dialog", lambda dialog: (page.troubles.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("console", lambda message: page.troubles.append(f"console {message.text}"))
    page.on("pageerror", lambda error: page.troubles.append(f"error {error}"))
    page.on("request", lambda request: page.troubles.append(request.url) if request.url != file.as_uri() else None)
    page.goto(file.as_uri())
    return page
