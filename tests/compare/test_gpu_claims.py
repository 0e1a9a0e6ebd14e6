"""GPUs that imagined runs mention. They are not called invented if a real run mentions them, too, or if the program
may print them.
"""

import pytest
from builders import find_differences, imagined, kinds, program, seeds

from gedanken.compare.sentences import format_finding
from gedanken.compare.source.program_source import Source
from gedanken.experiment.finding import Finding

ACCELERATOR = """\
device = torch.accelerator.current_accelerator()
print(f"device {device}:{torch.accelerator.current_device_index()} loss {loss:.2f}")
"""
FALSE_CLAIM = "GPUs it could not use"


def findings(
    source: str, output: str, really: str = "", claims: tuple[str, ...] = (), gpus: int = 0
) -> tuple[Finding, ...]:
    return find_differences(program(source), seeds([really] * 2), [imagined(output)], claims, gpus=gpus)


def test_a_device_that_a_real_run_names_may_stand_beside_another_loss() -> None:
    for source in (ACCELERATOR, "print(show(loss))"):
        assert findings(source, "device cuda:0 loss 0.62\n", "device cuda:0 loss 0.61\n", gpus=1) == ()


def test_another_device_than_any_real_run_names_is_no_such_device() -> None:
    real_runs = seeds(["device cuda:0 loss 0.61\n"] * 2)
    actual = find_differences(program("show(loss)"), real_runs, [imagined("device cuda:3 loss 0.61\n")], gpus=1)
    assert FALSE_CLAIM in kinds(actual)
    other_findings = find_differences(
        program("show()"), seeds(["Using 1 GPUs\n"] * 2), [imagined("Using 4 GPUs\n")], gpus=1
    )
    assert FALSE_CLAIM in kinds(other_findings)


def test_the_accelerator_of_pytorch_is_a_name_for_gpus() -> None:
    assert Source(ACCELERATOR).mentions_gpus()
    assert not Source("print('cpu')").mentions_gpus()


OTHER_WAYS = {
    "logging.warning('Using device %s', device)": "WARNING:root:Using device cuda:0\n",
    "log.info(f'Using device {device}')": "2023-02-10 12:00:00 INFO Using device cuda:0\n",
    "warnings.warn('Using device ' + str(device))": "train.py:1: UserWarning: Using device cuda:0\n",
    "print('Using device', device, file=sys.stderr)": "Using device cuda:0\n",
    "sys.stderr.write(f'Using device {device}\\n')": "Using device cuda:0\n",
    "tqdm.write(f'Using device {device}')": "Using device cuda:0\n",
}
other_ways = pytest.mark.parametrize(("statement", "line"), OTHER_WAYS.items(), ids=OTHER_WAYS.keys())


@other_ways
def test_what_a_program_says_by_other_means_than_a_print_is_explained_by_a_claim(statement: str, line: str) -> None:
    source = f"device = torch.device('cuda')\n{statement}\n"
    (finding,) = findings(source, line, claims=("gpus",))
    assert (finding.check, finding.explained_by) == (FALSE_CLAIM, "gpus")
    assert findings(source, line, gpus=1) == ()


@other_ways
def test_other_lines_of_a_program_that_logs_are_still_no_lines_of_its(statement: str, line: str) -> None:
    source = f"device = torch.device('cuda')\n{statement}\n"
    (finding,) = findings(source, line + "Training complete.\n", gpus=1)
    assert (finding.check, [ref.text for ref in finding.evidence]) == ("line without a print", ["Training complete."])
    assert "prints no such line" in format_finding(findings(source, "We have 4 GPUs, using all GPUs\n", gpus=1)[-1])


def test_a_log_of_whatever_it_is_given_can_make_any_line() -> None:
    assert findings("def say(text):\n    log.info(text)\n", "INFO:root:Training complete.\n") == ()
