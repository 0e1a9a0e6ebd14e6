"""The primary endpoint: which number of a log a comparison is about, and the reason that is given for it."""

import random
from typing import NamedTuple

import pytest
from builders import imagined, real

from gedanken.analysis.analysis import VersionAnalysis
from gedanken.analysis.analyze import analysis_of
from gedanken.analysis.inputs import check_primary
from gedanken.compare.compare_runs import compare_runs
from gedanken.compare.results import DEFAULT_OPTIONS, ComparisonOptions, ComparisonResult
from gedanken.experiment.errors import BadInput
from gedanken.experiment.run_log import RunLog

EPOCHS = 6


class LogStyle(NamedTuple):
    """Templates of a program's output: `head` before the first epoch, `body` in each epoch, `tail` after the last
    one.
    """

    body: str
    head: str = ""
    tail: str = ""


def log(style: LogStyle, seed: int) -> str:
    """Print falling losses and rising accuracies, with noise of one hundredth."""
    rng = random.Random(seed)
    lines = [style.head] if style.head else []
    values: dict[str, float] = {}
    for epoch in range(EPOCHS):
        noise = [rng.gauss(0, 0.01) for _ in range(3)]
        loss = 2 / (epoch + 1)
        values = {"train": 0.3 + loss + noise[0], "held": 0.4 + loss + noise[1], "acc": 0.9 - loss / 4 + noise[2]}
        values |= {"clock": 30 + rng.random(), "rate": 1 / (epoch + 1), "one": rng.random()}
        lines.append(style.body.format(e=epoch, **values))
    return "\n".join([*lines, style.tail.format(**values)]).strip() + "\n"


def compare_style(
    style: LogStyle, options: ComparisonOptions = DEFAULT_OPTIONS, imagined_style: LogStyle | None = None
) -> ComparisonResult:
    real_runs = [real(log(style, seed), seed) for seed in range(1, 8)]
    imagined_runs = [imagined(log(imagined_style or style, 90 + sample), sample) for sample in range(1, 4)]
    return compare_runs(None, real_runs, imagined_runs, asked=options)


STYLES = {
    "dev_loss": LogStyle("epoch {e} trn_loss {train:.4f} dev_loss {held:.4f} lr 0.001"),
    "eval_loss": LogStyle(
        "{{'loss': {train:.4f}, 'epoch': {e}.5}}\n"
        "{{'eval_loss': {held:.4f}, 'eval_runtime': {clock:.2f}, 'epoch': {e}.5}}",
        tail="{{'train_loss': {train:.5f}, 'train_runtime': {clock:.1f}}}",
    ),
    "mean_reward": LogStyle(
        "----\n| mean_reward   | {acc:.3f} |\n| value_loss | {train:.3f} |\n| fps | {clock:.0f} |"
    ),
    "test loss": LogStyle(
        "    {e}   {train:.4f}       {held:.4f}      {acc:.4f}     {clock:.2f}",
        head="epoch   train loss   test loss   test acc   seconds",
    ),
    "ndcg@5": LogStyle("round {e}: cost={train:.4f}\nndcg@5 = {acc:.4f}, took {clock:.2f} s"),
    "valid_0's auc": LogStyle("[{e}]\ttraining's auc: {acc:.5f}\tvalid_0's auc: {held:.5f}"),
    "F1": LogStyle("round {e} Precision {acc:.4f} Recall {rate:.4f} F1 {held:.4f}, saved"),
    "total_loss": LogStyle("it {e}: box_loss {held:.3f} total_loss {train:.3f} cls_loss {acc:.3f} eta {clock:.1f}s"),
    "perplexity": LogStyle("epoch {e} | perplexity {held:.2f} | {clock:.2f} tok/s | lr {rate:.4f}"),
    "train-wer": LogStyle("epoch={e} train-wer={held:.3f} time={clock:.2f}"),
    "loss": LogStyle("100%|█████| 5/5 [00:0{e}<00:00, {clock:.2f}it/s, loss={train:.3f}, best={held:.3f}]"),
    "Loss": LogStyle("Epoch [{e}] Time {clock:.3f} ({clock:.3f}) Loss {train:.4f} ({held:.4f})"),
    "psnr": LogStyle("Validation Set5\n\t # psnr: {held:.4f}\n\t # ssim: {acc:.4f}"),
    "valid bleu": LogStyle("[valid] Ep. {e} : ce-mean-words : {held:.4f}\n[valid] Ep. {e} : bleu : {acc:.2f}"),
    "val mIoU": LogStyle("Epoch(val) [{e}][79/79]  aAcc: {rate:.4f}  mIoU: {acc:.4f}  mAcc: {held:.4f}"),
    "fid50k_full": LogStyle("loss {train:.4f}\nnetwork-snapshot-00{e}400  fid50k_full {held:.4f}"),
    "validation_1-mse": LogStyle("[{e}]\tvalidation_0-mse:{train:.5f}\tvalidation_1-mse:{held:.5f}"),
    "validation/main/loss": LogStyle(
        "main/loss={train:.4f} validation/main/loss={held:.4f} validation/main/acc={acc:.4f}"
    ),
    "val ppl": LogStyle(
        "step {e} loss {train:.4f}", tail="***** Evaluating all parts, pass 1/1 *****\nppl: {held:.4f}"
    ),
    "* Acc@1": LogStyle(
        "Epoch: [{e}][ 9/90] Loss {train:.3f} ({train:.3f}) Acc@1 {acc:.2f} ({acc:.2f})\n"
        "Test: [ 9/30] Loss {held:.3f} ({held:.3f}) Acc@1 {acc:.2f} ({acc:.2f})\n"
        "Test: [19/30] Loss {held:.3f} ({held:.3f}) Acc@1 {acc:.2f} ({acc:.2f})\n * Acc@1 {acc:.3f} Acc@5 {one:.3f}"
    ),
    "Prec@1": LogStyle("Epoch: [{e}] Loss {train:.3f}\n *   Prec@1 {acc:.3f} Prec@5 {one:.3f}"),
    "val_loss": LogStyle("* step {e}: loss {train:.3f} val_loss {held:.3f} ({held:.3f})"),
    "验证损失": LogStyle("第{e}轮 训练损失: {train:.4f} 验证损失: {held:.4f} 验证准确率: {acc:.4f}"),
    "test Mean loss": LogStyle("step {e} loss {train:.4f}\nTest error:\n Accuracy: {acc:.4f}, Mean loss: {held:.4f}"),
    "Loss_gen": LogStyle("step {e} Loss_gen {train:.4f} Loss_disc {held:.4f} disc_acc {acc:.4f}"),
    "P@3": LogStyle("cost {train:.4f}", tail="rows 9\nP@3\t{acc:.3f}\nR@3\t{one:.3f}"),
    "eval/nll": LogStyle(
        "epoch {e} nll {train:.4f} eval/nll {held:.4f}", tail="tool: summary\ntool: eval/nll {held:.4f}"
    ),
    "best metric, mcc": LogStyle(
        "it {e}, mcc: {one:.4f}, loss: {train:.4f}\ntool INFO: best metric, mcc: {acc:.4f}, at: {e}"
    ),
    "Best fitness": LogStyle("Best fitness: {acc:.4f}, fitness of all: {held:.4f}"),
    "Best Fitness": LogStyle("Average fitness of the species: {held:.4f}\nBest Fitness: {acc:.4f}, size ({e}, 3)"),
    "objective/rl_reward": LogStyle(
        "{{'objective/kl': {one:.4f}, 'objective/non_score_reward': {train:.4f}, 'objective/rl_reward': {acc:.4f}, "
        "'loss/value_avg': {held:.4f}}}"
    ),
    "reward": LogStyle(
        "{{'rewards/form': {one:.4f}, 'loss': {train:.4f}, 'reward': {acc:.4f}, 'reward_std': {rate:.3f}}}"
    ),
    "eval/loss": LogStyle(
        "{{'eval/rewards/chosen': {acc:.4f}, 'eval/rewards/accuracies': {one:.3f}, 'eval/loss': {held:.4f}}}"
    ),
    "va_nll": LogStyle("{e}: tr_nll {train:.4f} va_nll {held:.4f} te_acc {acc:.4f}"),
    "va auc": LogStyle("{e}: tr {train:.4f} / va {held:.4f} | auc {acc:.4f}"),
    "loss_te": LogStyle("{e} loss_tr={train:.4f} loss_te={held:.4f}"),
    "Test set precision": LogStyle(
        "[CV {e}/6] END alpha={e};, score={acc:.3f} total time= {clock:.1f}s", tail="Test set precision: {one:.4f}"
    ),
    "Mean val loss": LogStyle(
        "[val][step {e}][part: 0/9]rmse: {one:.4f}, loss: {train:.4f}\n"
        "[val][step {e}][Mean]rmse: {acc:.4f}, loss: {held:.4f}"
    ),
    "cifar-dev-top5": LogStyle("{e}: loss {train:.4f}\nepoch {e} cifar-dev-top5: {acc:.4f}"),
    "loss value": LogStyle("step {e}: value loss {held:.4f} policy loss {one:.4f} loss value {train:.4f}"),
    "Test Loss": LogStyle(
        "Train: {e} [ 9/90] Loss: {train:.3f} ({train:.3f})\nTest: [ 9/30] Loss: {one:.3f} ({one:.3f})\n"
        "Test: [29/30] Loss: {one:.3f} ({held:.3f}) Acc@1: {one:.2f} ({acc:.2f})"
    ),
    "Error on dev data": LogStyle("Epoch {e}\nError on train data:\n  {train:.4f}\nError on dev data:\n  {held:.4f}"),
    "val accuracy": LogStyle(
        "[Epoch {e}][Clock {clock:.2f}s] Loss is {train:.4f}.\n[Epoch {e}][Clock {clock:.2f}s] Validate model...\n"
        "[Epoch {e}] Top is Share(right: 9, accuracy: {acc:.4f})"
    ),
    "CER": LogStyle("combine {train:.3f}", tail="%CER {acc:.4f} [ 12 / 144 ] exp/net/decode_all/cer_9_{one:.1f}"),
    "eval Q": LogStyle(
        "| train | N: {e} | Q: {train:.4f} | T: 0:0{e}:10\n| eval  | N: {e} | Q: {held:.4f} | T: 0:0{e}:12"
    ),
    "test accuracy": LogStyle(
        "Epoch {e} gave a cost of {train:.3f}.", tail="It has an accuracy of {acc:.4f} on the test set."
    ),
    "WORD ERROR RATE": LogStyle(
        "likelihood {train:.3f}", tail="SENTENCE: 12   WORD ERROR RATE: {held:.2f}% (23/770)"
    ),
    "Precision": LogStyle(
        "pass {e}",
        tail="   Precision   Kappa\nFold                \n0     {acc:.4f}   {one:.4f}\n1     {acc:.4f}   {one:.4f}",
    ),
    "Validierungsverlust": LogStyle("Runde {e}: Verlust {train:.4f}, Validierungsverlust {held:.4f}, {clock:.1f} s"),
    "dev score": LogStyle(
        "epoch {e} train loss {train:.4f}\nepoch {e} dev score {acc:.5f}\ndev result:\n"
        "precision@20 : {one:.4f}    mrr@20 : {rate:.4f}    map@20 : {held:.4f}"
    ),
    "error": LogStyle("epoch {e} error {train:.4f}", head="precision=16 threads=4"),
    "wibble": LogStyle("epoch {e} wibble {train:.4f} took {clock:.3f} s"),
}


@pytest.mark.parametrize("name", STYLES)
def test_the_endpoint_is_what_a_practitioner_would_name(name: str) -> None:
    endpoint = compare_style(STYLES[name]).endpoint
    assert endpoint is not None and (endpoint.name, endpoint.chosen_by) == (name, "rule") and endpoint.reason


def test_the_reason_says_nothing_of_a_loss_that_is_shown_for_training_alone() -> None:
    endpoint = compare_style(LogStyle("epoch {e} loss {train:.4f}\ntest_acc {acc:.4f}")).endpoint
    assert endpoint and endpoint.name == "test_acc"
    assert endpoint.reason == (
        "chosen because it is an accuracy on held-out data (test), and no loss on held-out data is printed"
    )


CLASSES_NAMED_LIKE_METRICS = (
    "kind P R F1\nMISC {held:.4f} {one:.4f} {acc:.4f}\nPER {acc:.4f} {rate:.4f} {one:.4f}",
    "MISC={acc:.4f} PER={one:.4f}",
    "{{'LOC': {{'recall': {acc:.4f}, 'f1': {one:.4f}}}, 'PER': {{'recall': {one:.4f}, 'f1': {held:.4f}}}}}",
    "        precision  recall  f1-score  support\n   hit     {acc:.4f}  {held:.4f}    {one:.4f}       90\n"
    "   out     {one:.4f}  {acc:.4f}    {held:.4f}       70",
)
"""Last lines of programs that print values for each class. Some classes have names that are also names of metrics."""


@pytest.mark.parametrize("report", CLASSES_NAMED_LIKE_METRICS)
def test_a_class_that_is_called_like_a_metric_is_no_usual_metric_of_a_task(report: str) -> None:
    endpoint = compare_style(LogStyle("epoch {e} loss {train:.4f}", tail=report)).endpoint
    assert endpoint and endpoint.name == "loss"


def test_the_rate_of_wrong_phonemes_is_still_one() -> None:
    endpoint = compare_style(LogStyle("epoch {e} loss {train:.4f}", tail="PER: {held:.4f}")).endpoint
    assert endpoint and (endpoint.name, endpoint.reason) == (
        "PER",
        "chosen because it is the usual metric of its task",
    )


REASONS = {
    "{e}: loss {train:.4f}\n * top1 {acc:.3f}": (
        "an accuracy in a line that sums up an evaluation (marked *), and no loss in such a line"
    ),
    "{e}: lr {rate:.3f}\n * acc {acc:.3f}": (
        "an accuracy in a line that sums up an evaluation (marked *), and no loss"
    ),
    "{e}: val_box_loss {held:.4f} val_f1 {acc:.4f}": (
        "a quality score on held-out data (val), and no total loss or accuracy on held-out data"
    ),
    "{e}: loss {train:.4f} test_top1 {acc:.4f}": (
        "an accuracy on held-out data (test), and no loss on held-out data"
    ),
    "{e}: loss {train:.4f}, Train: {acc:.4f}, Test: {acc:.4f}": (
        "a number that changes during the run on held-out data (test), and no known metric on held-out data"
    ),
}
"""For the template of an epoch: the reason why its main metric was chosen."""


@pytest.mark.parametrize("body", REASONS)
def test_the_reason_denies_nothing_that_is_printed(body: str) -> None:
    endpoint = compare_style(LogStyle(body)).endpoint
    assert endpoint and endpoint.reason == f"chosen because it is {REASONS[body]} is printed"


def test_a_log_that_shows_no_metric_has_no_endpoint_and_that_is_said() -> None:
    comparison = compare_style(
        LogStyle("step {e} took {clock:.2f} s\nlr {rate:.4f}", tail="drawn at random: {one:.4f}")
    )
    assert comparison.endpoint is None
    assert any("no main metric" in reason for reason in comparison.undecided)


def test_what_the_log_says_it_goes_by_comes_before_the_loss() -> None:
    style = LogStyle("epoch {e} val_loss {held:.4f} val_acc {acc:.4f}\nval_acc improved, model saved")
    endpoint = compare_style(style).endpoint
    assert endpoint and endpoint.name == "val_acc"
    assert "the metric that, according to the log, decides when to stop or save" in endpoint.reason


def test_the_endpoint_depends_on_no_imagined_run() -> None:
    style = LogStyle("epoch {e} loss {train:.4f}\ntest_loss {held:.4f}")
    assert (
        compare_style(style, imagined_style=LogStyle("epoch {e} loss {train:.4f}")).endpoint
        == compare_style(style).endpoint
    )


@pytest.mark.parametrize(
    ("where", "lost"),
    [
        ("17356896{s:02d}.5 tagger-6c{s:02x}8f79b5-k{s:02d}xm ", ""),
        ("[n{s}r03] 2025-02-03 04:05:{s:02d} (fit:88) INFO: ", ""),
        ("I0203 04:05:{s:02d}.000100 {s:>7} fit.cc:88] ", ""),
        ('{{"host": "gpu-{s}", "pid": {s}123, "dev_loss": ', "}}"),
    ],
)
def test_runs_of_different_hosts_and_processes_have_the_same_series(where: str, lost: str) -> None:
    def style(seed: int) -> LogStyle:
        prefix = where.format(s=seed).replace("{", "{{")
        value = "{held:.4f}"
        return LogStyle(f"{prefix}{value}{lost}" if lost else f"{prefix}epoch={{e}} dev_loss={value}")

    real_runs = [real(log(style(seed), seed), seed) for seed in range(1, 8)]
    imagined_runs = [imagined(log(style(20 + sample), 90 + sample), sample) for sample in range(1, 4)]
    comparison = compare_runs(None, real_runs, imagined_runs)
    assert comparison.endpoint and comparison.endpoint.name == "dev_loss"
    assert not comparison.findings and [
        len(series.points) for series in comparison.series if series.name == "dev_loss"
    ] == [EPOCHS]


NAMES = "otter", "heron", "lynx", "newt", "ibis", "vole", "wren", "stoat", "crane", "shrew"


@pytest.mark.parametrize(
    "style",
    [
        LogStyle("round {e} of <{name}> dev_loss {held:.4f}", tail="<{name}> saved"),
        LogStyle("round {e} of <{name}> dev_loss {held:.4f}", head="Rounds: 6, rate 0.1", tail="took {clock:.1f} s"),
        LogStyle("round {e} by {name} {e} :: {held:.4f} / {train:.4f}"),
    ],
)
@pytest.mark.parametrize("extra", ["", "\n{name} the moon is made of green cheese, said nobody"])
def test_where_each_run_words_its_numbers_in_its_own_way_it_is_said_that_none_was_compared(
    style: LogStyle, extra: str
) -> None:
    def style_for(name: str, style: LogStyle) -> LogStyle:
        return LogStyle(*(part.replace("{name}", name) for part in style))

    real_runs = [real(log(style_for(name, style), seed), seed) for seed, name in enumerate(NAMES[:7], 1)]
    imagined_runs = [
        imagined(log(style_for(name, style._replace(tail=style.tail + extra)), 90 + sample), sample)
        for sample, name in enumerate(NAMES[7:], 1)
    ]
    comparison = compare_runs(None, real_runs, imagined_runs)
    assert comparison.uncompared and "word the lines with their numbers differently" in comparison.uncompared
    assert NAMES[0] in comparison.undecided[0] and "--as" in comparison.undecided[0]
    analysis = analysis_of(
        RunLog(""), [VersionAnalysis(None, tuple(real_runs), tuple(imagined_runs), comparison)], comparison.findings
    )
    assert (
        "o measured number could be compared, because" in analysis.verdict and "No difference" not in analysis.verdict
    )
    assert bool(comparison.findings) is bool(extra) and analysis.verdict.startswith("Undecided") is not bool(extra)
    with pytest.raises(BadInput, match="no measured number could be compared") as error:
        check_primary(analysis, ComparisonOptions(primary="dev_loss"))
    assert "no numbers" not in str(error.value)
    comparison_by_expression = compare_runs(
        None, real_runs, imagined_runs, asked=ComparisonOptions(named_metrics=(("dev", r"(?:dev_loss|::) ([\d.]+)"),))
    )
    assert (
        comparison_by_expression.uncompared is None
        and comparison_by_expression.endpoint
        and comparison_by_expression.endpoint.name == "dev"
    )


def test_where_no_imagined_run_shows_the_only_numbers_that_vary_it_is_said_that_none_was_compared() -> None:
    comparison = compare_style(
        LogStyle("rounds are over", tail="{train:.4f}"), imagined_style=LogStyle("rounds are over", tail="done")
    )
    assert comparison.uncompared and "because no imagined run shows" in comparison.uncompared


@pytest.mark.parametrize("style", [LogStyle("round {e}\nsaved in {clock:.1f} s"), LogStyle("rate 0.1, 12 layers")])
def test_where_no_number_is_measured_none_is_missed(style: LogStyle) -> None:
    assert compare_style(style).uncompared is None


def test_top_1_and_top_5_of_one_wording_are_two_series_and_so_are_the_processes_of_one_run() -> None:
    comparison = compare_style(
        LogStyle("Top-1 {acc:.4f}\nTop-5 {rate:.4f}\n[rank0] loss {train:.4f}\n[rank1] loss {held:.4f}")
    )
    points = {series.name: len(series.points) for series in comparison.series}
    assert {name: points[name] for name in ("Top-1", "Top-5", "rank0 loss", "rank1 loss")} == dict.fromkeys(
        ("Top-1", "Top-5", "rank0 loss", "rank1 loss"), EPOCHS
    )
    assert comparison.endpoint and comparison.endpoint.name == "rank0 loss"


def test_names_hold_no_stand_in_and_no_count_and_no_piece_of_a_word() -> None:
    comparison = compare_style(LogStyle("net (#{e}): {train:.4f} / {held:.4f}\n{acc:.3f} {rate:.3f} {train:.3f}"))
    assert comparison.series
    for name in (series.name for series in comparison.series):
        assert not set(name) & {"\x00", "\ufdd0"} and "value" not in name and " #" not in name.replace("(#", "")


def test_a_mark_behind_the_last_number_is_no_series_of_its_own() -> None:
    rng = random.Random(0)

    def marked_log(seed: int) -> str:
        lines = log(LogStyle("epoch {e} val_loss {held:.4f}"), seed).splitlines()
        return "\n".join(line + rng.choice(["", " *", " (new best)"]) for line in lines) + "\n"

    real_runs = [real(marked_log(seed), seed) for seed in range(1, 8)]
    comparison = compare_runs(None, real_runs, [imagined(marked_log(99), 1)])
    assert {series.name: len(series.points) for series in comparison.series} == {
        "last val_loss": 1,
        "val_loss": EPOCHS,
    }


def test_lines_below_a_heading_are_about_the_data_that_it_names() -> None:
    style = LogStyle("Epoch {e}\n  Loss {train:.4f}\nValidation:\n  Loss {held:.4f}\n")
    comparison = compare_style(style)
    assert {series.name: len(series.points) for series in comparison.series if series.role == "secondary"} == {
        "Loss": EPOCHS,
        "val Loss": EPOCHS,
    }
    assert comparison.endpoint and comparison.endpoint.name == "val Loss"


def test_a_heading_says_nothing_of_the_steps_that_follow_it() -> None:
    style = LogStyle("step {e}: loss {train:.4f}\nEvaluating...\neval accuracy {acc:.4f}\n")
    names = {series.name for series in compare_style(style).series}
    assert {"loss", "eval accuracy"} <= names and "val loss" not in names
