"""The engine `bubblewrap`, for machines without a container engine: each command runs in its own namespaces."""

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.execution import Limits
from gedanken.experiment.progress import Progress
from gedanken.sandbox import cgroup, seccomp
from gedanken.sandbox.engine import FIRST_SCRIPT, GRACE_SECONDS, HOOK, SESSION_SCRIPT, Order, Signal, backstop_seconds
from gedanken.sandbox.environment import ensure_environment, installations
from gedanken.sandbox.leftovers import end_local
from gedanken.sandbox.local_job import LocalJob, start_at_gate
from gedanken.sandbox.marked_processes import MARK
from gedanken.sandbox.owner import order_prefix
from gedanken.sandbox.workspace import HOME, user_id

ENVIRONMENT = "/opt/venv"
NAMESPACES = (
    "--unshare-user --unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup-try "
    "--die-with-parent --new-session --as-pid-1 --cap-drop ALL --clearenv"
)
NO_NESTED_NAMESPACES = "--disable-userns"
VARIABLES = {
    "HOME": HOME,
    "USER": "user",
    "PATH": f"{ENVIRONMENT}/bin:/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
NO_NETWORK = "--unshare-net"
COUNTS_PER_NAMESPACE_SINCE = (5, 14)
"""The first Linux version in which RLIMIT_NPROC counts per user namespace instead of per user."""
PROBE_SECONDS = 30
_ROOT_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC_FILES = ("ld.so.cache", "alternatives", "localtime")


@dataclass(frozen=True, slots=True)
class BubblewrapEngine:
    """Runs programs that see only `/usr` of the host, their own workspace, the data set and the start-up hook.

    A program has no privileges, and no network unless its order says so. Some limits are weaker where control groups
    cannot be created; see `not_enforced`.
    """

    program: str
    options: tuple[str, ...]
    """Options of bwrap that choose the namespaces."""
    environment: Path
    system_calls: bytes | None
    """The compiled seccomp filter, which refuses some system calls; None without libseccomp."""
    controllers: frozenset[str]
    """The control-group controllers that are available, such as `memory`."""
    name: str = "bubblewrap"
    asks_for_gpus: bool = False

    @property
    def contents(self) -> str:
        """Name of the environment's folder, which is a digest of the environment's ingredients."""
        return self.environment.name

    def start(self, order: Order) -> LocalJob:
        """Create the namespaces, limit their first process, and let it run the command; see Engine.start."""
        with ExitStack() as cleanup:
            group = cgroup.create_group(order.name, order.limits)
            cleanup.callback(group.remove)
            process, first_pid = self._start_at_gate(order)
            cleanup.callback(process.kill)
            try:
                group.add(first_pid)
                hold = _Hold(psutil.Process(first_pid), group)
            except (OSError, psutil.Error) as error:
                raise NoSandbox(f"the limits of bubblewrap's process cannot be set: {error}") from error
            cleanup.pop_all()
            return LocalJob(process, hold)

    def find(self, order: Order) -> None:  # noqa: ARG002 - the protocol's
        """Return None, because no command of this engine is left to find.

        Its commands die with the process that started them.
        """
        return

    def clear(self, session: Path) -> None:
        """Remove what is left if commands died together with the gedanken process that started them: control groups,
        and a waiting bwrap.
        """
        end_local(order_prefix(session.name))

    def not_enforced(self) -> tuple[str, ...]:
        """List the limits and isolation measures that are weaker than in a container; see Engine.not_enforced."""
        no_group = "no control group can be created here"
        missing = {
            "host files: /usr and the dynamic linker's cache are the host's own, read-only": True,
            f"memory: {no_group}; the limit applies to each process separately": "memory" not in self.controllers,
            f"cpus: {no_group}": "cpu" not in self.controllers,
            f"processes: {no_group}, and this Linux counts all processes of the user towards the limit": (
                "pids" not in self.controllers and not _counts_per_namespace()
            ),
            f"system calls: {seccomp.LIBRARY} is not installed, so nothing filters them": self.system_calls is None,
            f"user namespaces: this bwrap has no {NO_NESTED_NAMESPACES}": NO_NESTED_NAMESPACES not in self.options,
        }
        return tuple(text for text, applies in missing.items() if applies)

    def _start_at_gate(self, order: Order) -> "tuple[subprocess.Popen[bytes], int]":
        """Start bwrap, which waits at the gate (`local_job.GATE`), and return its process.

        Also returns the process id of the first process inside the namespaces, as the host sees it.
        """
        inner_command = [
            "bash",
            "/opt/gedanken/first.sh",
            f"{backstop_seconds(order.limits):g}",
            f"{GRACE_SECONDS:g}",
        ]
        with ExitStack() as files:
            info_reader, info_writer = (
                files.enter_context(os.fdopen(end, mode)) for end, mode in zip(os.pipe(), "rw", strict=True)
            )
            file_contents = {
                path: files.enter_context(_unnamed_file(content)) for path, content in _file_contents().items()
            }
            isolation_options = [option for option in self.options if not (order.network and option == NO_NETWORK)]
            options = [
                *isolation_options,
                "--info-fd",
                str(info_writer.fileno()),
                *self._mounts(order, file_contents),
            ]
            inherited_files = [info_writer, *file_contents.values()]
            if self.system_calls is not None:
                filter_file = files.enter_context(_unnamed_file(self.system_calls))
                options += ["--seccomp", str(filter_file.fileno())]
                inherited_files.append(filter_file)
            command = [self.program, *options, *_setenv_options(VARIABLES | order.environment), "--chdir", HOME, "--"]
            process = start_at_gate(
                command,
                [*inner_command, order.command],
                order.limits,
                self._extra_limits(order.limits),
                # Not seen inside. If bwrap is killed as it starts, its child may wait forever, in no control group.
                env={MARK: order.name},
                cwd="/",
                pass_fds=_descriptors(inherited_files),
                **_user_options(),
            )
            info_writer.close()
            return process, int(json.load(info_reader)["child-pid"])

    def _mounts(self, order: Order, file_contents: dict[str, IO[bytes]]) -> list[str]:
        workspace = order.workspace
        arguments = ["--hostname", "ubuntu", "--proc", "/proc", "--dev", "/dev"]
        arguments += ["--size", str(order.limits.memory_mib << 19), "--tmpfs", "/dev/shm"]
        read_only = {
            "/usr": Path("/usr"),
            "/sys/devices/system/cpu": Path("/sys/devices/system/cpu"),
            **{f"/etc/{name}": Path("/etc", name) for name in _ETC_FILES},
            **{str(folder): folder for folder in installations(self.environment)},
            ENVIRONMENT: self.environment,
            "/data": order.data,
            "/etc/passwd": workspace.passwd,
        }
        writable = {HOME: workspace.home, "/tmp": workspace.tmp, "/run/session": workspace.shell}
        for inner_path, path in read_only.items():
            # A file of the host may be missing; it is then missing inside too.
            arguments += [
                "--ro-bind-try" if inner_path.startswith(("/etc/", "/sys/")) else "--ro-bind",
                str(path),
                inner_path,
            ]
        arguments += _root_folders()
        arguments += ["--symlink", "../usr/lib/os-release", "/etc/os-release"]
        for inner_path, file in file_contents.items():
            arguments += ["--ro-bind-data", str(file.fileno()), inner_path]
        for inner_path, path in writable.items():
            arguments += ["--bind", str(path), inner_path]
        return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/"]

    def _extra_limits(self, limits: Limits) -> str:
        arguments = []
        if _counts_per_namespace():
            arguments.append(f"-u {limits.processes}")
        if "memory" not in self.controllers:
            arguments.append(f"-d {limits.memory_mib << 10}")
        return " ".join(arguments)


def open_bubblewrap(progress: Progress) -> BubblewrapEngine:
    """Test bubblewrap, create the Python environment if it is missing, and return the engine.

    Raises NoSandbox, with the remedy, if bubblewrap is missing or does not work.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise NoSandbox("bubblewrap is not installed (on Debian: `apt-get install bubblewrap`)")
    options = _find_options(program)
    return BubblewrapEngine(
        program, options, ensure_environment(progress), seccomp.compile_filter(), cgroup.available_controllers()
    )


@dataclass(frozen=True, slots=True)
class _Hold:
    """Handle on a command: its control group, and the first process of its namespace; see `Hold`."""

    # When it ends, the kernel kills all other processes in the namespace.
    first: psutil.Process
    group: cgroup.Cgroup

    def signal(self, name: Signal) -> None:
        with suppress(psutil.Error):
            self.first.send_signal(signal.Signals[name])

    def out_of_memory(self) -> bool:
        return self.group.oom_kills() > 0

    def release(self) -> None:
        self.group.remove()


def _find_options(program: str) -> tuple[str, ...]:
    """Return the options with which bwrap (`program`) creates namespaces. Raises NoSandbox if it cannot."""
    help_text = subprocess.run([program, "--help"], capture_output=True, text=True, check=False).stdout
    options = NAMESPACES.split() + ([NO_NESTED_NAMESPACES] if NO_NESTED_NAMESPACES in help_text else [])
    command = [program, *options, "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--", "true"]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd="/", timeout=PROBE_SECONDS, **_user_options()
        )
    except subprocess.TimeoutExpired:
        raise NoSandbox(f"{program} did not answer within {PROBE_SECONDS} s") from None
    if result.returncode == 0 and "--size" in help_text:
        return tuple(options)
    if result.returncode == 0:
        raise NoSandbox(f"{program} is too old: it has no --size; install bubblewrap 0.7 or newer")
    raise NoSandbox(f"bubblewrap does not work here: {_with_remedy(result.stderr.strip()[-200:])}")


def _with_remedy(message: str) -> str:
    kernel = Path("/proc/sys")
    for setting, forbidding, allowing in (
        ("kernel/unprivileged_userns_clone", "0", "1"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
        ("user/max_user_namespaces", "0", "10000"),
    ):
        path = kernel / setting
        if path.exists() and path.read_text().strip() == forbidding:
            return f"{message}; to allow it, run as root `sysctl -w {setting.replace('/', '.')}={allowing}`"
    return f"{message}; if this is a container, allow it to create namespaces and to mount /proc in them"


def _counts_per_namespace() -> bool:
    return tuple(map(int, re.findall(r"\d+", platform.release())[:2])) >= COUNTS_PER_NAMESPACE_SINCE


def _user_options() -> dict[str, Any]:
    """Return the options with which Popen runs a command as the unprivileged user. Empty if this process does not run
    as root.
    """
    uid = user_id()
    return {} if uid == os.getuid() else {"user": uid, "group": uid, "extra_groups": []}


def _file_contents() -> dict[str, bytes]:
    """Return the files that bwrap creates in the sandbox, by path: scripts, hook, `/etc/hosts` and `/etc/group`."""
    uid = user_id()
    # Not mounted from this package: it may be in a folder that the sandbox's user cannot read.
    scripts = {f"/opt/gedanken/{path.name}": path.read_bytes() for path in (FIRST_SCRIPT, SESSION_SCRIPT)}
    hook = {f"/opt/gedanken/hook/{path.name}": path.read_bytes() for path in HOOK.glob("*.py")}
    etc = {
        "/etc/hosts": b"127.0.0.1 localhost ubuntu\n::1 localhost\n",
        "/etc/group": f"root:x:0:\nuser:x:{uid}:\n".encode(),
    }
    return scripts | hook | etc


@contextmanager
def _unnamed_file(content: bytes) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(content)
        file.seek(0)
        yield file


def _root_folders() -> list[str]:
    """Return bwrap's arguments that create `/bin` and similar folders as on the host, where they may be links."""
    arguments = []
    for path in (Path("/", name) for name in _ROOT_FOLDERS):
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    return arguments


def _setenv_options(variables: dict[str, str]) -> list[str]:
    return [part for name, value in variables.items() for part in ("--setenv", name, value)]


def _descriptors(files: Iterable[Any]) -> list[int]:
    return [file.fileno() for file in files]
