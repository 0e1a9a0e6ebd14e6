"""Styles for judging: trainings of networks, as frameworks print their epochs."""

import json

from benchmarks.wild.made import GeneratedRun
from benchmarks.wild.style import style


@style("keras verbose=2 early stop", ("val_loss",), ("loss", "auc", "val_auc"))
def keras_lines(run: GeneratedRun) -> None:
    val = run.curve(22, 0.69, 0.44, 0.006, 0.004, rate=5)
    rising = [value + max(0, epoch - 13) * 0.004 for epoch, value in enumerate(val)]
    loss = run.beside(val, (0.69, 0.44), (0.71, 0.35), 0.004)
    auc = run.beside(val, (0.69, 0.44), (0.55, 0.93), 0.003)
    val_auc = run.beside(val, (0.69, 0.44), (0.56, 0.88), 0.003)
    run.say(
        f"{run.at('log')}.{run.random.randrange(10**6):06d}: E external/local_xla/xla/stream_executor/cuda_dnn.cc"
    )
    epochs = run.patience(rising, 4)
    for epoch in range(epochs):
        run.epoch()
        run.say(f"Epoch {epoch + 1}/40")
        seconds = run.wait(0.6)
        run.say(
            f"63/63 - {seconds:.0f}s - loss: {run.value('loss', loss[epoch])} - auc: {run.value('auc', auc[epoch])} "
            "- "
            f"val_loss: {run.value('val_loss', rising[epoch])} - val_auc: {run.value('val_auc', val_auc[epoch])} - "
            f"{seconds:.0f}s/epoch - {seconds * 1000 / 63:.0f}ms/step"
        )
    run.after()
    run.say(f"Epoch {epochs}: early stopping")
    run.say(f"Restoring model weights from the end of the best epoch: {epochs - 4}.")


@style("tqdm redraws", ("test_loss", "test_acc"), ("loss", "test_acc"))
def tqdm(run: GeneratedRun) -> None:
    loss = run.curve(9, 2.2, 0.62, 0.012, 0.02)
    held_out = run.beside(loss, (2.2, 0.62), (2.1, 0.8), 0.012)
    accuracy = run.beside(loss, (2.2, 0.62), (18, 78.5), 0.35)
    run.say(f"Namespace(seed={run.random.randrange(10**5)}, epochs=9, out='/tmp/run_{run.letters(8)}')")
    for epoch in range(9):
        run.epoch()
        seconds = run.wait(6)
        for step in sorted(run.random.sample(range(391), run.random.randrange(2, 12))):
            blocks = "█" * (step * 10 // 391) + run.random.choice(" ▏▎▍▌▋▊▉")
            elapsed = seconds * step / 391
            run.say(
                f"\rEpoch {epoch}: {step * 100 // 391:3d}%|{blocks:<10}| {step}/391 "
                f"[00:{elapsed:02.0f}<00:{seconds - elapsed:02.0f},"
                f" {391 / seconds:.2f}it/s, loss={run.random.gauss(loss[epoch], 0.1):.3f}]",
                end="",
            )
        run.say(
            f"\rEpoch {epoch}: 100%|██████████| 391/391 [00:{seconds:02.0f}<00:00, {391 / seconds:.2f}it/s, "
            f"loss={run.value('loss', loss[epoch], '.3f')}]"
        )
        run.say(
            f"test_loss={run.value('test_loss', held_out[epoch], '.4f')} "
            f"test_acc={run.value('test_acc', accuracy[epoch], '.2f')}"
        )
    run.after()


@style("fastai table", ("valid_loss",), ("train_loss", "error_rate"))
def fastai(run: GeneratedRun) -> None:
    val = run.curve(8, 0.82, 0.21, 0.006, 0.008)
    train = run.beside(val, (0.82, 0.21), (1.2, 0.18), 0.01)
    error_rate = run.beside(val, (0.82, 0.21), (0.24, 0.066), 0.002)
    run.say("epoch     train_loss  valid_loss  error_rate  time    ")
    for epoch in range(8):
        run.epoch()
        seconds = run.wait(11)
        run.say(
            f"{epoch:<10}"
            f"{run.value('train_loss', train[epoch], '<12.6f')}{run.value('valid_loss', val[epoch], '<12.6f')}"
            f"{run.value('error_rate', error_rate[epoch], '<12.6f')}{int(seconds // 60):02d}:{int(seconds % 60):02d} "
            "    "
        )
    run.after()


@style("accelerate logger", ("eval_loss", "perplexity"), ("perplexity",))
def accelerate(run: GeneratedRun) -> None:
    import math

    held_out = run.curve(7, 3.9, 2.95, 0.008, 0.008)

    def say(line: str) -> None:
        run.wait(2)
        run.say(f"{run.at('american')} - INFO - __main__ - {line}")

    for rank in run.random.sample((0, 1), 2):
        say(f"Distributed environment: MULTI_GPU  Backend: nccl, process {rank}, device: cuda:{rank}")
    say(f"Loading cached dataset at /root/.cache/arrow/{run.hexes(40)}/cache-{run.hexes(16)}.arrow")
    say("***** Running training *****")
    for epoch in range(7):
        run.epoch()
        perplexity = run.value("perplexity", math.exp(held_out[epoch]), ".6f")
        say(f"epoch {epoch}: perplexity: {perplexity} eval_loss: {run.value('eval_loss', held_out[epoch], '.6f')}")
        say(f"Saved state to out/epoch_{epoch}")
    run.after()


@style("fairseq json lines", ("valid_loss", "valid_ppl", "valid_best_loss"), ("train_loss", "train_ppl"))
def fairseq(run: GeneratedRun) -> None:
    import math

    val = run.curve(11, 11.2, 4.9, 0.02, 0.025)
    train = run.beside(val, (11.2, 4.9), (11.6, 4.4), 0.02)
    updates = 0

    def say(logger: str, values: dict[str, str]) -> None:
        run.wait(1)
        fields = "{" + ", ".join(f'"{key}": {value}' for key, value in values.items()) + "}"
        run.say(f"{run.at('log')} | INFO | {logger} | {fields}")

    run.say(f"{run.at('log')} | INFO | fairseq_cli.train | distributed init (rank 0): tcp://localhost:{run.port}")
    for epoch in range(11):
        run.epoch()
        updates += 371
        say(
            "train",
            {
                "epoch": str(epoch + 1),
                "train_loss": f'"{run.value("train_loss", train[epoch], ".3f")}"',
                "train_ppl": f'"{run.value("train_ppl", 2 ** train[epoch], ".2f")}"',
                "train_wps": f'"{run.random.gauss(41000, 900):.1f}"',
                "train_num_updates": f'"{updates}"',
                "train_lr": f'"{5e-4 * min(1, updates / 2000) / math.sqrt(max(1, updates / 2000)):.6g}"',
                "train_train_wall": f'"{run.wait(30):.0f}"',
            },
        )
        say(
            "valid",
            {
                "epoch": str(epoch + 1),
                "valid_loss": f'"{run.value("valid_loss", val[epoch], ".3f")}"',
                "valid_ppl": f'"{2 ** val[epoch]:.2f}"',
                "valid_num_updates": f'"{updates}"',
            },
        )
    run.after()
    run.say(f"{run.at('log')} | INFO | fairseq_cli.train | done training in {run.wait(500):.1f} seconds")


@style("structlog nested json", ("valid.auc", "auc", "valid auc", "metrics.valid.auc"), ("logloss",))
def structlog(run: GeneratedRun) -> None:
    loss = run.curve(14, 0.69, 0.41, 0.004, 0.004)
    auc = run.beside(loss, (0.69, 0.41), (0.5, 0.88), 0.003)
    job = run.uuid()
    host = run.host()

    def say(event: str, fields: str) -> None:
        run.wait(1)
        keys = [f'"event": "{event}"', fields, f'"timestamp": "{run.at("iso")}.{run.milliseconds}Z"']
        run.say("{" + ", ".join([*keys, f'"host": "{host}"', f'"job": "{job}"', f'"pid": {run.pid}']) + "}")

    say("start", f'"config": {json.dumps({"lr": 0.01, "layers": [64, 32]})}')
    for epoch in range(14):
        run.epoch()
        say(
            "eval",
            f'"epoch": {epoch}, "metrics": {{"train": {{"logloss": {run.value("logloss", loss[epoch], ".5f")}}}, '
            f'"valid": {{"auc": {run.value("valid.auc", auc[epoch], ".5f")}}}}}',
        )
    run.after()
    say("end", '"status": "ok"')


@style("tf estimator", ("eval loss", "loss"), ("accuracy",))
def estimator(run: GeneratedRun) -> None:
    loss = run.curve(6, 2.2, 0.31, 0.008, 0.012)
    accuracy = run.beside(loss, (2.2, 0.31), (0.2, 0.91), 0.004)

    def say(place: str, line: str) -> None:
        run.wait(0.5)
        run.say(f"I{run.at('glog')}.{run.random.randrange(10**6):06d} {run.random.getrandbits(46)} {place}] {line}")

    say(
        "estimator.py:212",
        f"Using config: model_dir /tmp/tmp{run.letters(8)}, master grpc://10.2.0.{run.pid % 250}:8470",
    )
    for epoch in range(6):
        run.epoch()
        for inner in range(3):
            step = 300 * epoch + 100 * inner
            say(
                "basic_session_run_hooks.py:262",
                f"loss = {run.random.gauss(loss[epoch], 0.05):.7f}, step = {step} ({run.wait(0.4):.3f} sec)",
            )
            say("tpu_estimator.py:2307", f"global_step/sec: {run.random.gauss(310, 8):.3f}")
        say("evaluation.py:275", f"Finished evaluation at {run.at('log')}")
        say(
            "estimator.py:2049",
            f"Saving dict for global step {300 * (epoch + 1)}: accuracy = "
            f"{run.value('accuracy', accuracy[epoch], '.6f')}, "
            f"global_step = {300 * (epoch + 1)}, loss = {run.value('eval loss', loss[epoch] + 0.03, '.6f')}",
        )
    run.after()
    say("estimator.py:350", f"Loss for final step: {run.random.gauss(loss[-1], 0.05):.7f}.")


@style("mxnet module", ("Validation-accuracy",), ("Train-accuracy",))
def mxnet(run: GeneratedRun) -> None:
    held_out = run.curve(10, 0.31, 0.842, 0.004, 0.004)
    train = run.beside(held_out, (0.31, 0.842), (0.3, 0.93), 0.003)
    run.say(f"INFO:root:start with arguments Namespace(kv_store='device', model_prefix='/tmp/{run.letters(8)}')")
    for epoch in range(10):
        run.epoch()
        for batch in (20, 40):
            run.say(
                f"INFO:root:Epoch[{epoch}] Batch [{batch - 20}-{batch}]\tSpeed: {run.random.gauss(2900, 60):.2f} "
                "samples/sec"
                f"\taccuracy={run.random.gauss(train[epoch], 0.01):.6f}"
            )
        run.say(f"INFO:root:Epoch[{epoch}] Train-accuracy={run.value('Train-accuracy', train[epoch], '.6f')}")
        run.say(f"INFO:root:Epoch[{epoch}] Time cost={run.wait(6):.3f}")
        run.say(
            f"INFO:root:Epoch[{epoch}] Validation-accuracy={run.value('Validation-accuracy', held_out[epoch], '.6f')}"
        )
    run.after()


@style("lightgbm", ("valid_1's auc",), ("training's auc",))
def lightgbm(run: GeneratedRun) -> None:
    held_out = run.curve(30, 0.71, 0.874, 0.002, 0.0006, rate=5)
    falling = [value - max(0, epoch - 18) * 0.0009 for epoch, value in enumerate(held_out)]
    train = run.beside(held_out, (0.71, 0.874), (0.73, 0.96), 0.0006)
    run.say("[LightGBM] [Info] Number of positive: 5102, number of negative: 4898")
    run.say(
        "[LightGBM] [Info] Auto-choosing row-wise multi-threading, the overhead of testing was "
        f"{run.wait(1) / 900:.6f} seconds."
    )
    run.say("[LightGBM] [Info] Total Bins 6132")
    run.say("Training until validation scores don't improve for 5 rounds")
    epochs = run.patience(falling, 5, "more")
    for epoch in range(epochs):
        run.epoch()
        run.say(
            f"[{epoch + 1}]\ttraining's auc: {run.value(TRAINING_AUC, train[epoch], '.6f')}"
            f"\tvalid_1's auc: {run.value(VALID_AUC, falling[epoch], '.6f')}"
        )
    run.after()
    run.say(
        "Early stopping, best iteration is:" if epochs < 30 else "Did not meet early stopping. Best iteration is:"
    )
    best = max(range(epochs), key=lambda epoch: falling[epoch])
    run.say(f"[{best + 1}]\ttraining's auc: {train[best]:.6f}\tvalid_1's auc: {falling[best]:.6f}")


@style("catboost", ("test",), ("learn",))
def catboost(run: GeneratedRun) -> None:
    held_out = run.curve(20, 0.66, 0.392, 0.003, 0.001, rate=4)
    learn = run.beside(held_out, (0.66, 0.392), (0.65, 0.31), 0.001)
    run.say("Learning rate set to 0.083")
    best, best_at = 9.0, 0
    for epoch in range(20):
        run.epoch()
        if held_out[epoch] < best:
            best, best_at = held_out[epoch], epoch
        seconds = run.wait(0.02) * 1000
        run.say(
            f"{epoch * 10}:\tlearn: {run.value('learn', learn[epoch], '.7f')}\ttest: "
            f"{run.value('test', held_out[epoch], '.7f')}"
            f"\tbest: {best:.7f} ({best_at * 10})\ttotal: {seconds * (epoch + 1):.1f}ms\tremaining: "
            f"{seconds * (19 - epoch):.1f}ms"
        )
    run.after()
    run.say()
    run.say(f"bestTest = {best:.9f}")
    run.say(f"bestIteration = {best_at * 10}")


TRAINING_AUC, VALID_AUC = "training's auc", "valid_1's auc"
STYLES = (keras_lines, tqdm, fastai, accelerate, fairseq, structlog, estimator, mxnet, lightgbm, catboost)
