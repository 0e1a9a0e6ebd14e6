"""`gedanken shell` in a pseudo-terminal: the keys that a person presses, and the screen."""

import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pexpect
import pyte
import pytest

HOSTILE = (
    "\x1b]52;c;aGFja2Vk\x07"  # sets the clipboard
    "\x1b]0;owned\x07"  # sets the title
    "\x1b[2J\x1b[H"  # clears the screen
    "\x1b[8m"  # hides what follows
    "harm\u202eless\x9b2J\n"  # turns the direction round
)
REPLIES: list[dict[str, Any]] = [
    {"when": "hostile", "samples": [HOSTILE]},
    {"when": "dies", "samples": ["one token\n"], "dies": True},
    {"when": "endless", "samples": ["on and on\n"], "endless": True},
    {"when": "pwd", "samples": ["/home/user\n"]},
    {"when": "echo", "samples": ["same\nimagined only\n"]},
    {"when": "{Do not show it.}\n{Be\nquick.}\nls", "samples": ["told both\n"]},
]


_INHERITED = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
"""The environment variables, without those for the size of the terminal, which parallel test processes set."""


class _AnsweringScreen(pyte.Screen):
    """A terminal that also answers queries, for example for the position of the cursor."""

    answer: Callable[[str], object]

    def write_process_input(self, data: str) -> None:
        self.answer(data)


class ShellTerminal:
    """A shell in a pseudo-terminal with a certain number of columns."""

    def __init__(self, folder: Path, options: list[str], columns: int, environment: dict[str, str]) -> None:
        self.child: pexpect.spawn[bytes] = pexpect.spawn(
            sys.executable,
            ["-m", "gedanken", "shell", *options],
            dimensions=(50, columns),
            cwd=str(folder),
            env={**_INHERITED, "GEDANKEN_STATE": str(folder / "state"), "TERM": "xterm-256color", **environment},
            timeout=60,
        )
        self.screen = _AnsweringScreen(columns, 50)
        self.screen.answer = self.child.send
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""

    @property
    def shown(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def see(self, pattern: str, seconds: float = 60) -> None:
        """Read output until the screen matches `pattern`; fail after `seconds`."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.shown, re.MULTILINE):
            assert time.monotonic() < deadline, f"{pattern!r} does not come:\n{self.shown}"
            try:
                piece = self.child.read_nonblocking(1 << 16, timeout=0.2)
            except pexpect.TIMEOUT:
                continue
            self.raw += piece
            self._stream.feed(piece)

    def type(self, line: str, pattern: str) -> None:
        """Type a line, and wait until the screen shows a match of `pattern` and the next prompt."""
        self.child.send(f"{line}\r")
        self.see(rf"(?s){pattern}.*^\w+\$$")

    def leave(self) -> int:
        """Press Ctrl-D, and return the exit code."""
        self.child.sendeof()
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus is not None
        return int(self.child.exitstatus)


OpenShell = Callable[..., ShellTerminal]


@pytest.fixture
def open_terminal(tmp_path: Path, scripted: Callable[..., str]) -> Iterator[OpenShell]:
    """A function that opens a shell with a scripted model, or with the model that the options name."""
    model = scripted(REPLIES)
    terminals: list[ShellTerminal] = []

    def open_shell(*options: str, columns: int = 80, **environment: str) -> ShellTerminal:
        model_options = options if "--model" in options else ("--model", model, *options)
        terminals.append(ShellTerminal(tmp_path, list(model_options), columns, environment))
        terminals[-1].see(r"^\w+\$$")
        return terminals[-1]

    yield open_shell
    for terminal in terminals:
        terminal.child.close(force=True)


def test_a_reply_changes_neither_clipboard_nor_title_nor_screen(open_terminal: OpenShell) -> None:
    terminal = open_terminal()
    terminal.type("pwd", "/home/user")
    terminal.type("hostile", "harm")
    assert "pwd\n/home/user\nimagined$ hostile\n" in terminal.shown
    assert r"\x1b]52;c;aGFja2Vk\x07\x1b]0;owned\x07\x1b[2J\x1b[H\x1b[8mharm\x202eless\x9b2J" in terminal.shown
    assert terminal.screen.title == ""
    assert b"\x1b]" not in terminal.raw and b"\x1b[2J" not in terminal.raw and b"\x1b[8m" not in terminal.raw
    assert terminal.leave() == 0


def test_a_model_that_dies_ends_the_command_and_not_the_shell(open_terminal: OpenShell) -> None:
    terminal = open_terminal()
    terminal.type("dies", "one token\ngedanken: scripted:.*the connection was broken")
    terminal.type("pwd", "/home/user")
    assert terminal.leave() == 0


def test_a_reply_without_end_is_cut_and_marked_so(open_terminal: OpenShell) -> None:
    terminal = open_terminal("--limit", "reply_tokens=16", "--limit", "continuations=0")
    terminal.type("endless", r"\(exit code unknown; the reply was cut at")
    terminal.type("pwd", "/home/user")


class _EndlessHandler(BaseHTTPRequestHandler):
    """A server with OpenAI's protocol that sends one word after the other until the client closes the connection."""

    hung_up = threading.Event()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        delta = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "on\n"}}]}
        try:
            while True:
                self.wfile.write(f"data: {json.dumps(delta)}\n\n".encode())
                time.sleep(0.02)
        except OSError:
            self.hung_up.set()

    def log_message(self, *_arguments: object) -> None:
        pass


def test_ctrl_c_hangs_up_on_a_model_that_never_stops_and_the_shell_goes_on(open_terminal: OpenShell) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _EndlessHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/v1"
        terminal = open_terminal("--model", "openai:endless", "--base-url", address)
        terminal.child.send("{Go on.}\rls\r")
        terminal.see("^on\non\non$")
        terminal.child.sendintr()
        terminal.see(r"^on\n\^C\n\(stopped\)\nimagined\$$")
        assert _EndlessHandler.hung_up.wait(10)
        terminal.type(":machine", r"commands go to: imagined \(openai:endless\)")
        server.shutdown()


def test_tells_wait_for_the_next_command_and_ctrl_c_takes_them_back(open_terminal: OpenShell) -> None:
    terminal = open_terminal()
    terminal.type("{Do not show it.}", "goes to the imagined machine with its next command")
    terminal.child.send("{Be\r")
    terminal.see("^>$")
    terminal.type("quick.}", "goes to the imagined machine with its next command")
    terminal.type("ls", "told both")
    terminal.type("{Be quick.}", "goes to")
    terminal.child.send("half a line")
    terminal.see("half a line$")
    terminal.child.sendintr()
    terminal.see(r"^\(the text in braces is dropped\)\nimagined\$$")
    assert terminal.leave() == 0


def test_colon_commands_complete_and_earlier_lines_come_back_in_the_next_shell(open_terminal: OpenShell) -> None:
    terminal = open_terminal()
    terminal.child.send(":per\t")
    terminal.see(r"^imagined\$ :persona$")
    terminal.child.send(" mat\t")
    terminal.see(r"^imagined\$ :persona matched$")
    terminal.type("", "persona matched")
    assert terminal.leave() == 0
    terminal = open_terminal()
    terminal.child.send("\x1b[A")
    terminal.see(r"^imagined\$ :persona matched$")


def test_without_colour_nothing_is_coloured(open_terminal: OpenShell) -> None:
    colour_code = re.compile(rb"\x1b\[[0-9;]*(?:3[0-7]|9[0-7]|38)[;m]")
    terminal = open_terminal(NO_COLOR="1")
    terminal.type(":persona", "claimed")
    terminal.type(":nothing", "there is no :nothing")
    assert not colour_code.search(terminal.raw)


@pytest.mark.docker
def test_two_answers_stand_side_by_side_where_there_is_room(open_terminal: OpenShell) -> None:
    terminal = open_terminal("--machine", "both", columns=120)
    terminal.type("echo same", r"^same {55}│ same\n {59}> imagined only$")
    assert re.search(r"^real \(docker\) +│ imagined \(scripted:replies.yaml\)$", terminal.shown, re.MULTILINE)


@pytest.mark.docker
def test_where_there_is_no_room_they_stand_one_above_the_other(open_terminal: OpenShell) -> None:
    terminal = open_terminal("--machine", "both", columns=99)
    terminal.type("echo same", r"^real \(docker\):\n  same\nimagined .*:\n  same\n≠ imagined only$")
    terminal.type(":diff", r"^ same\n\+imagined only$")


@pytest.mark.docker
def test_ctrl_c_stops_what_runs_on_both_machines_and_leaves_both_usable(open_terminal: OpenShell) -> None:
    terminal = open_terminal("--machine", "both", columns=120)
    terminal.type("echo same > kept", "imagined only")
    terminal.child.send("sleep 61\r")
    terminal.see(r"^real: \d+ s, 0 lines │ imagined: done in 0 s, 0 tokens   Ctrl-C stops$")
    terminal.child.sendintr()
    terminal.see(r"(?s)sleep 61\n[\n^C]*imagined .*:\n  \(no output\)\n\(stopped\)\nboth\$$", seconds=30)
    terminal.type("cat kept; echo same", r"same +│ same")
    assert terminal.leave() == 0


@pytest.mark.docker
def test_what_one_machine_had_answered_before_ctrl_c_is_kept_and_shown(
    open_terminal: OpenShell, tmp_path: Path
) -> None:
    terminal = open_terminal("--machine", "both", "--session", "mine", columns=99)
    terminal.child.send("sleep 61; echo same\r")
    terminal.see(r"imagined: done in 0 s")
    terminal.child.sendintr()
    terminal.see(r"(?s)imagined .*:\n  same\n  imagined only\n\(stopped\)\nboth\$$", seconds=30)
    terminal.type(":diff", "was not typed into both machines")
    terminal.type(":save here.md", "saved in here.md")
    saved = (tmp_path / "here.md").read_text()
    assert "imagined only" in saved and "Stopped before all machines had answered." in saved
    stored_lines = (tmp_path / "state" / "sessions" / "mine.jsonl").read_text().splitlines()
    assert json.loads(stored_lines[-1])["turns"] == [["sleep 61; echo same", "same\nimagined only\n"]]


@pytest.mark.docker
def test_ctrl_c_is_heard_while_a_flood_is_shown(open_terminal: OpenShell) -> None:
    terminal = open_terminal("--machine", "both", columns=99)
    terminal.child.send("seq 150000\r")
    terminal.see(r"^≠ \d+$")
    terminal.child.sendintr()
    terminal.see(r"\(stopped\)\nboth\$$", seconds=10)
    assert terminal.leave() == 130


def test_a_name_with_blanks_completes_to_itself(open_terminal: OpenShell, tmp_path: Path) -> None:
    (tmp_path / "my file.txt").touch()
    (tmp_path / "my file\necho INJECTED").touch()
    terminal = open_terminal()
    terminal.child.send(":put my f\t")
    terminal.see(r"^imagined\$ :put my file\.txt$")
