"""Runs many small programs, each with its own limits, and one per core at a time: `python3 -I -m gedanken_batch
FILE`.

FILE contains JSON: `seconds` and `bytes`, the limits of each program; `within`, the number of seconds after which no
further program is started; and `programs`, pairs of a name and a source. For each program that was started, one line
of JSON is printed.
"""

import ctypes
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36
ERROR_BYTES = 4096
STOPPED_SECONDS = 2.0
NO_MODULES_FROM_ITS_FOLDER = {"PYTHONSAFEPATH": "1"}  # where another program may have put them
KEPT = ("PATH", "LANG", "LC_ALL", "PYTHONHASHSEED", "LD_LIBRARY_PATH")


def main(path):
    settings = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    protect()
    started = time.monotonic()
    running_pids, lock = set(), threading.Lock()

    def run_one(name, source):
        if time.monotonic() - started > settings["within"]:
            return
        result = run(source, settings["seconds"], settings["bytes"], running_pids, lock)
        with lock:
            print(json.dumps({"name": name, **result}), flush=True)

    workers = max(1, int(float(os.environ.get("GEDANKEN_CPUS", "1"))))
    with ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(run_one, name, source) for name, source in settings["programs"]]:
            future.result()


def protect():
    """Protect this process from its children, and make it the parent of processes that they leave behind."""
    prctl = ctypes.CDLL(None).prctl
    # Programs cannot open the descriptors of a process that is not dumpable, so none writes into its output.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def run(source, seconds, max_bytes, running_pids, lock):
    folder = Path(tempfile.mkdtemp())
    try:
        text = source.encode(errors="replace")
        (folder / "probe.py").write_bytes(text)
        variables = {
            name: value for name, value in os.environ.items() if name in KEPT or name.startswith("GEDANKEN_")
        }
        with lock:
            process = subprocess.Popen(
                [sys.executable, "-s", "probe.py"],
                cwd=folder,
                env={**variables, **NO_MODULES_FROM_ITS_FOLDER, "HOME": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            running_pids.add(process.pid)
        started = time.monotonic()
        stdout, stderr, stopped = follow(process, started + seconds, max_bytes)
        elapsed = time.monotonic() - started
        kill_group(process.pid)
        process.wait()
        with lock:
            running_pids.discard(process.pid)
            kill_left_behind(running_pids)
        code = process.returncode
        end = stopped or ("finished" if code == 0 else "killed" if code < 0 else "failed")
        return {
            "end": end,
            "exit_code": code,
            "stdout": stdout.decode(errors="replace"),
            "stderr": stderr.decode(errors="replace"),
            "seconds": round(elapsed, 3),
            "changed": not holds(folder / "probe.py", text),
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def holds(path, text):
    """Return whether the file `path` still contains exactly `text`. A program may have changed it."""
    try:
        return path.is_file() and path.stat().st_size == len(text) and path.read_bytes() == text
    except OSError:
        return False


def follow(process, deadline, max_bytes):
    """Return a program's stdout, its stderr, and the reason why it must be stopped.

    The reason is None if the program ended by itself. `deadline` is a time of `time.monotonic()`; `max_bytes` is the
    largest allowed number of bytes of stdout.
    """
    last_seen = time.monotonic()
    output = {process.stdout: bytearray(), process.stderr: bytearray()}
    with selectors.DefaultSelector() as selector:
        for stream in output:
            selector.register(stream, selectors.EVENT_READ)
        # The program's children may still print after the program has ended.
        while selector.get_map():
            now = time.monotonic()
            # If a program stopped this process by a signal, the pause does not count.
            deadline, last_seen = deadline + (now - last_seen if now - last_seen > STOPPED_SECONDS else 0.0), now
            remaining = deadline - now
            if remaining <= 0:
                reason = "stopped" if is_stopped(process.pid) else "too long"
                return bytes(output[process.stdout]), bytes(output[process.stderr]), reason
            for key, _ in selector.select(min(remaining, 0.2)):
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.fileobj is process.stdout:
                    output[process.stdout] += data
                    if len(output[process.stdout]) > max_bytes:
                        return (
                            bytes(output[process.stdout][:max_bytes]),
                            bytes(output[process.stderr]),
                            "too much output",
                        )
                else:
                    output[process.stderr] = (output[process.stderr] + data)[-ERROR_BYTES:]
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return bytes(output[process.stdout]), bytes(output[process.stderr]), "too long"
    return bytes(output[process.stdout]), bytes(output[process.stderr]), None


def is_stopped(pid):
    """Return whether a process is stopped by a signal, which another program may have sent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] == "T"
    except (OSError, IndexError):
        return False


def kill_group(pid):
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill_left_behind(running_pids):
    """Kill the children of this process, except the running programs, whose process ids are in `running_pids`."""
    own_pid = str(os.getpid())
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in running_pids:
            continue
        try:
            parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1]
            if parent == own_pid:
                os.kill(int(entry.name), signal.SIGKILL)
                os.waitpid(int(entry.name), 0)
        except (OSError, IndexError):
            continue


main(Path(sys.argv[1]))
