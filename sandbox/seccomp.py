"""Builds the seccomp filter, by which the kernel refuses system calls that no program here needs."""

import ctypes
import errno
import functools
import json
import operator
import os
import tempfile
from collections.abc import Iterator
from typing import Any, NamedTuple

LIBRARY = "libseccomp.so.2"

# libseccomp's own numbers, from seccomp.h.
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_MASKED_EQUAL = 7
_BAD_ARCHITECTURE = 2
_OPTIMIZE = 8
_UNKNOWN = -1
_NATIVE = 0

REFUSED = (
    # File systems and mount points.
    "mount umount umount2 mount_setattr move_mount open_tree fsopen fsconfig fsmount fspick pivot_root chroot "
    "quotactl quotactl_fd swapon swapoff name_to_handle_at open_by_handle_at fanotify_init "
    "lookup_dcookie sysfs ustat "
    # Namespaces and other processes.
    "unshare setns ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp move_pages "
    "mbind set_mempolicy get_mempolicy migrate_pages set_mempolicy_home_node "
    # The kernel itself, and interfaces with a history of vulnerabilities.
    "kexec_load kexec_file_load init_module finit_module delete_module create_module query_module get_kernel_syms "
    "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register "
    "add_key request_key keyctl uselib nfsservctl vm86 vm86old iopl ioperm "
    # The machine as a whole.
    "reboot acct syslog _sysctl vhangup sethostname setdomainname "
    "settimeofday stime clock_settime clock_settime64 clock_adjtime clock_adjtime64"
)
NAMESPACE_FLAGS = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
"""The flags of `clone` that create new namespaces, such as CLONE_NEWNS, from linux/sched.h.

CLONE_NEWTIME is missing, because `clone` does not accept it.
"""
FILE_TYPE, DEVICE_TYPES = 0o170000, (0o020000, 0o060000)
PLAIN_TYPES = (0, 0o010000, 0o100000, 0o140000)
"""File types that `mknod` may create: 0 and S_IFREG (both mean a regular file), S_IFIFO (a pipe) and S_IFSOCK (a
socket).
"""
SYSTEM_CALLS = 1024
"""Upper bound of the system call numbers of any architecture."""
PERSONALITIES = (0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)
TERMINAL_TRICKS = (0x5412, 0x541C)
"""The requests TIOCSTI and TIOCLINUX, with which a program could type into another terminal."""
SOCKET_FAMILIES = {0, 1, 2, 10, 16}
"""The allowed socket families: unspecified, Unix, IPv4, IPv6 and netlink.

The most important refused family is vsock, because network namespaces do not isolate it.
"""
FAMILIES = 64
PERSONALITY_BITS = {3, 17}
"""Numbers of the bits that a program may set with the system call `personality`: those of PER_LINUX32 and UNAME26,
which Docker also allows.
"""
INT_MASK = 0xFFFFFFFF


class Match(NamedTuple):
    """A condition: an argument of a system call, after a bitwise AND with `mask`, equals `value`."""

    argument: int
    mask: int
    value: int


class Rule(NamedTuple):
    """A rule: a system call fails with `error` if all of `matches` hold."""

    call: str
    matches: tuple[Match, ...] = ()
    error: int = errno.EPERM


class _Comparison(ctypes.Structure):
    """`struct scmp_arg_cmp` of seccomp.h."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


def compile_filter() -> bytes | None:
    """Return the filter as a program for the kernel; None if libseccomp is not installed.

    System calls that an old libseccomp does not know yet are allowed.
    """
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ALLOW)))
    try:
        # Calls of another architecture return an error: killing the thread would leave others waiting for it.
        _check_code(library.seccomp_attr_set(context, _BAD_ARCHITECTURE, ctypes.c_uint32(_ERRNO | errno.ENOSYS)))
        library.seccomp_attr_set(context, _OPTIMIZE, ctypes.c_uint32(2))
        for rule in rules():
            _add_rule(library, context, rule)
        with tempfile.TemporaryFile() as file:
            _check_code(library.seccomp_export_bpf(context, file.fileno()))
            file.seek(0)
            return file.read()
    finally:
        library.seccomp_release(context)


def rules() -> Iterator[Rule]:
    """Yield a rule for each system call that is refused, always or with certain arguments."""
    yield from (Rule(call) for call in REFUSED.split())
    # The flags of clone3 are in memory, which filters cannot read; the C library falls back to clone.
    yield Rule("clone3", error=errno.ENOSYS)
    yield from (Rule("clone", (Match(0, flag, flag),)) for flag in NAMESPACE_FLAGS)
    for file_type in DEVICE_TYPES:
        yield Rule("mknod", (Match(1, FILE_TYPE, file_type),))
        yield Rule("mknodat", (Match(2, FILE_TYPE, file_type),))
    yield from (Rule("ioctl", (Match(1, INT_MASK, request),)) for request in TERMINAL_TRICKS)
    families = sorted(set(range(FAMILIES)) - SOCKET_FAMILIES)
    yield from (Rule("socket", (Match(0, INT_MASK, family),)) for family in families)
    yield from _personalities()


@functools.cache
def docker_profile() -> str | None:
    """Return the filter as a profile in Docker's JSON format; None if libseccomp is not installed.

    System calls that libseccomp knows are allowed by name, except those that `rules` refuses. All others are refused.
    """
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    restricted = {"clone", "clone3", "mknod", "mknodat", "socket", "personality"}
    allowed = sorted(set(_system_call_names(library)) - set(REFUSED.split()) - restricted)
    namespaces = functools.reduce(operator.or_, NAMESPACE_FLAGS)
    calls = [
        {"names": allowed, "action": "SCMP_ACT_ALLOW"},
        {"names": REFUSED.split(), "action": "SCMP_ACT_ERRNO", "errnoRet": errno.EPERM},
        {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.ENOSYS},
        _allow_rule(["clone"], 0, "SCMP_CMP_MASKED_EQ", namespaces, 0),
        *(_allow_rule(["mknod"], 1, "SCMP_CMP_MASKED_EQ", FILE_TYPE, file_type) for file_type in PLAIN_TYPES),
        *(_allow_rule(["mknodat"], 2, "SCMP_CMP_MASKED_EQ", FILE_TYPE, file_type) for file_type in PLAIN_TYPES),
        *(_allow_rule(["socket"], 0, "SCMP_CMP_EQ", family) for family in sorted(SOCKET_FAMILIES)),
        *(_allow_rule(["personality"], 0, "SCMP_CMP_EQ", value) for value in PERSONALITIES),
    ]
    # It replaces the engine's own profile: the profiles of older engines allow vsock and io_uring.
    return json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": errno.ENOSYS, "syscalls": calls})


def _allow_rule(
    names: list[str], argument: int, comparison: str, value: int, second_value: int = 0
) -> dict[str, Any]:
    condition = {"index": argument, "value": value, "valueTwo": second_value, "op": comparison}
    return {"names": names, "action": "SCMP_ACT_ALLOW", "args": [condition]}


def _system_call_names(library: Any) -> Iterator[str]:
    """Yield the names of all system calls that libseccomp knows on this architecture."""
    library.seccomp_syscall_resolve_num_arch.restype = ctypes.c_char_p
    for number in range(SYSTEM_CALLS):
        if name := library.seccomp_syscall_resolve_num_arch(_NATIVE, number):
            yield name.decode()


def _personalities() -> Iterator[Rule]:
    """Yield rules for `personality` that refuse all values except the allowed ones and 0xffffffff."""
    top_bit = 1 << 31
    # Without bit 31, no bit outside PERSONALITY_BITS may be set; with it, all others must be (0xffffffff only
    # queries).
    for bit in range(31):
        if bit not in PERSONALITY_BITS:
            yield Rule("personality", (Match(0, top_bit | 1 << bit, 1 << bit),))
        yield Rule("personality", (Match(0, top_bit | 1 << bit, top_bit),))


def _add_rule(library: Any, context: ctypes.c_void_p, rule: Rule) -> None:
    number = library.seccomp_syscall_resolve_name(rule.call.encode())
    if number == _UNKNOWN:
        return
    comparisons = (_Comparison * len(rule.matches))(
        *(
            _Comparison(condition.argument, _MASKED_EQUAL, condition.mask, condition.value)
            for condition in rule.matches
        )
    )
    action = ctypes.c_uint32(_ERRNO | rule.error)
    _check_code(library.seccomp_rule_add_array(context, action, number, len(rule.matches), comparisons))


def _check_code(code: int) -> None:
    if code < 0:
        raise OSError(-code, f"libseccomp: {os.strerror(-code)}")
