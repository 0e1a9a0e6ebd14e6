"""What a long session costs to audit:  .venv/bin/python -m benchmarks.long_session [EVENTS]

Writes a session in the form of Claude Code, with commands that print up to 60 lines each and a claim in every tenth
step, audits it, and prints seconds of one core and the most memory that was used.
"""

import json
import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gedanken.auditing.audit_files import audit_files

COMMANDS = ("pytest -q", "ls -la src", "git diff", "python train.py", "grep -rn foo src", "cat src/a.py")


def entries(events: int) -> Iterator[dict[str, Any]]:
    """Yield the entries of a session: text, a command, its output; a claim in about every tenth step."""
    chance = random.Random(1)
    yield _entry("user", "go")
    for step in range(events // 3):
        call = {"type": "tool_use", "id": f"t{step}", "name": "Bash", "input": {"command": chance.choice(COMMANDS)}}
        said = f"That took {chance.random() * 9:.2f} seconds." if step % 10 == 0 else f"Step {step}."
        yield _entry("assistant", [{"type": "text", "text": said}, call])
        lines = [f"src/file_{at}.py: loss {chance.random():.4f} value {at}" for at in range(chance.randint(5, 60))]
        printed = "\n".join([*lines, f"{chance.randint(1, 400)} passed in {chance.random() * 10:.2f}s"])
        result = {"type": "tool_result", "tool_use_id": f"t{step}", "content": printed}
        yield _entry("user", [result], toolUseResult={"stdout": printed, "stderr": "", "interrupted": False})


def _entry(kind: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": kind, "message": {"role": kind, "content": content}, **more}


def main(events: int) -> None:
    """Write a session, audit it, and print the time and the memory."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "session.jsonl"
        with path.open("w") as file:
            file.writelines(json.dumps(entry) + "\n" for entry in entries(events))
        began = time.process_time()
        (found,) = audit_files([path], keep_events=False).audited
        seconds = time.process_time() - began
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        size = path.stat().st_size >> 20
    print(f"{found.events:,} events ({size} MiB), {len(found.claims):,} claims: {seconds:.0f} s, {most:,} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
