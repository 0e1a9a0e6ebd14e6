"""A session on disk is complete when it is reopened, however the process that stored it ended."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gedanken.agents.session import Session, Turn
from gedanken.agents.session_file import SessionFile
from gedanken.experiment.errors import BadInput

CONDITIONS = {"model": "embedded", "persona": "matched", "base_url": "none"}
LS = Turn("ls", "train.py\n")

hostile_texts = st.text(st.characters() | st.sampled_from('\x00\n\r\x1b\u2028\x85\ud800\udc00"\\'), max_size=8)
session_steps = st.lists(
    st.tuples(st.just("add"), hostile_texts, hostile_texts)
    | st.tuples(st.sampled_from(["without_context", "with_full_context"]))
    | st.tuples(st.just("with_answered_requests"), hostile_texts),
    max_size=8,
)


def sessions_after_steps(taken_steps: Iterable[tuple[str, ...]]) -> list[Session]:
    """The session before the first step and after each step."""
    session, sessions = Session(), [Session()]
    for name, *texts in taken_steps:
        session = session.add(Turn(*texts)) if name == "add" else getattr(session, name)(*texts)
        sessions.append(session)
    return sessions


def reopen_session(path: Path) -> Session:
    """Read the session as another process would find it."""
    with closing(SessionFile.open(path, CONDITIONS)) as file:
        return file.session


@given(session_steps, st.data())
def test_what_was_kept_is_reopened_and_of_a_cut_file_an_earlier_state(
    taken: list[tuple[str, ...]], data: st.DataObject
) -> None:
    sessions = sessions_after_steps(taken)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.jsonl"
        with closing(SessionFile.open(path, CONDITIONS)) as file:
            for session in sessions:
                file.append(session)
        assert reopen_session(path) == sessions[-1]
        content = path.read_bytes()
        path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
        session_after_cut = reopen_session(path)
        assert session_after_cut in sessions
        with closing(SessionFile.open(path, CONDITIONS)) as file:
            file.append(session_after_cut.add(LS))
        assert reopen_session(path) == session_after_cut.add(LS)


@given(session_steps)
def test_it_need_not_be_kept_at_every_step(taken: list[tuple[str, ...]]) -> None:
    *_, last_session = sessions_after_steps(taken)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.jsonl"
        with closing(SessionFile.open(path, CONDITIONS)) as file:
            file.append(last_session)
        assert reopen_session(path) == last_session


def test_a_file_only_grows_and_not_at_all_where_nothing_is_new(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "session.jsonl"
    session = Session().add(LS)
    with closing(SessionFile.open(path, CONDITIONS)) as file:
        file.append(session)
        content_before = path.read_bytes()
        file.append(session)
        assert path.read_bytes() == content_before
        file.append(session.add(LS).without_context())
        assert path.read_bytes().startswith(content_before)
        with pytest.raises(ValueError, match="append-only"):
            file.append(Session())


def test_a_last_line_that_only_lacks_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    with closing(SessionFile.open(path, CONDITIONS)) as file:
        file.append(Session().add(LS))
    for _time in range(2):
        path.write_bytes(path.read_bytes().removesuffix(b"\n"))
        assert reopen_session(path) == Session().add(LS)
    assert path.read_bytes().endswith(b"\n")


def test_how_much_was_torn_is_told(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    SessionFile.open(path, CONDITIONS).close()
    path.write_bytes(path.read_bytes() + b'{"turns": [')
    with closing(SessionFile.open(path, CONDITIONS)) as file:
        assert (file.session, file.torn_bytes) == (Session(), 11)


@pytest.mark.parametrize(
    ("key", "value"),
    [("model", "openai:gpt-4.1"), ("persona", "ubuntu-18.04-4x3090"), ("base_url", "http://127.0.0.1/v1")],
)
def test_a_session_goes_on_with_its_own_model_and_persona(tmp_path: Path, key: str, value: str) -> None:
    path = tmp_path / "session.jsonl"
    SessionFile.open(path, CONDITIONS).close()
    with pytest.raises(BadInput, match=f"started with the {key} {CONDITIONS[key]}, not {value}: continue with"):
        SessionFile.open(path, {**CONDITIONS, key: value})


def test_two_processes_never_have_one_session(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    program = f"from gedanken.agents.session_file import *; SessionFile.open(Path({str(path)!r}), {CONDITIONS})"
    with closing(SessionFile.open(path, CONDITIONS)):
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert "BadInput" in result.stderr and "in use by another process" in result.stderr
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("line", [b"{}", b"[]", b"words", b'{"turns": [["ls"]]}', b'{"turns": [["ls", 1]]}', b"\xff"])
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "session.jsonl"
    with closing(SessionFile.open(path, CONDITIONS)) as file:
        file.append(Session().add(LS))
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(BadInput, match=r"session.jsonl:3: "):
        SessionFile.open(path, CONDITIONS)


@pytest.mark.parametrize("content", [b"a letter to my mother", b"line one\nline two\n", b"{", b"\x00" * 9])
def test_a_file_that_is_no_session_is_never_written_to(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "letter"
    path.write_bytes(content + b"!")
    with pytest.raises(BadInput, match="not a session"):
        SessionFile.open(path, CONDITIONS)
    assert path.read_bytes() == content + b"!"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/zero"), tmp_path / ("x" * 300)):
        with pytest.raises(BadInput):
            SessionFile.open(path, CONDITIONS)
