"""Names of numbers as the program wrote them, in the forms in which people print metrics."""

import pytest
from growth import assert_time_is_linear
from hypothesis import given, settings
from hypothesis import strategies as st

from gedanken.compare.output.keyed_values import keyed_values
from gedanken.compare.output.named_numbers import named_numbers
from gedanken.compare.output.table_columns import names_of_row
from gedanken.compare.output.text_lines import MAX_LINE_LENGTH
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.output.vocabulary import Measures, Role, Split, meaning_of, name_key
from gedanken.compare.series.columns import MOST_COLUMNS


def metrics_of(line: str, *lines_above: str) -> dict[str, str]:
    """The value of each metric in a line, by name. `lines_above` are the lines before it, the nearest one first."""
    spans = [match.span() for match in VALUE.finditer(line)]
    row_names = names_of_row(
        line, spans, lambda distance: lines_above[distance - 1] if distance <= len(lines_above) else None
    )
    numbers = named_numbers(line, spans, row_names)
    return {
        number.name: line[start:end].rstrip("%")
        for (start, end), number in zip(spans, numbers, strict=True)
        if number.role is Role.METRIC
    }


def roles_of(line: str) -> list[Role]:
    spans = [match.span() for match in VALUE.finditer(line)]
    return [number.role for number in named_numbers(line, spans) if not number.is_part_of_name]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("round 3: val_mse: 0.31 test_mse: 0.29", {"val_mse": "0.31", "test_mse": "0.29"}),
        ("mean IoU/Dice: 0.71/0.83", {"mean IoU": "0.71", "mean Dice": "0.83"}),
        ('level=info msg="eval" step=90 nll=0.4', {"eval nll": "0.4"}),
        ("cost (train/dev): 0.51 / 0.62", {"train cost": "0.51", "dev cost": "0.62"}),
        (
            "epoch 4 | train/test nll 0.51/0.62 | acc train/test = 91%/89%",
            {"train nll": "0.51", "test nll": "0.62", "train acc": "91", "test acc": "89"},
        ),
        ("Loss: 0.5 (train) 0.6 (valid)", {"train Loss": "0.5", "valid Loss": "0.6"}),
        ("recall/precision/F1: 0.7/0.8/0.75", {"recall": "0.7", "precision": "0.8", "F1": "0.75"}),
        ("lr/loss 0.1/0.5", {}),
        ("ended at step 9, lowest dev_mse 0.31 (step 7)", {"lowest dev_mse": "0.31"}),
        ("dev_mse improved from 0.41 to 0.31, saving", {"previous best dev_mse": "0.41", "best dev_mse": "0.31"}),
        ("reward <12.5> of [97.5]", {"reward": "12.5"}),
        ("the run came to 0.93 accuracy", {"accuracy": "0.93"}),
        ("step 12/391 loss 0.5", {"loss": "0.5"}),
        ("INFO:tensorflow:Loss for final step: 0.08.", {"Loss for final step": "0.08"}),
        (
            "INFO:tensorflow:Saving dict for global step 90: auc = 0.9, global_step = 90, loss = 0.4",
            {"eval auc": "0.9", "eval loss": "0.4"},
        ),
        ("Validation: {'loss': 0.4, 'rmse': 0.6}", {"Validation.loss": "0.4", "Validation.rmse": "0.6"}),
        ("report(name='dev_mape', value=4.1, round=3)", {"dev_mape": "4.1"}),
        ("\t0.712\t = Test score   (f1)", {"Test score (f1)": "0.712"}),
        ("Correctly Classified Rows        41            82      %", {"Correctly Classified Rows": "82"}),
        (
            " Average Recall  (AR) @[ IoU=0.50:0.95 | area=   all | maxDets= 9 ] = 0.51",
            {"Average Recall (AR) @[ IoU=0.50:0.95 | area= all | maxDets= 9 ]": "0.51"},
        ),
        (
            "I9 main.py:50] Mean clipped undiscounted return of each game: 7.2",
            {"Mean clipped undiscounted return of each game": "7.2"},
        ),
        (
            "LOG (fit[2.1]:Tell():fit.cc:32) Mean objective function for 'out' for batches 0-9 is -0.25 over 7 rows.",
            {"Mean objective function": "-0.25"},
        ),
        (
            "step 3 -- Train: 0.61/0.71, Dev: 0.72/0.66 (nll/f1)",
            {"Train nll": "0.61", "Train f1": "0.71", "Dev nll": "0.72", "Dev f1": "0.66"},
        ),
        ("eval test: perplexity 61.2, time 3s", {"test perplexity": "61.2"}),
        ("Mean cost for 'out' is 61.2", {"Mean cost for 'out'": "61.2"}),
        ("61.2 perplexity estimate for a held-out part of 9 texts with 5127 words", {"perplexity": "61.2"}),
        ("round 2 · train ELBO -91.5 · held-out ELBO -97.1", {"train ELBO": "-91.5", "held-out ELBO": "-97.1"}),
        ("recall@20=0.41,mrr@10=0.22", {"recall@20": "0.41", "mrr@10": "0.22"}),
        (
            "{'d_loss1': 0.62, 'd_loss2': 0.71, 'g_loss': 1.9}",
            {"d_loss1": "0.62", "d_loss2": "0.71", "g_loss": "1.9"},
        ),
        (
            '{"step": 10, "dev": {"wer": 0.131}, "train": {"ctc_loss": 1.5}}',
            {"dev.wer": "0.131", "train.ctc_loss": "1.5"},
        ),
        ('{"name": "eval/bleu", "value": 27.4, "step": 900}', {"eval/bleu": "27.4"}),
        ('LOG {"metric": "top5", "score": 0.93, "lineno": 12}', {"top5": "0.93"}),
        ('result eval_ppl: {"value": 18.2, "epoch": 3}', {"eval_ppl": "18.2"}),
        ('{"epoch": 2, "dev_ppl": "31.5"}', {"dev_ppl": "31.5"}),
        ("[7]\ttrain-rmse:0.51\teval-rmse:0.62", {"train-rmse": "0.51", "eval-rmse": "0.62"}),
        ("[7] train's l2: 0.5\tvalid_1's l2: 0.6", {"train's l2": "0.5", "valid_1's l2": "0.6"}),
        ("| value_loss              | 50.1        |", {"value_loss": "50.1"}),
        ("│        test_f1          │   0.91234   │", {"test_f1": "0.91234"}),
        ("ROUGE-2: 19.1 ROUGE-L: 38.2", {"ROUGE-2": "19.1", "ROUGE-L": "38.2"}),
        ("Top-5 accuracy on 50000 test images: 93.1 %", {"Top-5 accuracy on 50000 test images": "93.1"}),
        (
            "Test set: Average loss: 0.04, Accuracy: 9871/10000 (99%)",
            {"Test Average loss": "0.04", "Test Accuracy": "9871"},
        ),
        ("valid | loss 3.1 | ppl 8.6 | num_updates 300", {"valid loss": "3.1", "valid ppl": "8.6"}),
        ("best mAP50-95 so far 0.41", {"best mAP50-95 so far": "0.41"}),
        (
            "Mean episode return over the last 20 games: -21.0",
            {"Mean episode return over the last 20 games": "-21.0"},
        ),
        ('{"phase": "val", "loss": 0.61}', {"val.loss": "0.61"}),
        ("split=dev acc=0.3", {"dev acc": "0.3"}),
        ("mAP@.5: 0.61 mAP@.5:.95: 0.41", {"mAP@.5": "0.61", "mAP@.5:.95": "0.41"}),
        (
            "cv accuracy is 0.93 (+/- 0.02) and the test accuracy is 0.91",
            {"cv accuracy": "0.93", "test accuracy": "0.91"},
        ),
        ("12/12 - 2s - loss: 1.2 - val_auc: 0.8 - 2s/epoch - 11ms/step", {"loss": "1.2", "val_auc": "0.8"}),
        (" 40%|████      | 4/10 [00:04<00:06,  1.02s/it, psnr=31.2]", {"psnr": "31.2"}),
        ("PSNR: 31.20 dB, SSIM: nan", {"PSNR": "31.20", "SSIM": "nan"}),
        ("1735689600.250 tagger-6c4d8f79b5-k8x2m step 40 loss 0.7 dev_f1 0.61", {"loss": "0.7", "dev_f1": "0.61"}),
        ("1735689600 ner-train-7f6b9c8d54-zt4qv loss=0.7", {"loss": "0.7"}),
        ("network-snapshot-000400  kid50k_full 0.0123", {"kid50k_full": "0.0123"}),
        ("CIFAR-100 acc 0.61", {"CIFAR-100 acc": "0.61"}),
        ("Top 1-err 40.1 Top 5-err 18.2", {"Top 1-err": "40.1", "Top 5-err": "18.2"}),
        (
            "第3轮 训练损失: 0.51 验证损失: 0.62 验证准确率: 91%",
            {"训练损失": "0.51", "验证损失": "0.62", "验证准确率": "91"},
        ),
        ("run.py:31] [400] dev_loss=0.5", {"dev_loss": "0.5"}),
        (
            "(train.py 31): INFO Accuracy of the net on the 900 test images: 71.5%",
            {"Accuracy of the net on the 900 test images": "71.5"},
        ),
        (
            "[train] cost 0.9, wer 0.31; [dev] cost 1.1, wer 0.36",
            {"train cost": "0.9", "train wer": "0.31", "dev cost": "1.1", "dev wer": "0.36"},
        ),
        ("(train) loss 0.3 (val) loss 0.4", {"train loss": "0.3", "val loss": "0.4"}),
        (
            "train_mae=3.1 (rmse=4.0) val_mae=3.3 (rmse=4.4)",
            {"train_mae": "3.1", "train rmse": "4.0", "val_mae": "3.3", "val rmse": "4.4"},
        ),
        ("eval step: 40, loss: 0.09, accuracy: 97.1", {"eval loss": "0.09", "eval accuracy": "97.1"}),
        ("F1: train 0.8, dev 0.7", {"train F1": "0.8", "dev F1": "0.7"}),
        ("Loss: 0.31, Train: 0.95, Test: 0.79", {"Loss": "0.31", "Train": "0.95", "Test": "0.79"}),
        (
            "Epoch 2 | Train Acc: 81.5% | Val. Loss: 0.61 | Val. Acc: 78.2%",
            {"Train Acc": "81.5", "Val. Loss": "0.61", "Val. Acc": "78.2"},
        ),
        ("\t # lpips: 0.21\tBest: 0.19 @ 4000 iter", {"lpips": "0.21", "lpips Best": "0.19"}),
        ("Epoch 4, global step 90: 'val_cer' reached 0.12", {"val_cer": "0.12"}),
        ("W0203 04:05:06.789000      12 fit.cc:88] Iteration 40, loss = 1.5", {"loss": "1.5"}),
        (
            "2025-02-03 04:05:06 (fit:88) INFO: 2epoch: [train] loss=9.5, [valid] cer=0.4",
            {"train loss": "9.5", "valid cer": "0.4"},
        ),
        ("part.testing.hooks - INFO - mse: 0.4", {"mse": "0.4"}),
        ("psnr: 28.1 dB ssim: 0.81", {"psnr": "28.1", "ssim": "0.81"}),
        (
            "pass 3/9 — fit mse 0.412 — dev mae 7.1 % mse 3.2 %",
            {"fit mse": "0.412", "dev mae": "7.1", "dev mse": "3.2"},
        ),
        ("Eval sums/eval/WordErrorRate: 0.31", {"sums/eval/WordErrorRate": "0.31"}),
        (
            '{"event": "eval", "metrics": {"train": {"rmse": 0.9}, "test": {"rmse": 1.1}}}',
            {"train.rmse": "0.9", "test.rmse": "1.1"},
        ),
    ],
)
def test_a_metric_has_the_name_that_the_line_gives_it(line: str, names: dict[str, str]) -> None:
    assert metrics_of(line) == names


@pytest.mark.parametrize(
    "line",
    [
        "Speed: 812.3 samples/sec, 0.31 s/it, 12.5k tok/s",
        "time 3214.12ms mem 11.2GB mfu 31.20% eta 0:10:03",
        "2024-05-01 12:00:01,123 took 3.2 s (train.py:210)",
        "time_ms: 1714564801123, lineno: 210, time_elapsed: 17",
        " 48%|████▊     | 97/200 [00:01<00:02, 105.16it/s]",
        "1s/epoch - 10ms/step",
        "step 3 tok/s=8120",
        "recall  map50-95): 100%  7/7 [00:01]",
        "eval_runtime=8.1 eval_samples_per_second=112.3 fps=1196",
    ],
)
def test_clocks_speeds_memory_and_bars_are_the_machine_s(line: str) -> None:
    assert set(roles_of(line)) <= {Role.ENVIRONMENT, Role.COUNTER}


def test_numbers_that_belong_to_names_are_no_values() -> None:
    line = "layer2 top-1 60.22 HR@10 0.6042 valid_1 0.5 v1.8 net (#0)"
    spans = [match.span() for match in VALUE.finditer(line)]
    values = [
        line[start:end]
        for (start, end), number in zip(spans, named_numbers(line, spans), strict=True)
        if not number.is_part_of_name
    ]
    assert values == ["60.22", "0.6042", "0.5"]


def test_val_and_test_are_different_and_held_out_and_words_may_be_joined_in_any_way() -> None:
    assert meaning_of("val_loss").split is Split.VALIDATION and meaning_of("testLoss").split is Split.TEST
    assert name_key("valLoss") == name_key("Validation loss") == name_key("val_loss") != name_key("test_loss")
    assert meaning_of("train-error").split is Split.TRAIN
    assert not meaning_of("value_loss").is_held_out


@pytest.mark.parametrize(
    ("names", "measures"),
    [
        ("reward ep_rew_mean episode_return AverageEpRet", Measures.RETURN),
        ("loss valid_loss mean-loss total_loss cost", Measures.LOSS),
        ("perplexity val_bpb RMSE mae binary_logloss word_error_rate nll", Measures.ERROR),
        ("acc accuracy_top-1 Acc@5 balanced_accuracy", Measures.ACCURACY),
        ("BLEU mAP50-95 f1 HR@10 ndcg@5 mIoU top-1 top5 AUC R2 psnr exact_match pass@1", Measures.QUALITY),
        ("box_loss Loss_D d_loss2 policy_gradient_loss", Measures.PART),
    ],
)
def test_what_a_metric_measures_is_known_by_its_name(names: str, measures: Measures) -> None:
    assert {name: meaning_of(name).measures for name in names.split()} == dict.fromkeys(names.split(), measures)


@pytest.mark.parametrize(
    "name", ["lr", "learning_rate", "batch_size", "loss_scale", "tol", "grad_norm", "num_params", "acc_stderr"]
)
def test_settings_and_what_tells_how_training_goes_are_no_metrics(name: str) -> None:
    assert meaning_of(name).role in (Role.SETTING, Role.OTHER)


@given(
    st.dictionaries(st.from_regex(r"[xyz]{2,8}_loss", fullmatch=True), st.floats(0.001, 99), min_size=1, max_size=5)
)
def test_every_way_to_write_a_name_and_a_value_gives_the_same(values: dict[str, float]) -> None:
    texts = {name: f"{value:.4f}" for name, value in values.items()}
    lines = [
        " ".join(f"{name}: {text}" for name, text in texts.items()),
        ", ".join(f"{name}={text}" for name, text in texts.items()),
        str({name: float(text) for name, text in texts.items()}),
        " | ".join(f"{name} {text}" for name, text in texts.items()),
    ]
    for line in lines:
        assert {name: float(text) for name, text in metrics_of(line).items()} == {
            name: float(text) for name, text in texts.items()
        }
    names, row = ",".join(["epoch", *texts]), ",".join(["1", *texts.values()])
    assert metrics_of(row, names) == texts


@given(st.text(max_size=300))
@settings(max_examples=200)
def test_whatever_stands_in_a_line_every_number_gets_one_answer(line: str) -> None:
    spans = [match.span() for match in VALUE.finditer(line)]
    assert len(named_numbers(line, spans)) == len(spans)
    row = names_of_row(line, spans, lambda distance: line if distance < 3 else None)
    assert row is None or len(row) == len(spans)
    assert all(0 <= start < len(line) for start in keyed_values(line))


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "1",
        "1 ",
        " ",
        "{",
        '{"a":',
        "'",
        "loss ",
        "|",
        "| ",
        "1|",
        ",",
        "1,",
        "[",
        "a=1 ",
        "@[",
        "val ",
        "(1 ",
        "% |",
        "a/",
        "a-b",
        "of ",
        ": ",
        "1%|",
    ],
)
def test_no_line_takes_long_to_name(unit: str) -> None:
    def name(size: int) -> None:
        line = unit * (size // len(unit))
        spans = [match.span() for match in VALUE.finditer(line)][: MOST_COLUMNS * size // MAX_LINE_LENGTH]
        named_numbers(line, spans, None)
        names_of_row(line, spans, lambda distance: line if distance < 60 else None)

    assert_time_is_linear(name, MAX_LINE_LENGTH)
