"""Runs the commands of the projects in this folder.

Each command gets only those files on which it may depend, so that more results can be taken from the cache.
"""

import json

from benchmarks.audit.repositories import Files
from benchmarks.audit.unseen.stand_in import MARK
from benchmarks.audit.world import Printed, World

SCRIPTS = ("python", "bash scripts", "wc", "cat settings")


class ToolsWorld(World):
    """Runs commands, and reads the facts that stand-in tools report."""

    def run(self, files: Files, command: str) -> Printed:
        """Return what a command prints."""
        if not _has_stand_in(files, command):
            return super().run(_relevant_files(files, command), command)
        printed = super().run(_relevant_files(files, command), f"FACTS=1 {command}")
        return Printed(printed.output.partition(MARK)[0], printed.code)

    def counted(self, files: Files, command: str) -> dict[str, object]:
        """Return the facts that a stand-in tool reports."""
        printed = super().run(_relevant_files(files, command), f"FACTS=1 {command}")
        facts: dict[str, object] = json.loads(printed.output.partition(MARK)[2])
        return facts


def _has_stand_in(files: Files, command: str) -> bool:
    return f".tools/{command.split(maxsplit=1)[0]}" in files


def _relevant_files(files: Files, command: str) -> Files:
    common = {path for path in files if path.startswith(("scripts/", "data/")) or path == "settings.toml"}
    if command.startswith(SCRIPTS):
        return {path: text for path, text in files.items() if path in common}
    if _has_stand_in(files, command):
        notes = {path for path in files if path.endswith(".md")}
        return {path: text for path, text in files.items() if path not in common | notes}
    return files
