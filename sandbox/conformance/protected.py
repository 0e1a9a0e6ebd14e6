"""Checks of the sandbox's own parts: its data, its hook, its scripts, and the terminal's saved state."""

from functools import partial

from gedanken.experiment.execution import Cause, Execution, RealMachine
from gedanken.sandbox.conformance.canary import Canaries
from gedanken.sandbox.conformance.check import (
    SMALL,
    Check,
    Trial,
    Verdict,
    ending,
    refused,
    still_usable,
    then_prints,
    type_command,
)

_check = partial(Check, group="protected")
_MANY_FILES = SMALL.model_copy(update={"workspace_files": 20_000})
# A hanging next command must be noticed within the kit's time limit.
_SHORT_LIMITS = SMALL.model_copy(update={"wall_seconds": 5.0})
_SET_MEMORY = "memory=${GEDANKEN_SESSION:-/run/session}; "
_BRANCH_SEED = 3

DATA = """
folder = os.environ.get("GEDANKEN_DATA", "/data")
files = [f"{where}/{name}" for where, _folders, names in os.walk(folder) for name in names]
def make():
    opened(f"{folder}/gedanken-probe", os.O_WRONLY | os.O_CREAT)
    os.unlink(f"{folder}/gedanken-probe")
if files:
    refused("changing the data set", lambda: opened(files[0]))
    refused("adding to the data set", make)
    refused("changing its rights", lambda: os.chmod(files[0], stat.S_IMODE(os.stat(files[0]).st_mode)))
"""

HOOK = """
import gedanken_hook
path = os.path.realpath(gedanken_hook.__file__)
def make():
    opened(f"{os.path.dirname(path)}/probe.py", os.O_WRONLY | os.O_CREAT)
    os.unlink(f"{os.path.dirname(path)}/probe.py")
refused("changing the hook", lambda: opened(path))
refused("putting a module beside the hook", make)
refused("changing the hook's rights", lambda: os.chmod(path, 0o644))
"""

SCRIPTS = """
import gedanken_hook, site
beside = os.path.dirname(os.path.dirname(os.path.realpath(gedanken_hook.__file__)))
paths = [f"{beside}/{name}" for name in ("first.sh", "session.sh")]
for folder in site.getsitepackages():
    paths += [f"{folder}/gedanken.pth"]
for path in filter(os.path.exists, paths):
    refused(f"changing {path}", lambda: opened(path))
    refused(f"removing {path}", lambda: os.rename(path, path + ".away"))
    os.path.exists(path + ".away") and os.rename(path + ".away", path)
"""

GARBAGE = _SET_MEMORY + (
    "for name in directory variables; do"
    " printf 'touch /tmp/owned; $(touch /tmp/owned)\\n\\0BASH_ENV=/tmp/x\\0=\\0\\377\\0(((' > $memory/$name; done;"
    " echo 'touch /tmp/owned' > /tmp/x; kill -9 $$"
)
PIPES = _SET_MEMORY + (
    "for name in directory variables oom_kills explicit_seeds; do"
    " rm -rf $memory/$name $memory/$name.new; mkfifo $memory/$name $memory/$name.new; done; kill -9 $$"
)
FOLDERS = _SET_MEMORY + (
    "for name in directory variables oom_kills explicit_seeds; do"
    " rm -rf $memory/$name; mkdir -p $memory/$name/x; done; kill -9 $$"
)
LINKS = _SET_MEMORY + (
    "secret=$(echo @FILES@ | cut -d: -f1); for name in directory variables oom_kills explicit_seeds; do"
    " rm -rf $memory/$name; ln -s $secret $memory/$name; done; ln -s $secret ~/written; echo laid"
)

FORGED_END = _SET_MEMORY + "echo 7 > $memory/oom_kills; kill -9 $$"

DEEP = """
for _ in range(1500):
    os.mkdir("d")
    os.chdir("d")
"""

MANY = """
os.makedirs("many", exist_ok=True)
for number in range(10_000):
    open(f"many/{number}", "w").close()
"""


async def _write_and_reseed(machine: RealMachine, canaries: Canaries) -> Execution:
    """Let the host write to a path and read from a path at which a program has put links. Return an execution that
    shows whether the host followed the links.
    """
    times_before = [path.stat().st_mtime_ns for path in canaries.files]
    machine.write("written", "from outside\n")
    async with machine.branch(_BRANCH_SEED, reseed=True) as branch:
        execution = await branch.run("true")
    if canaries.is_in(execution) or [path.stat().st_mtime_ns for path in canaries.files] != times_before:
        return execution
    return await machine.run("cat ~/written")


def is_reported_as_killed(trial: Trial) -> Verdict:
    """Pass if a killed program that claims to have run out of memory is reported as killed."""
    return Verdict(trial.execution.cause is Cause.KILLED, ending(trial.execution))


def state_is_not_executed(trial: Trial) -> Verdict:
    """Pass if the next command ran, and the text that the program had put into the terminal's saved state was not
    executed.
    """
    if trial.after is None or "well" not in trial.after.stdout.splitlines():
        return Verdict(
            False, f"the next command did not work: {ending(trial.after) if trial.after else 'it was not run'}"
        )
    if "owned" in trial.after.stdout:
        return Verdict(False, "the terminal's saved state was executed")
    return Verdict(True, "the saved state was read as data, not executed")


CHECKS = (
    _check("data-set", promise="The data set cannot be changed.", program=DATA, judge=refused),
    _check("seed-hook", promise="The start-up hook cannot be changed.", program=HOOK, judge=refused),
    _check(
        "scripts", promise="The scripts that start every command cannot be changed.", program=SCRIPTS, judge=refused
    ),
    _check(
        "poisoned-memory",
        promise="Garbage in the terminal's saved state is not executed, and the next command runs.",
        program=GARBAGE,
        language="bash",
        judge=state_is_not_executed,
        limits=_SHORT_LIMITS,
        needs_own_machine=True,
        sequel=type_command("echo well; ls /tmp"),
    ),
    *(
        _check(
            f"{kind}-for-memory",
            promise=f"If {kind} replace the terminal's saved state, the next command still runs.",
            program=program,
            language="bash",
            judge=then_prints("well\n"),
            limits=_SHORT_LIMITS,
            needs_own_machine=True,
            sequel=type_command("echo well"),
        )
        for kind, program in (("pipes", PIPES), ("folders", FOLDERS))
    ),
    _check(
        "links-for-memory",
        promise="The host neither reads nor writes the targets of links that a program left.",
        program=LINKS,
        language="bash",
        judge=then_prints("from outside\n"),
        limits=_SHORT_LIMITS,
        needs_own_machine=True,
        sequel=_write_and_reseed,
    ),
    _check(
        "forged-end",
        promise="A program cannot pretend that it was killed because memory ran out.",
        program=FORGED_END,
        language="bash",
        judge=is_reported_as_killed,
        needs_own_machine=True,
    ),
    _check(
        "deep-folders",
        promise="Folders nested 1,500 deep hinder neither the next command nor the deletion of the workspace.",
        program=DEEP,
        judge=still_usable(lambda trial: Verdict(trial.execution.exit_code == 0, ending(trial.execution))),
        needs_own_machine=True,
        harmless=True,
        sequel=type_command("[ -d ~/d/d/d ] && echo well"),
    ),
    _check(
        "ten-thousand-files",
        promise="10,000 files are no problem.",
        program=MANY,
        judge=then_prints("10000\n"),
        limits=_MANY_FILES,
        needs_own_machine=True,
        harmless=True,
        sequel=type_command("ls ~/many | wc -l"),
    ),
)
