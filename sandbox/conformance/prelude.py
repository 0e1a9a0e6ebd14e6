"""The beginning that all Python programs of the kit share."""

PRELUDE = '''\
import ctypes, errno, os, platform, signal, socket, stat, subprocess, sys, time

NUMBERS = {  # of system calls that the C library has no name for, on x86_64 and on aarch64
    "add_key": (248, 217), "bpf": (321, 280), "clone3": (435, 435), "fsopen": (430, 430),
    "init_module": (175, 105), "io_uring_setup": (425, 425), "kexec_load": (246, 104), "open_tree": (428, 428),
    "perf_event_open": (298, 241), "process_vm_readv": (310, 270), "reboot": (169, 142), "userfaultfd": (323, 282),
}
libc = ctypes.CDLL(None, use_errno=True)

def breach(what):
    print("BREACH:", what, flush=True)

def held(why):
    print("held:", why, flush=True)

def refused(what, call, passed=()):
    """Try something; errors in `passed` show that the call was allowed, so they are breaches too."""
    try:
        call()
    except OSError as error:
        (breach if error.errno in passed else held)(f"{what}: {error.strerror or error}")
    else:
        breach(what)

def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def wide(arguments):
    return [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]

def library(name, *arguments):
    return checked(getattr(libc, name)(*wide(arguments)))

def kernel(name, *arguments):
    number = NUMBERS[name][platform.machine() == "aarch64"]
    return checked(libc.syscall(ctypes.c_long(number), *wide(arguments)))

def apart(call):
    """Call it in a child, so that what it changes ends with that child; raise what it raised."""
    pid = os.fork()
    if pid == 0:
        try:
            call()
        except OSError as error:
            os._exit(error.errno)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        raise OSError(abs(code), os.strerror(code) if code > 0 else f"killed by signal {-code}")

def opened(path, flags=os.O_WRONLY):
    os.close(os.open(path, flags | os.O_NONBLOCK))

def processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]

def status(field):
    for line in open("/proc/self/status"):
        name, _, value = line.partition(":")
        if name == field:
            return value.strip()

'''
