"""Checks that programs have no access to parts of the kernel that they do not need."""

from functools import partial

from gedanken.sandbox.conformance.check import Check, refused

_check = partial(Check, group="kernel", judge=refused)

MOUNT = """
os.makedirs("point", exist_ok=True)
def mount(kind):
    library("mount", b"none", b"point", kind, 0, 0)
    library("umount", b"point")
for kind in (b"tmpfs", b"proc", b"sysfs", b"cgroup2"):
    refused(f"mounting {kind.decode()}", lambda: mount(kind))
refused("mounting the root once more", lambda: library("mount", b"/", b"point", 0, 0x1000, 0))
refused("changing mounts of the root", lambda: library("mount", b"none", b"/", 0, 1 << 18, 0))
subprocess.run(["umount", "point"], stderr=subprocess.DEVNULL)
"""

MOUNT_BY_DESCRIPTOR = """
refused("opening a file system", lambda: os.close(kernel("fsopen", b"tmpfs", 0)))
refused("copying the tree of mounts", lambda: os.close(kernel("open_tree", -100, b"/", 1)))
"""

_UNSHARE = 'refused("{what}", lambda: apart(lambda: library("unshare", {flag})))\n'
UNSHARE = "".join(
    _UNSHARE.format(what=f"a {kind} namespace", flag=flag)
    for kind, flag in (("mount", 0x20000), ("network", 0x40000000), ("process", 0x20000000), ("IPC", 0x08000000))
)
USER_NAMESPACE = _UNSHARE.format(what="a user namespace", flag=0x10000000)

CLONED_NAMESPACE = """
words = (ctypes.c_uint64 * 11)()
words[0], words[4] = 0x10000000, signal.SIGCHLD  # flags, exit_signal of struct clone_args
def clone():
    pid = kernel("clone3", ctypes.byref(words), ctypes.sizeof(words))
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
refused("a process in a user namespace of its own", clone)
"""

SETNS = """
def enter():
    descriptor = os.open("/proc/self/ns/net", os.O_RDONLY)
    library("setns", descriptor, 0)
refused("entering a namespace", lambda: apart(enter))
"""

SETTINGS = """
paths = ("kernel/core_pattern", "kernel/modprobe", "kernel/hostname", "kernel/panic", "vm/overcommit_memory",
         "fs/file-max", "net/ipv4/ip_forward", "kernel/sysrq", "kernel/core_uses_pid")
for path in paths:
    if os.path.exists(f"/proc/sys/{path}"):
        refused(path, lambda: opened(f"/proc/sys/{path}"))
"""

SYSRQ = 'refused("/proc/sysrq-trigger", lambda: opened("/proc/sysrq-trigger"))\n'

SYS = """
import glob
patterns = ("power/state", "kernel/mm/transparent_hugepage/enabled", "kernel/uevent_helper", "kernel/profiling",
            "module/*/parameters/*", "block/*/queue/scheduler", "class/net/*/mtu", "bus/*/drivers_autoprobe")
for path in [path for pattern in patterns for path in sorted(glob.glob(f"/sys/{pattern}"))[:3]]:
    refused(path, lambda: opened(path))
held("no other file of /sys was tried")
"""

CONTROL_GROUPS = """
import glob
names = ("memory.max", "memory.limit_in_bytes", "pids.max", "cpu.max", "cpu.cfs_quota_us", "cgroup.procs",
         "devices.allow", "release_agent")
found = [path for name in names for path in glob.glob(f"/sys/fs/cgroup/**/{name}", recursive=True)[:4]]
for path in found:
    refused(path, lambda: opened(path))
for folder in ["/sys/fs/cgroup"] + glob.glob("/sys/fs/cgroup/*/"):
    def make():
        os.mkdir(f"{folder}/gedanken-probe")
        os.rmdir(f"{folder}/gedanken-probe")
    refused(f"a group in {folder}", make)
"""

MEMORY_IMAGE = """
def read(path):
    with open(path, "rb", buffering=0) as file:
        if not file.read(1):
            raise OSError(errno.ENODATA, "it is empty")
for path in ("/proc/kcore", "/dev/mem", "/dev/kmem"):
    refused(path, lambda: read(path))
"""

LOG = """
refused("the kernel's log by system call", lambda: library("klogctl", 3, ctypes.create_string_buffer(64), 64))
for path in ("/dev/kmsg", "/proc/kmsg"):
    refused(path, lambda: opened(path, os.O_RDONLY))
"""

MASKED = """
def read(path):
    if os.path.isdir(path):
        if not os.listdir(path):
            raise OSError(errno.ENODATA, "it is empty")
        return
    with open(path, "rb", buffering=0) as file:
        if not file.read(1):
            raise OSError(errno.ENODATA, "it is empty")
for path in ("/proc/timer_list", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/acpi",
             "/sys/firmware", "/proc/vmallocinfo", "/proc/slabinfo", "/proc/pagetypeinfo"):
    refused(path, lambda: read(path))
"""

ADDRESSES = """
def told():
    with open("/proc/kallsyms") as file:
        lines = [next(file, "") for _ in range(50)]
    if not any(line.split()[:1] not in ([], ["0" * 16]) for line in lines):
        raise OSError(errno.ENODATA, "they are all zero")
refused("addresses of the kernel", told)
"""

KEYRING = 'refused("a key", lambda: kernel("add_key", b"user", b"gedanken-probe", b"x", 1, -2))\n'

BPF = """
words = (ctypes.c_uint32 * 32)(2, 4, 4, 1)  # an array of one entry
refused("a BPF map", lambda: os.close(kernel("bpf", 0, ctypes.byref(words), ctypes.sizeof(words))))
"""

PERF = """
words = (ctypes.c_uint64 * 16)()
words[0] = 1 | 112 << 32  # a software event, and the size of struct perf_event_attr
words[5] = 0x60  # of this process, outside the kernel
refused("performance counters", lambda: os.close(kernel("perf_event_open", ctypes.byref(words), 0, -1, -1, 0)))
"""

USERFAULTFD = 'refused("page faults by hand", lambda: os.close(kernel("userfaultfd", 1)))\n'

IO_URING = """
parameters = ctypes.create_string_buffer(256)
refused("io_uring", lambda: os.close(kernel("io_uring_setup", 2, parameters)), passed=(errno.EINVAL, errno.EFAULT))
"""

# Each call gets invalid arguments, which the kernel rejects only after checking the caller's rights.
NEW_KERNEL = """
refused("another kernel", lambda: kernel("kexec_load", 0, 100_000, 0, 0xFFFF), passed=(errno.EINVAL,))
refused("a module", lambda: kernel("init_module", 0, 0, b""), passed=(errno.ENOEXEC, errno.EFAULT, errno.EINVAL))
refused("a restart", lambda: kernel("reboot", 1, 2, 3, 0), passed=(errno.EINVAL,))
refused("swap", lambda: library("swapon", b"/nonexistent", 0), passed=(errno.ENOENT,))
refused("accounting", lambda: library("acct", b"/nonexistent"), passed=(errno.ENOENT,))
"""

CLOCK = """
words = (ctypes.c_uint32 * 64)()
words[0] = 0x4000  # ADJ_TICK, with a tick of 0
refused("the clock", lambda: library("adjtimex", ctypes.byref(words)), passed=(errno.EINVAL,))
"""

HANDLES = """
handle = (ctypes.c_uint32 * 34)(8, 1)
root = os.open("/", os.O_RDONLY)
refused("files by handle", lambda: library("open_by_handle_at", root, handle, 0), passed=(errno.ESTALE, errno.EINVAL))
"""

CHECKS = (
    _check("mount", promise="Nothing can be mounted.", program=MOUNT),
    _check(
        "mount-by-descriptor",
        promise="Nothing can be mounted by the newer system calls.",
        program=MOUNT_BY_DESCRIPTOR,
    ),
    _check("unshare", promise="No namespaces can be made.", program=UNSHARE),
    _check(
        "user-namespace",
        promise="No user namespace, in which a program would be root, can be made.",
        program=USER_NAMESPACE,
    ),
    _check("cloned-user-namespace", promise="No user namespace can be made for a child.", program=CLONED_NAMESPACE),
    _check("setns", promise="No namespace can be entered.", program=SETNS),
    _check("kernel-settings", promise="No setting in /proc/sys can be written.", program=SETTINGS),
    _check("sysrq", promise="The emergency key (SysRq) cannot be triggered.", program=SYSRQ),
    _check("sys-writes", promise="Nothing in /sys can be written.", program=SYS),
    _check("control-groups", promise="A program cannot change its control groups.", program=CONTROL_GROUPS),
    _check("memory-image", promise="A program can read only its own memory.", program=MEMORY_IMAGE),
    _check("kernel-log", promise="The kernel's log cannot be read.", program=LOG),
    _check("kernel-files", promise="Files in /proc that describe the host are masked.", program=MASKED),
    _check("kernel-addresses", promise="The kernel's addresses in memory are not visible.", program=ADDRESSES),
    _check("keyring", promise="The kernel's keyring cannot be used.", program=KEYRING),
    _check("bpf", promise="No program can be put into the kernel.", program=BPF),
    _check("performance-counters", promise="The processor's performance counters cannot be used.", program=PERF),
    _check("userfaultfd", promise="Page faults cannot be delayed (userfaultfd).", program=USERFAULTFD),
    _check("io-uring", promise="io_uring, a second way to make system calls, cannot be used.", program=IO_URING),
    _check(
        "new-kernel",
        promise="No kernel or module can be loaded, and no restart or swap requested.",
        program=NEW_KERNEL,
    ),
    _check("clock", promise="The clock cannot be set.", program=CLOCK),
    _check(
        "file-handles", promise="Files cannot be opened by handle, which bypasses their folders.", program=HANDLES
    ),
)
