"""What does it cost to audit a long session?

    python -m benchmarks.long_session [EVENTS]

Writes a session in the format of Claude Code, with commands that print up to 60 lines each and a claim in every tenth
step. Audits it, and prints the seconds of one core and the peak memory.
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
    """Yield the entries of a session: text, a command, its output, and a claim in every tenth step."""
    rng = random.Random(1)
    yield _entry("user", "go")
    for step in range(events // 3):
        call = {"type": "tool_use", "id": f"t{step}", "name": "Bash", "input": {"command": rng.choice(COMMANDS)}}
        text = f"That took {rng.random() * 9:.2f} seconds." if step % 10 == 0 else f"Step {step}."
        yield _entry("assistant", [{"type": "text", "text": text}, call])
        lines = [
            f"src/file_{number}.py: loss {rng.random():.4f} value {number}" for number in range(rng.randint(5, 60))
        ]
        printed = "\n".join([*lines, f"{rng.randint(1, 400)} passed in {rng.random() * 10:.2f}s"])
        result = {"type": "tool_result", "tool_use_id": f"t{step}", "content": printed}
        yield _entry("user", [result], toolUseResult={"stdout": printed, "stderr": "", "interrupted": False})


def _entry(kind: str, content: Any, **extra: Any) -> dict[str, Any]:
    return {"type": kind, "message": {"role": kind, "content": content}, **extra}


def main(events: int) -> None:
    """Write a session, audit it, and print the time and the memory."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "session.jsonl"
        with path.open("w") as file:
            file.writelines(json.dumps(entry) + "\n" for entry in entries(events))
        started = time.process_time()
        (session,) = audit_files([path], keep_events=False).audited
        seconds = time.process_time() - started
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        size = path.stat().st_size >> 20
    print(
        f"{session.events:,} events ({size} MiB), {len(session.claims):,} claims: {seconds:.0f} s, {peak_mib:,} MiB"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
