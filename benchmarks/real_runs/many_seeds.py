"""Runs programs with many seeds in one container. torch is imported once, and each run is a fork of this process.

    python3 many_seeds.py < WORK

WORK has a line of JSON for each run: `["name", 7]` stands for the program `name.py` with seed 7. Prints a line of
JSON for each run.
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
    """Do all runs that standard input lists."""
    importlib.import_module("torchvision.datasets")
    torch.set_num_threads(1)
    for line in sys.stdin:
        name, seed = json.loads(line)
        print(json.dumps({"program": name, "seed": seed, **run(Path(f"{name}.py").read_text(), seed)}), flush=True)


def run(source: str, seed: int) -> dict[str, Any]:
    """Run a program once; return its seconds, its exit code, its standard output, and both streams together."""
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
    """Run the program in a folder of its own, seeded as by the sandbox's start-up hook; return the exit code."""
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
    """Return what arrives on standard output, and what arrives on both streams, in order of arrival."""
    stdout_bytes, all_bytes = b"", b""
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        selector.register(stderr, selectors.EVENT_READ)
        while selector.get_map():
            for key, _events in selector.select():
                data = os.read(key.fd, 1 << 16)
                if not data:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                all_bytes += data
                stdout_bytes += data if key.fd == stdout else b""
    return stdout_bytes.decode(), all_bytes.decode()


if __name__ == "__main__":
    main()
