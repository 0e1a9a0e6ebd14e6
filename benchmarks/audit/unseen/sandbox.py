"""Running the commands of these projects: each gets only files that it may depend on, so that few are run twice."""

import json

from benchmarks.audit.repositories import Files
from benchmarks.audit.unseen.stand_in import MARK
from benchmarks.audit.world import Printed, World

SCRIPTS = ("python", "bash scripts", "wc", "cat settings")


class ToolsWorld(World):
    """Runs commands, and asks the stand-in tools what they counted."""

    def run(self, files: Files, command: str) -> Printed:
        """Return what a command prints."""
        if not _is_stood_in(files, command):
            return super().run(_needed(files, command), command)
        printed = super().run(_needed(files, command), f"FACTS=1 {command}")
        return Printed(printed.output.partition(MARK)[0], printed.code)

    def counted(self, files: Files, command: str) -> dict[str, object]:
        """Return what a stand-in tool counted."""
        printed = super().run(_needed(files, command), f"FACTS=1 {command}")
        found: dict[str, object] = json.loads(printed.output.partition(MARK)[2])
        return found


def _is_stood_in(files: Files, command: str) -> bool:
    return f".tools/{command.split(maxsplit=1)[0]}" in files


def _needed(files: Files, command: str) -> Files:
    common = {path for path in files if path.startswith(("scripts/", "data/")) or path == "settings.toml"}
    if command.startswith(SCRIPTS):
        return {path: text for path, text in files.items() if path in common}
    if _is_stood_in(files, command):
        notes = {path for path in files if path.endswith(".md")}
        return {path: text for path, text in files.items() if path not in common | notes}
    return files
