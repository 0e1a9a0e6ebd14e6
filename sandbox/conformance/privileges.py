"""Checks that a program has no privileges, and cannot gain any."""

from functools import partial

from gedanken.sandbox.conformance.check import Check, refused

_check = partial(Check, group="privileges", judge=refused)

NOT_ROOT = """
ids = os.getresuid() + os.getresgid() + tuple(os.getgroups())
(breach if 0 in ids else held)(f"user and group numbers {sorted(set(ids))}")
refused("becoming root", lambda: os.setresuid(0, 0, 0))
"""

NO_NEW_PRIVILEGES = """
told = status("NoNewPrivs")
(held if told == "1" else breach)(f"NoNewPrivs is {told}")
"""

SECCOMP = """
told = status("Seccomp")
(held if told == "2" else breach)(f"the filter of system calls is {'on' if told == '2' else 'off'}")
"""

CAPABILITIES = """
sets = {name: int(status(name) or "0", 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
there = [f"{name} {value:x}" for name, value in sets.items() if value]
(breach if there else held)(", ".join(there) or "all five sets are empty")
"""

SETUID_PROGRAMS = """
import shutil
attempts = (["su", "root", "-c", "id -u"], ["sudo", "-n", "id", "-u"], ["pkexec", "id", "-u"],
            ["runuser", "-c", "id -u"])
tried = 0
for attempt in attempts:
    if shutil.which(attempt[0]):
        done = subprocess.run(attempt, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)
        tried += 1
        if done.stdout.strip() == "0":
            breach(f"{attempt[0]} gives root")
held(f"none of {tried} programs gives root")
"""

# A setuid file owned by root would allow an escape from a user namespace; changing its owner must already fail.
SETUID_FILE = """
import shutil
shutil.copy("/bin/true", "mine")
refused("giving a file to root", lambda: os.chown("mine", 0, 0))
os.unlink("mine")
"""

FILE_CAPABILITIES = """
import shutil
shutil.copy("/bin/true", "mine")
all_of_them = (0x02000000).to_bytes(4, "little") + bytes.fromhex("ffffffff00000000ffffffff00000000")
refused("a file with capabilities", lambda: os.setxattr("mine", "security.capability", all_of_them))
os.unlink("mine")
"""

CHROOT = 'refused("another root folder", lambda: apart(lambda: os.chroot(os.getcwd())))\n'

GROUPS = 'refused("other groups", lambda: apart(lambda: os.setgroups([0, 1])))\n'

HOST_NAME = """
name = socket.gethostname().encode()
refused("setting the host's name to what it is", lambda: library("sethostname", name, len(name)))
"""

OTHERS_FILES = """
about = os.stat("/usr/bin/env")
refused("a file of root's, its rights", lambda: os.chmod("/usr/bin/env", stat.S_IMODE(about.st_mode)))
refused("a file of root's, its date", lambda: os.utime("/usr/bin/env", ns=(about.st_atime_ns, about.st_mtime_ns)))
"""

CHECKS = (
    _check("not-root", promise="A program is not root.", program=NOT_ROOT),
    _check("no-new-privileges", promise="No installed program gives more rights.", program=NO_NEW_PRIVILEGES),
    _check("capabilities", promise="A program has no capability, and can gain none.", program=CAPABILITIES),
    _check("seccomp-filter", promise="System calls are filtered.", program=SECCOMP),
    _check(
        "setuid-programs",
        promise="Programs such as `su` and `sudo` do not make the user root.",
        program=SETUID_PROGRAMS,
    ),
    _check("setuid-file", promise="No file can be given to root.", program=SETUID_FILE),
    _check("file-capabilities", promise="No file can be given capabilities.", program=FILE_CAPABILITIES),
    _check("chroot", promise="A program cannot have another root folder.", program=CHROOT),
    _check("groups", promise="A program cannot join groups.", program=GROUPS),
    _check("set-host-name", promise="A program cannot name its machine.", program=HOST_NAME),
    _check("files-of-others", promise="A program cannot change root's files.", program=OTHERS_FILES),
)
