"""The primary endpoint that the user names, also by means of a regular expression."""

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Cli
from folders import make_run, spec_of, write_run
from test_primary_endpoint import STYLES, LogStyle, compare_style

from gedanken.analysis.analyze import analyze
from gedanken.compare.results import ComparisonOptions
from gedanken.experiment.errors import BadInput
from gedanken.experiment.run_spec import RunSpec
from gedanken.loading.experiments_and_personas import load_experiment, load_persona
from gedanken.records.read_run import read_run
from gedanken.report.run_setup import repeat_commands


def test_whoever_asks_may_name_the_endpoint_in_any_writing_of_its_name() -> None:
    for name in ("trn_loss", "last trn_loss", "TRN_LOSS", "trnLoss"):
        endpoint = compare_style(STYLES["dev_loss"], ComparisonOptions(primary=name)).endpoint
        assert endpoint is not None and (endpoint.name, endpoint.chosen_by) == ("trn_loss", "user")
    unnamed = compare_style(STYLES["dev_loss"], ComparisonOptions(primary="elbow"))
    assert unnamed.endpoint is None and any("“elbow”" in reason for reason in unnamed.undecided)


def fitness_by_expression(expression: str) -> ComparisonOptions:
    return ComparisonOptions(primary="fitness", named_metrics=(("fitness", expression),))


def test_a_metric_that_nothing_recognises_is_read_by_an_expression() -> None:
    style = LogStyle("generation {e} -> <<{acc:.4f}>> of all")
    primary = compare_style(style, fitness_by_expression(r"<<([\d.]+)>>")).series[0]
    assert (primary.name, primary.n_real, primary.n_imagined) == ("last fitness", 7, 3)
    comparison = compare_style(style, fitness_by_expression("nowhere ([0-9]+)"))
    assert any(
        "fitness" in reason and "no number in any line of a real run" in reason for reason in comparison.undecided
    )


@pytest.mark.parametrize("expression", ["(", "a" * 2000, "[z-a]"])
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(BadInput, match="--as fitness"):
        compare_style(STYLES["loss"], fitness_by_expression(expression))


def test_an_expression_that_would_never_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gedanken.compare.series.user_metrics.SECONDS", 0.2)
    with pytest.raises(BadInput, match="take more than"):
        compare_style(LogStyle("a" * 3000 + "cb"), fitness_by_expression("^(?:a|aa)+b"))


def test_the_endpoint_of_a_run_stands_in_its_spec_or_is_named_by_whoever_reads_it(
    gedanken: Cli, tmp_path: Path
) -> None:
    make_run(tmp_path / "a")
    log = read_run(tmp_path / "a")
    spec = RunSpec(experiment=load_experiment("mnist"), persona=load_persona("ubuntu-18.04-4x3090"), primary="acc")
    case = analyze(replace(log, spec=spec)).main_version
    assert case and case.compared.endpoint and case.compared.endpoint.name.startswith("acc")
    assert spec.key != spec.model_copy(update={"primary": None}).key
    result = gedanken("report", "a", "--primary", "acc", "--markdown")
    assert result.returncode == 0, result.stderr
    assert "Main metric (primary endpoint): last acc" in (tmp_path / "a" / "report.md").read_text()
    assert gedanken("report", "a", "--primary", "bleu").returncode == 2
    assert "--primary" in gedanken("run", "--help").stdout


def test_the_command_that_asks_for_a_run_again_names_the_endpoint_that_was_named(tmp_path: Path) -> None:
    spec = spec_of().model_copy(update={"primary": "val loss"})
    analysis = analyze(write_run(tmp_path / "run", spec, (), ()))
    assert repeat_commands(analysis)[0].endswith("--primary 'val loss'")
