"""Runs programs for many seeds in one container, where torch is imported once: each run is a fork of its own.

    python3 many_seeds.py < WORK

WORK is a line of JSON for each run, `["name", 7]`: the program `name.py`, seed 7. Prints a line of JSON for each.
"""

import importlib
import json
import os
import random
import selectors
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

torch: Any = importlib.import_module("torch")  # in the sandbox only
numpy: Any = importlib.import_module("numpy")


def main() -> None:
    """Do all the work that standard input tells of."""
    importlib.import_module("torchvision.datasets")
    torch.set_num_threads(1)
    for line in sys.stdin:
        name, seed = json.loads(line)
        print(json.dumps({"program": name, "seed": seed, **run(Path(f"{name}.py").read_text(), seed)}), flush=True)


def run(source: str, seed: int) -> dict[str, Any]:
    """One run: what it printed, on standard output and in all, in how many seconds, with what exit code."""
    streams = [os.pipe(), os.pipe()]
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        for descriptor, (_read, write) in enumerate(streams, start=1):
            os.dup2(write, descriptor)
        os._exit(_train(source, seed))
    for _read, write in streams:
        os.close(write)
    stdout, output = _read_both(streams[0][0], streams[1][0])
    _child, status = os.waitpid(child, 0)
    return {
        "seconds": round(time.monotonic() - started, 3),
        "exit_code": os.waitstatus_to_exitcode(status),
        "stdout": stdout,
        "output": output,
    }


def _train(source: str, seed: int) -> int:
    """Seeded as the sandbox's start-up hook seeds, in a folder of its own."""
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.argv = ["train.py"]
        try:
            exec(compile(source, "train.py", "exec"), {"__name__": "__main__", "__file__": "train.py"})
        except BaseException:
            traceback.print_exc()
            return 1
        finally:
            sys.stdout.flush()
            os.chdir("/")
    return 0


def _read_both(stdout: int, stderr: int) -> tuple[str, str]:
    """What arrives on standard output, and what on both, in order of arrival."""
    ours, both = b"", b""
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        selector.register(stderr, selectors.EVENT_READ)
        while selector.get_map():
            for key, _events in selector.select():
                data = os.read(key.fd, 1 << 16)
                if not data:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                both += data
                ours += data if key.fd == stdout else b""
    return ours.decode(), both.decode()


if __name__ == "__main__":
    main()
