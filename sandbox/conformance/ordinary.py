"""Checks that ordinary features of a terminal and of Python work, however strict the isolation is."""

import time
from functools import partial

from gedanken.experiment.execution import Cause, Execution, RealMachine
from gedanken.sandbox.conformance.canary import Canaries
from gedanken.sandbox.conformance.check import (
    Check,
    Trial,
    Verdict,
    ending,
    printed,
    prints,
    then_prints,
    type_command,
)

_bash = partial(Check, group="ordinary", language="bash", harmless=True)
_python = partial(Check, group="ordinary", harmless=True)
_LONG_CHARACTERS = 100_000
_CLOCK_SECONDS = 300
_IN_FOLDER = "rm -rf ~/work; mkdir ~/work; cd ~/work; "

REDIRECTIONS = (
    _IN_FOLDER + "echo one > f; echo two >> f; cat < f; ls nothing 2> errors; wc -l < errors;"
    " { echo out; echo err >&2; } > both 2>&1; sort both; cd"
)
HERE_DOCUMENT = "name=world\ncat <<END\nhello $name\nEND\ncat <<'END'\nhello $name\nEND\ncat <<< line"
GLOBS = _IN_FOLDER + "touch a1 a2 b1 .hidden; echo a? *1 [!a]* {x,y}z; cd"

PYTHON_THREADS = """
import threading
total = []
threads = [threading.Thread(target=total.append, args=(number,)) for number in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(sorted(total))
"""

MULTIPROCESSING = """
import multiprocessing
def square(number):
    return number * number
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        print(pool.map(square, range(5)))
    queue = multiprocessing.Queue()
    worker = multiprocessing.Process(target=queue.put, args=("through a queue",))
    worker.start()
    print(queue.get(timeout=10))
    worker.join()
"""

SUBPROCESS = """
done = subprocess.run(["sort", "-r"], input="a\\nb\\n", capture_output=True, text=True, check=True)
print(done.stdout.split(), subprocess.run("exit 3", shell=True).returncode)
"""

TEMPORARY = """
import tempfile
with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile() as file:
    open(os.path.join(folder, "x"), "w").write("kept")
    print(open(os.path.join(folder, "x")).read(), os.path.exists(file.name))
"""

INTERRUPT = """
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
    print("nothing happened")
except KeyboardInterrupt:
    print("interrupted")
"""

LOCAL_SOCKETS = """
import threading
server = socket.create_server(("127.0.0.1", 0))
def answer():
    connection = server.accept()[0]
    connection.sendall(connection.recv(10).upper())
    connection.close()
threading.Thread(target=answer, daemon=True).start()
with socket.create_connection(server.getsockname(), 5) as client:
    client.sendall(b"hello")
    print(client.recv(10))
left, right = socket.socketpair()
left.sendall(b"pair")
print(right.recv(4))
"""

LINKS = """
import shutil
shutil.rmtree("linked", ignore_errors=True)
os.makedirs("linked/real")
os.symlink("real", "linked/alias")
open("linked/alias/file", "w").write("through the link")
print(open("linked/real/file").read(), os.readlink("linked/alias"))
shutil.rmtree("linked")
"""

LARGE_FILE = """
with open("large", "wb") as file:
    for _ in range(@file_mib@ - 1):
        file.write(b"x" * (1 << 20))
print(os.path.getsize("large") == (@file_mib@ - 1) << 20)
os.unlink("large")
"""

LOCKS = """
import fcntl, mmap, sqlite3
with open("locked", "w+b") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    file.truncate(4096)
    with mmap.mmap(file.fileno(), 4096) as mapped:
        mapped[:5] = b"bytes"
with sqlite3.connect("table.db") as table:
    table.execute("create table if not exists t (x)")
    print(open("locked", "rb").read(5), table.execute("select count(*) from t").fetchone())
for name in ("locked", "table.db"):
    os.unlink(name)
"""


async def _long_command(machine: RealMachine, _canaries: Canaries) -> Execution:
    return await machine.run(f"echo {'x' * _LONG_CHARACTERS} | wc -c")


def reports_identity(trial: Trial) -> Verdict:
    """Pass if five lines were printed: host name, user name, user id, home and current folder."""
    lines = [line for line in trial.execution.stdout.splitlines() if line.strip()]
    held = trial.execution.cause is Cause.FINISHED and len(lines) == 5
    return Verdict(held, ", ".join(lines) if held else ending(trial.execution))


def reports_time(trial: Trial) -> Verdict:
    """Pass if the machine's clock differs from the host's by less than five minutes."""
    words = trial.execution.stdout.split()
    if not words or not words[0].isdigit():
        return Verdict(False, ending(trial.execution))
    difference = abs(time.time() - int(words[0]))
    return Verdict(difference < _CLOCK_SECONDS, f"{difference:.0f} s off")


def separates_streams(trial: Trial) -> Verdict:
    """Pass if `stdout` is exactly `out`, and `terminal` contains `err`.

    The program prints `err` to stderr.
    """
    execution = trial.execution
    if "err" not in execution.terminal.split():
        return Verdict(False, "the error stream was lost")
    return printed(execution, "out\n")


CHECKS = (
    _bash(
        "directory-lasts",
        promise="The current directory persists after `cd`.",
        program="mkdir -p ~/deep/er && cd ~/deep/er",
        judge=then_prints("/deep/er\n"),
        sequel=type_command('echo "${PWD#"$HOME"}"; cd'),
    ),
    _bash(
        "variables-last",
        promise="Variables persist, exported or not, whatever their values.",
        program="export COLOUR=$'deep \"blue\"\\n$(sea)'; own='a  b'",
        judge=then_prints('deep "blue"\n$(sea)\nnot exported: a  b\n'),
        sequel=type_command('printenv COLOUR; printenv own || echo "not exported: $own"; unset COLOUR own'),
    ),
    _bash(
        "status-lasts",
        promise="The exit status persists.",
        program="exit 7",
        judge=then_prints("7\n"),
        sequel=type_command("echo $?"),
    ),
    _bash(
        "errors-name-bash",
        promise="Error messages of the shell begin with `bash`, as at a terminal, not with the name of "
        "a script of gedanken.",
        program="cd /nowhere 2>&1 | grep -c gedanken; echo $0",
        judge=prints("0\nbash\n"),
    ),
    _bash(
        "files-last",
        promise="Files persist.",
        program="echo hello > ~/note",
        judge=then_prints("hello\n"),
        sequel=type_command("cat ~/note"),
    ),
    _bash(
        "tmp-lasts",
        promise="Temporary files persist.",
        program="echo hello > ${TMPDIR:-/tmp}/note",
        judge=then_prints("hello\n"),
        sequel=type_command("cat ${TMPDIR:-/tmp}/note"),
    ),
    _bash("pipes", promise="Pipes work.", program="printf 'b\\na\\n' | sort | head -n 1", judge=prints("a\n")),
    _bash(
        "redirections", promise="Redirections work.", program=REDIRECTIONS, judge=prints("one\ntwo\n1\nerr\nout\n")
    ),
    _bash(
        "and-or",
        promise="`&&`, `||` and `$?` work.",
        program="true && echo yes; false && echo wrong; false || echo no; false; echo $?",
        judge=prints("yes\nno\n1\n"),
    ),
    _bash(
        "subshells",
        promise="Subshells and substitution work.",
        program="x=1; (x=2; echo $x); echo $x $(echo in $((6 * 7)))",
        judge=prints("2\n1 in 42\n"),
    ),
    _bash(
        "here-documents",
        promise="Here documents work.",
        program=HERE_DOCUMENT,
        judge=prints("hello world\nhello $name\nline\n"),
    ),
    _bash("globs", promise="Globs and braces are expanded.", program=GLOBS, judge=prints("a1 a2 a1 b1 b1 xz yz\n")),
    _bash(
        "pipe-status",
        promise="The exit codes of all parts of a pipe are known.",
        program="false | true; echo ${PIPESTATUS[*]}; (set -o pipefail; false | true; echo $?)",
        judge=prints("1 0\n1\n"),
    ),
    _bash(
        "jobs",
        promise="A background job can be waited for.",
        program="(sleep 0.2; echo done) & wait $!; echo $?",
        judge=prints("done\n0\n"),
    ),
    _bash(
        "streams-apart",
        promise="Both streams are stored and can be distinguished.",
        program="echo out; echo err >&2",
        judge=separates_streams,
    ),
    _bash(
        "unicode",
        promise="Commands and output may contain text of any script.",
        program="x='größer ≤ 日本 🙂'; echo \"$x\"; python3 -c 'import sys; print(sys.argv[1])' \"$x\"",
        judge=prints("größer ≤ 日本 🙂\n" * 2),
    ),
    _bash("empty-stdin", promise="Standard input is empty.", program="cat; echo $?", judge=prints("0\n")),
    _bash(
        "who-and-where",
        promise="The machine reports its name, its user and the current folder.",
        program="cd; hostname; whoami; id -u; echo $HOME; pwd",
        judge=reports_identity,
    ),
    _bash("date", promise="The clock shows the time.", program="date +%s", judge=reports_time),
    _bash(
        "long-command",
        promise="A command may be 100 kB long.",
        program="true",
        judge=then_prints(f"{_LONG_CHARACTERS + 1}\n"),
        sequel=_long_command,
    ),
    _python("threads", promise="Threads work.", program=PYTHON_THREADS, judge=prints("[0, 1, 2, 3, 4, 5, 6, 7]\n")),
    _python(
        "multiprocessing",
        promise="multiprocessing works.",
        program=MULTIPROCESSING,
        judge=prints("[0, 1, 4, 9, 16]\nthrough a queue\n"),
    ),
    _python("subprocesses", promise="Programs can run programs.", program=SUBPROCESS, judge=prints("['b', 'a'] 3\n")),
    _python("temporary-files", promise="Temporary files work.", program=TEMPORARY, judge=prints("kept True\n")),
    _python("interrupt", promise="An interrupt can be caught.", program=INTERRUPT, judge=prints("interrupted\n")),
    _python(
        "local-sockets",
        promise="A program can talk to itself through sockets.",
        program=LOCAL_SOCKETS,
        judge=prints("b'HELLO'\nb'pair'\n"),
    ),
    _python(
        "links", promise="Links inside the home folder work.", program=LINKS, judge=prints("through the link real\n")
    ),
    _python(
        "files-up-to-the-limit",
        promise="Files may be as large as the limit.",
        program=LARGE_FILE,
        judge=prints("True\n"),
    ),
    _python(
        "locks-and-maps",
        promise="File locks, memory maps and SQLite work.",
        program=LOCKS,
        judge=prints("b'bytes' (0,)\n"),
    ),
)
