"""Faults in things on which runs depend: a disk, a mount, the time of day, an engine."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Protocol

from gedanken.sandbox.image import IMAGE

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


class Fault(Protocol):
    """A fault that can be caused and repaired."""

    sandbox: str
    place: Path
    """Folder in which the run folder must be created."""
    environment: dict[str, str]
    kills: bool  # whether the process of the run is killed after the fault

    def strike(self) -> None:
        """Cause the fault."""

    def mend(self) -> None:
        """Repair the fault."""

    def broken(self, output: str) -> list[str]:
        """Return what else went wrong. `output` is the output of the interrupted and of the resumed process."""


class BrokenDisk:
    """A file system, stored in a file, that becomes read-only at its first error, as on a broken disk."""

    sandbox, kills = "bubblewrap", False

    def __init__(self, folder: Path) -> None:
        """Create and mount the file system."""
        self._image, self.place = folder / "image", folder / "disk"
        self.environment: dict[str, str] = {}
        self.place.mkdir()
        with self._image.open("wb") as file:
            file.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", str(self._image)], check=True)
        self._mount()

    def _mount(self) -> None:
        options = "loop,errors=remount-ro"
        subprocess.run(["mount", "-o", options, str(self._image), str(self.place)], check=True)

    def strike(self) -> None:
        """Cause an error in the file system, so that unwritten data is lost."""
        completed = subprocess.run(
            ["findmnt", "-no", "SOURCE", str(self.place)], capture_output=True, text=True, check=True
        )
        Path(f"/sys/fs/ext4/{Path(completed.stdout.strip()).name}/trigger_fs_error").write_text("struck")

    def mend(self) -> None:
        """Check the file system, and mount it again."""
        subprocess.run(["umount", str(self.place)], check=True)
        # The loop device outlives that for a moment; mounted from it again, the error would still stand there.
        while subprocess.run(["losetup", "-j", str(self._image)], capture_output=True, check=True).stdout:
            time.sleep(0.1)
        for _ in range(2):  # the first one plays back the journal, in which the error stands as well
            subprocess.run(["e2fsck", "-fy", str(self._image)], check=False, capture_output=True)
        self._mount()

    def broken(self, output: str) -> list[str]:
        """Unmount the file system. Return a traceback in the output, if there is one."""
        subprocess.run(["umount", str(self.place)], check=True)
        return ["a traceback"] if "Traceback" in output else []


class VanishingMount:
    """The folder of the run is a mount point that disappears."""

    sandbox, kills = "bubblewrap", False

    def __init__(self, folder: Path) -> None:
        """Mount the folder."""
        self._source, self.place = folder / "behind", folder / "disk"
        self.environment: dict[str, str] = {}
        self._source.mkdir()
        self.place.mkdir()
        self.mend()

    def strike(self) -> None:
        """Unmount the folder while it is in use."""
        subprocess.run(["umount", "--lazy", str(self.place)], check=True)

    def mend(self) -> None:
        """Mount the folder again."""
        subprocess.run(["mount", "--bind", str(self._source), str(self.place)], check=True)

    def broken(self, output: str) -> list[str]:
        """Unmount the folder. Return a traceback in the output, if there is one."""
        self.strike()
        return ["a traceback"] if "Traceback" in output else []


class JumpingClock:
    """The clock of the run's processes jumps by a day."""

    sandbox, kills = "bubblewrap", True
    _jumps = cycle([("-1d", "+1d"), ("+1d", "-1d")])

    def __init__(self, folder: Path) -> None:
        """Start with the correct time."""
        self.place, self._file = folder, folder / "clock"
        self._first_jump, self._second_jump = next(self._jumps)
        self._file.write_text("+0\n")
        self.environment = {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def strike(self) -> None:
        """Set the clock a day back, or forward."""
        self._file.write_text(f"{self._first_jump}\n")

    def mend(self) -> None:
        """Set the clock as far to the other side of the correct time."""
        self._file.write_text(f"{self._second_jump}\n")

    def broken(self, output: str) -> list[str]:
        """Return a traceback in the output, if there is one."""
        return ["a traceback"] if "Traceback" in output else []


class DockerDaemon:
    """A separate Docker daemon that has gedanken's image.

    It has its own network namespace, and therefore creates no bridge.
    """

    sandbox, kills = "docker", False

    def __init__(self, folder: Path) -> None:
        """Start the daemon, and copy the image from the usual one."""
        self._folder, self.place = folder, folder
        self.environment = {"DOCKER_HOST": f"unix://{folder}/docker.sock"}
        self._daemon = self._start_daemon()
        save = subprocess.Popen(["docker", "save", IMAGE], stdout=subprocess.PIPE)
        environment = {**os.environ, **self.environment}
        subprocess.run(
            ["docker", "load", "--quiet"], stdin=save.stdout, env=environment, check=True, stdout=sys.stderr
        )
        self._restarted = 0.0
        self.running = 0
        """How many times a container was running when the daemon was killed."""

    def _start_daemon(self, tries: int = 5) -> "subprocess.Popen[bytes]":
        folder = self._folder
        for name in ("docker.pid", "docker.sock"):
            (folder / name).unlink(missing_ok=True)
        command = ["unshare", "--net", "dockerd", f"--host=unix://{folder}/docker.sock", f"--data-root={folder}/data"]
        command += [f"--exec-root={folder}/exec", f"--pidfile={folder}/docker.pid", "--bridge=none"]
        command += ["--iptables=false", "--ip-forward=false"]
        with (folder / "dockerd.log").open("ab") as log:
            daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 120
        while self._docker("version").returncode != 0:
            if daemon.poll() is not None and tries > 1:  # a busy machine is too slow for its own deadlines
                return self._start_daemon(tries - 1)
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise SystemExit((folder / "dockerd.log").read_text()[-1000:])
            time.sleep(0.2)
        return daemon

    def _docker(self, *command: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, **self.environment}
        return subprocess.run(["docker", *command], env=environment, capture_output=True, text=True, check=False)

    def strike(self) -> None:
        """Kill the daemon and its containers with SIGKILL, as a power failure would."""
        deadline = time.monotonic() + 20
        while (
            not (running := self._docker("ps", "--quiet", "--no-trunc").stdout.split())
            and time.monotonic() < deadline
        ):
            time.sleep(0.05)
        self.running += bool(running)
        pids = [self._docker("inspect", "--format", "{{.State.Pid}}", name).stdout.strip() for name in running]
        containerd = self._folder / "exec" / "containerd" / "containerd.pid"
        self._daemon.kill()
        self._daemon.wait()
        for pid in (containerd.read_text().strip(), *pids):
            if pid not in ("", "0"):  # 0 is the PID of an ended container; killing it would kill our own group
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)

    def mend(self) -> None:
        """Start another daemon on the same data."""
        self._daemon = self._start_daemon()
        self._restarted = time.time()

    def broken(self, output: str) -> list[str]:
        """Return the containers that were started more than once since the new daemon was started, and what was
        left behind.
        """
        period = ["events", "--since", f"{self._restarted:.0f}", "--until", f"{time.time() + 1:.0f}"]
        names = self._docker(
            *period, "--filter", "event=start", "--format", "{{.Actor.Attributes.name}}"
        ).stdout.split()
        broken = [f"{name} was started {count} times" for name, count in Counter(names).items() if count > 1]
        broken += [f"left behind: {name}" for name in self._docker("ps", "--all", "--quiet").stdout.split()]
        return broken + (["a traceback"] if "Traceback" in output else [])

    def close(self) -> None:
        """Stop the daemon."""
        self._daemon.terminate()
        self._daemon.wait()
