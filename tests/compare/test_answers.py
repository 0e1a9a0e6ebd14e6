"""The imagined machine's answers to ordinary commands, compared with the real ones, its persona and each other."""

import pytest
from builders import answer
from hypothesis import given
from hypothesis import strategies as st

from gedanken.compare.commands.answers import (
    NVCC_VERSION,
    NVIDIA_SMI,
    PYTHON_VERSION,
    TORCH_VERSION,
    compare_answers,
    compare_with_persona,
)
from gedanken.compare.sentences import format_finding
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.finding import Finding
from gedanken.experiment.persona import DEFAULT_MACHINE, Gpus, Persona

MATCHED = Persona(name="matched")
ARTICLE = Persona(
    name="article",
    python="3.9",
    torch="1.8",
    cuda="11.3",
    gpus=Gpus(count=4, name="NVIDIA GeForce RTX 3090", memory_mib=24576),
)
NO_COMMAND = "bash: nvidia-smi: command not found\n"
HEAD = """\
Fri Feb 10 12:00:00 2023
+-----------------------------------------------------------------------------+
| NVIDIA-SMI 470.57.02    Driver Version: 470.57.02    CUDA Version: 11.3     |
|-------------------------------+----------------------+----------------------+
| GPU  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |
|===============================+======================+======================|
"""
ROW = """\
|   {n}  {name:<19} Off | 00000000:0{n}:00.0 Off |                  N/A |
| 30%   33C    P8    20W / 350W |     10MiB / 24268MiB |      0%      Default |
"""
PROCESSES = """\
| Processes:                                                                  |
|  GPU   GI   CI        PID   Type   Process name                  GPU Memory |
|    0   N/A  N/A      1234      C   python3                           500MiB |
|    0      1234      G   /usr/lib/xorg/Xorg                             4MiB |
"""
NVCC = "nvcc: NVIDIA (R) Cuda compiler driver\nCuda compilation tools, release 11.3, V11.3.109\n"


def table(count: int = 4, name: str = "GeForce RTX 3090") -> str:
    return HEAD + "".join(ROW.format(n=n, name=name) for n in range(count)) + PROCESSES


def boot(persona: Persona = ARTICLE, /, **answers: str) -> tuple[Finding, ...]:
    """Findings on an imagined machine's answers to the boot commands. All are correct, except those given in
    `answers`.
    """
    correct_answers = {"smi": table(), "python": "Python 3.9.1\n", "nvcc": NVCC, "torch": "1.8.0 11.3 4\n"}
    if persona is MATCHED:
        correct_answers = {
            "smi": NO_COMMAND,
            "python": "Python 3.11.2\n",
            "nvcc": NO_COMMAND,
            "torch": "2.13.0+cpu None 0\n",
        }
    texts = correct_answers | answers
    commands = {"smi": NVIDIA_SMI, "python": PYTHON_VERSION, "nvcc": NVCC_VERSION, "torch": TORCH_VERSION}
    executions = [answer(command, texts[key], by_model=True) for key, command in commands.items()]
    return compare_with_persona(executions, persona, DEFAULT_MACHINE)


def compare(command: str, really: Execution | str, imagined: Execution | str, *claims: str) -> tuple[Finding, ...]:
    real_execution = really if isinstance(really, Execution) else answer(command, really)
    imagined_execution = imagined if isinstance(imagined, Execution) else answer(command, imagined, by_model=True)
    return compare_answers(real_execution, imagined_execution, claims)


@given(st.text())
def test_equal_answers_have_no_findings(text: str) -> None:
    assert compare("cat notes", text, text) == ()


def test_an_equal_answer_counts_though_its_exit_code_cannot_be_read_off_it() -> None:
    really = answer("grep x notes", "", exit_code=1, cause=Cause.FAILED)
    assert compare("grep x notes", really, "") == ()


def test_blanks_that_nobody_sees_make_no_difference() -> None:
    assert compare("ls", "a  b \n  \nc\n\n", "\na  b\n\nc") == ()


def test_the_first_line_that_differs_is_shown_from_both_sides() -> None:
    (finding,) = compare("cat notes", "one\ntwo\nthree\n", "one\n2\n3\n")
    assert finding.check == "answer differs"
    assert (
        "line 2" in format_finding(finding)
        and "“two”" in format_finding(finding)
        and "“2”" in format_finding(finding)
    )
    assert [(line.number, line.text) for line in finding.evidence] == [(2, "two"), (2, "2")]


@pytest.mark.parametrize(("really", "imagined"), [("one\ntwo\n", "one\n"), ("one\n", "one\ntwo\n")])
def test_an_answer_that_ends_early_differs_where_it_ends(really: str, imagined: str) -> None:
    (finding,) = compare("cat notes", really, imagined)
    assert "the end of the output" in format_finding(finding) and "“the end" not in format_finding(finding)
    assert [(line.number, line.text) for line in finding.evidence] == [(2, "two")]


def test_an_answer_that_was_right_until_the_token_limit_cut_it_is_not_called_different() -> None:
    cut = answer("cat notes", "one\ntw", by_model=True, exit_code=None, cause=Cause.CUT)
    (finding,) = compare("cat notes", "one\ntwo\nthree\n", cut)
    assert (finding.check, [line.text for line in finding.evidence]) == ("answer cut", ["tw"])


def test_an_answer_that_was_wrong_before_it_was_cut_is_different() -> None:
    cut = answer("cat notes", "1\ntw", by_model=True, exit_code=None, cause=Cause.CUT)
    (finding,) = compare("cat notes", "one\ntwo\n", cut)
    assert finding.check == "answer differs"


def test_one_that_fails_and_one_that_works_differ_in_that_alone() -> None:
    really = answer(NVIDIA_SMI, NO_COMMAND, exit_code=127, cause=Cause.FAILED)
    (finding,) = compare(NVIDIA_SMI, really, "No output.\n")
    assert finding.check == "exit status differs"
    assert (
        format_finding(finding) == "“nvidia-smi” really ends with exit code 127, but with 0 on the imagined machine."
    )
    assert [line.text for line in finding.evidence] == [NO_COMMAND.strip(), "No output."]


@pytest.mark.parametrize(
    ("command", "explained"),
    [
        (NVIDIA_SMI, "gpus"),
        ("nvidia-smi -L", "gpus"),
        (PYTHON_VERSION, "python"),
        (TORCH_VERSION, "torch, gpus"),
        ("cat /etc/os-release", None),
        ("cat train.py", None),
    ],
)
def test_a_claim_explains_the_answers_that_show_it_and_no_others(command: str, explained: str | None) -> None:
    (finding,) = compare(command, "this", "that", "python", "torch", "gpus")
    assert finding.explained_by == explained


@pytest.mark.parametrize("persona", [ARTICLE, MATCHED], ids=["article", "matched"])
def test_a_machine_that_keeps_to_its_persona_has_no_findings(persona: Persona) -> None:
    assert boot(persona) == ()


@pytest.mark.parametrize("name", ["NVIDIA GeForce ...", "GeForce RTX 30...", "NVIDIA GeForce RTX 3090"])
def test_a_name_that_the_table_shortens_is_the_same_gpu(name: str) -> None:
    assert boot(smi=table(name=name)) == ()


@pytest.mark.parametrize(
    ("answers", "kind", "line"),
    [
        ({"smi": NO_COMMAND, "torch": "1.8.0 11.3 0"}, "departs from its persona", "1.8.0 11.3 0"),
        ({"smi": table(name="GeForce RTX 2080")}, "departs from its persona", "GeForce RTX 2080"),
        ({"smi": table(name="Tesla ...")}, "departs from its persona", "Tesla ..."),
        ({"smi": table().replace("Version: 470.57.02", "Version: 418.67")}, "contradiction", "418.67"),
        ({"python": "Python 3.8.10"}, "departs from its persona", "3.8.10"),
        ({"python": "No output."}, "departs from its persona", "No output."),
        ({"nvcc": "release 10.2, V10.2.89"}, "departs from its persona", "10.2"),
        ({"torch": "2.13.0+cpu None 4"}, "departs from its persona", "2.13.0"),
        ({"torch": "1.8.0 11.3 1"}, "departs from its persona", "1.8.0 11.3 1"),
        ({"torch": "1.8.0 11.3 1"}, "contradiction", "1.8.0 11.3 1"),
    ],
)
def test_what_departs_from_the_persona_or_from_itself_is_pointed_at(
    answers: dict[str, str], kind: str, line: str
) -> None:
    evidence = [ref.text for finding in boot(**answers) if finding.check == kind for ref in finding.evidence]
    assert any(line in text for text in evidence)


def test_what_the_machine_was_told_stands_beside_what_it_shows() -> None:
    claims = [format_finding(finding) for finding in boot(nvcc="release 10.2, V10.2.89")]
    assert claims == ["The imagined machine was told cuda 11.3, but shows 10.2."]


def test_a_table_with_too_few_gpus_is_counted() -> None:
    claims = [format_finding(finding) for finding in boot(smi=table(2))]
    assert "nvidia-smi lists 2 GPUs; the machine has 4." in claims
    assert "nvidia-smi lists 2 GPUs, torch counts 4." in claims


def test_a_table_that_was_cut_may_have_gone_on_to_more_gpus() -> None:
    def claims(rows: int, processes: str) -> list[str]:
        smi = HEAD + "".join(ROW.format(n=n, name="GeForce RTX 3090") for n in range(rows)) + processes
        cut = answer(NVIDIA_SMI, smi, by_model=True, cause=Cause.CUT, exit_code=None)
        torch_answer = answer(TORCH_VERSION, "1.8.0 11.3 4\n", by_model=True)
        return [
            format_finding(finding) for finding in compare_with_persona([cut, torch_answer], ARTICLE, DEFAULT_MACHINE)
        ]

    assert claims(2, "") == []
    for sentences in (claims(2, PROCESSES), claims(5, "")):
        assert any("the machine has 4" in claim for claim in sentences)
        assert any("torch counts 4" in claim for claim in sentences)


def test_a_persona_without_cuda_is_left_by_a_compiler_that_answers() -> None:
    (finding,) = boot(MATCHED, nvcc=NVCC)
    assert "told cuda none" in format_finding(finding)


def test_lines_are_counted_in_the_answer_without_its_fences() -> None:
    fenced = answer(PYTHON_VERSION, "Python 2.7.1", by_model=True, raw_reply="```\nPython 2.7.1\n```")
    (finding,) = compare_with_persona([fenced], ARTICLE, DEFAULT_MACHINE)
    assert [(line.number, line.text) for line in finding.evidence] == [(1, "Python 2.7.1")]


HOSTILE = ["|   0  A", " ", "|", "MiB", "/", "9" * 5000, "²", "1.", "\n", "NVIDIA-SMI", "Off", "..."]


@given(st.text() | st.lists(st.sampled_from(HOSTILE)).map("".join))
def test_no_answer_breaks_the_comparison(text: str) -> None:
    boot(smi=text, python=text, nvcc=text, torch=text)


@pytest.mark.parametrize("unit", ["|   0  A" + " " * 20, "1", "1.", " ", "1MiB / ", "|"])
def test_a_hostile_answer_is_read_in_no_time(unit: str) -> None:
    text = "|   0  A" + unit * (300_000 // len(unit))
    boot(smi=text, python=text, nvcc=text, torch=text)
