"""Styles for judging: trainings of networks, as frameworks print their epochs."""

import json

from benchmarks.wild.made import Made
from benchmarks.wild.style import style


@style("keras verbose=2 early stop", ("val_loss",), ("loss", "auc", "val_auc"))
def keras_lines(made: Made) -> None:
    val = made.curve(22, 0.69, 0.44, 0.006, 0.004, rate=5)
    up = [value + max(0, at - 13) * 0.004 for at, value in enumerate(val)]
    loss = made.beside(val, (0.69, 0.44), (0.71, 0.35), 0.004)
    auc = made.beside(val, (0.69, 0.44), (0.55, 0.93), 0.003)
    held = made.beside(val, (0.69, 0.44), (0.56, 0.88), 0.003)
    made.say(
        f"{made.at('log')}.{made.random.randrange(10**6):06d}: E external/local_xla/xla/stream_executor/cuda_dnn.cc"
    )
    ends = made.patience(up, 4)
    for at in range(ends):
        made.epoch()
        made.say(f"Epoch {at + 1}/40")
        took = made.wait(0.6)
        made.say(
            f"63/63 - {took:.0f}s - loss: {made.value('loss', loss[at])} - auc: {made.value('auc', auc[at])} - "
            f"val_loss: {made.value('val_loss', up[at])} - val_auc: {made.value('val_auc', held[at])} - "
            f"{took:.0f}s/epoch - {took * 1000 / 63:.0f}ms/step"
        )
    made.after()
    made.say(f"Epoch {ends}: early stopping")
    made.say(f"Restoring model weights from the end of the best epoch: {ends - 4}.")


@style("tqdm redraws", ("test_loss", "test_acc"), ("loss", "test_acc"))
def tqdm(made: Made) -> None:
    loss = made.curve(9, 2.2, 0.62, 0.012, 0.02)
    held = made.beside(loss, (2.2, 0.62), (2.1, 0.8), 0.012)
    right = made.beside(loss, (2.2, 0.62), (18, 78.5), 0.35)
    made.say(f"Namespace(seed={made.random.randrange(10**5)}, epochs=9, out='/tmp/run_{made.letters(8)}')")
    for at in range(9):
        made.epoch()
        took = made.wait(6)
        for step in sorted(made.random.sample(range(391), made.random.randrange(2, 12))):
            blocks = "█" * (step * 10 // 391) + made.random.choice(" ▏▎▍▌▋▊▉")
            gone = took * step / 391
            made.say(
                f"\rEpoch {at}: {step * 100 // 391:3d}%|{blocks:<10}| {step}/391 "
                f"[00:{gone:02.0f}<00:{took - gone:02.0f},"
                f" {391 / took:.2f}it/s, loss={made.random.gauss(loss[at], 0.1):.3f}]",
                end="",
            )
        made.say(
            f"\rEpoch {at}: 100%|██████████| 391/391 [00:{took:02.0f}<00:00, {391 / took:.2f}it/s, "
            f"loss={made.value('loss', loss[at], '.3f')}]"
        )
        made.say(
            f"test_loss={made.value('test_loss', held[at], '.4f')} "
            f"test_acc={made.value('test_acc', right[at], '.2f')}"
        )
    made.after()


@style("fastai table", ("valid_loss",), ("train_loss", "error_rate"))
def fastai(made: Made) -> None:
    val = made.curve(8, 0.82, 0.21, 0.006, 0.008)
    train = made.beside(val, (0.82, 0.21), (1.2, 0.18), 0.01)
    wrong = made.beside(val, (0.82, 0.21), (0.24, 0.066), 0.002)
    made.say("epoch     train_loss  valid_loss  error_rate  time    ")
    for at in range(8):
        made.epoch()
        took = made.wait(11)
        made.say(
            f"{at:<10}{made.value('train_loss', train[at], '<12.6f')}{made.value('valid_loss', val[at], '<12.6f')}"
            f"{made.value('error_rate', wrong[at], '<12.6f')}{int(took // 60):02d}:{int(took % 60):02d}     "
        )
    made.after()


@style("accelerate logger", ("eval_loss", "perplexity"), ("perplexity",))
def accelerate(made: Made) -> None:
    import math

    held = made.curve(7, 3.9, 2.95, 0.008, 0.008)

    def say(line: str) -> None:
        made.wait(2)
        made.say(f"{made.at('american')} - INFO - __main__ - {line}")

    for rank in made.random.sample((0, 1), 2):
        say(f"Distributed environment: MULTI_GPU  Backend: nccl, process {rank}, device: cuda:{rank}")
    say(f"Loading cached dataset at /root/.cache/arrow/{made.hexes(40)}/cache-{made.hexes(16)}.arrow")
    say("***** Running training *****")
    for at in range(7):
        made.epoch()
        shown = made.value("perplexity", math.exp(held[at]), ".6f")
        say(f"epoch {at}: perplexity: {shown} eval_loss: {made.value('eval_loss', held[at], '.6f')}")
        say(f"Saved state to out/epoch_{at}")
    made.after()


@style("fairseq json lines", ("valid_loss", "valid_ppl", "valid_best_loss"), ("train_loss", "train_ppl"))
def fairseq(made: Made) -> None:
    import math

    val = made.curve(11, 11.2, 4.9, 0.02, 0.025)
    train = made.beside(val, (11.2, 4.9), (11.6, 4.4), 0.02)
    updates = 0

    def say(logger: str, values: dict[str, str]) -> None:
        made.wait(1)
        told = "{" + ", ".join(f'"{key}": {value}' for key, value in values.items()) + "}"
        made.say(f"{made.at('log')} | INFO | {logger} | {told}")

    made.say(f"{made.at('log')} | INFO | fairseq_cli.train | distributed init (rank 0): tcp://localhost:{made.port}")
    for at in range(11):
        made.epoch()
        updates += 371
        say(
            "train",
            {
                "epoch": str(at + 1),
                "train_loss": f'"{made.value("train_loss", train[at], ".3f")}"',
                "train_ppl": f'"{made.value("train_ppl", 2 ** train[at], ".2f")}"',
                "train_wps": f'"{made.random.gauss(41000, 900):.1f}"',
                "train_num_updates": f'"{updates}"',
                "train_lr": f'"{5e-4 * min(1, updates / 2000) / math.sqrt(max(1, updates / 2000)):.6g}"',
                "train_train_wall": f'"{made.wait(30):.0f}"',
            },
        )
        say(
            "valid",
            {
                "epoch": str(at + 1),
                "valid_loss": f'"{made.value("valid_loss", val[at], ".3f")}"',
                "valid_ppl": f'"{2 ** val[at]:.2f}"',
                "valid_num_updates": f'"{updates}"',
            },
        )
    made.after()
    made.say(f"{made.at('log')} | INFO | fairseq_cli.train | done training in {made.wait(500):.1f} seconds")


@style("structlog nested json", ("valid.auc", "auc", "valid auc", "metrics.valid.auc"), ("logloss",))
def structlog(made: Made) -> None:
    loss = made.curve(14, 0.69, 0.41, 0.004, 0.004)
    auc = made.beside(loss, (0.69, 0.41), (0.5, 0.88), 0.003)
    job = made.uuid()
    host = made.host()

    def say(event: str, told: str) -> None:
        made.wait(1)
        keys = [f'"event": "{event}"', told, f'"timestamp": "{made.at("iso")}.{made.milliseconds}Z"']
        made.say("{" + ", ".join([*keys, f'"host": "{host}"', f'"job": "{job}"', f'"pid": {made.pid}']) + "}")

    say("start", f'"config": {json.dumps({"lr": 0.01, "layers": [64, 32]})}')
    for at in range(14):
        made.epoch()
        say(
            "eval",
            f'"epoch": {at}, "metrics": {{"train": {{"logloss": {made.value("logloss", loss[at], ".5f")}}}, '
            f'"valid": {{"auc": {made.value("valid.auc", auc[at], ".5f")}}}}}',
        )
    made.after()
    say("end", '"status": "ok"')


@style("tf estimator", ("eval loss", "loss"), ("accuracy",))
def estimator(made: Made) -> None:
    loss = made.curve(6, 2.2, 0.31, 0.008, 0.012)
    right = made.beside(loss, (2.2, 0.31), (0.2, 0.91), 0.004)

    def say(place: str, line: str) -> None:
        made.wait(0.5)
        made.say(
            f"I{made.at('glog')}.{made.random.randrange(10**6):06d} {made.random.getrandbits(46)} {place}] {line}"
        )

    say(
        "estimator.py:212",
        f"Using config: model_dir /tmp/tmp{made.letters(8)}, master grpc://10.2.0.{made.pid % 250}:8470",
    )
    for at in range(6):
        made.epoch()
        for inner in range(3):
            step = 300 * at + 100 * inner
            say(
                "basic_session_run_hooks.py:262",
                f"loss = {made.random.gauss(loss[at], 0.05):.7f}, step = {step} ({made.wait(0.4):.3f} sec)",
            )
            say("tpu_estimator.py:2307", f"global_step/sec: {made.random.gauss(310, 8):.3f}")
        say("evaluation.py:275", f"Finished evaluation at {made.at('log')}")
        say(
            "estimator.py:2049",
            f"Saving dict for global step {300 * (at + 1)}: accuracy = {made.value('accuracy', right[at], '.6f')}, "
            f"global_step = {300 * (at + 1)}, loss = {made.value('eval loss', loss[at] + 0.03, '.6f')}",
        )
    made.after()
    say("estimator.py:350", f"Loss for final step: {made.random.gauss(loss[-1], 0.05):.7f}.")


@style("mxnet module", ("Validation-accuracy",), ("Train-accuracy",))
def mxnet(made: Made) -> None:
    held = made.curve(10, 0.31, 0.842, 0.004, 0.004)
    train = made.beside(held, (0.31, 0.842), (0.3, 0.93), 0.003)
    made.say(f"INFO:root:start with arguments Namespace(kv_store='device', model_prefix='/tmp/{made.letters(8)}')")
    for at in range(10):
        made.epoch()
        for batch in (20, 40):
            made.say(
                f"INFO:root:Epoch[{at}] Batch [{batch - 20}-{batch}]\tSpeed: {made.random.gauss(2900, 60):.2f} "
                "samples/sec"
                f"\taccuracy={made.random.gauss(train[at], 0.01):.6f}"
            )
        made.say(f"INFO:root:Epoch[{at}] Train-accuracy={made.value('Train-accuracy', train[at], '.6f')}")
        made.say(f"INFO:root:Epoch[{at}] Time cost={made.wait(6):.3f}")
        made.say(f"INFO:root:Epoch[{at}] Validation-accuracy={made.value('Validation-accuracy', held[at], '.6f')}")
    made.after()


@style("lightgbm", ("valid_1's auc",), ("training's auc",))
def lightgbm(made: Made) -> None:
    held = made.curve(30, 0.71, 0.874, 0.002, 0.0006, rate=5)
    down = [value - max(0, at - 18) * 0.0009 for at, value in enumerate(held)]
    train = made.beside(held, (0.71, 0.874), (0.73, 0.96), 0.0006)
    made.say("[LightGBM] [Info] Number of positive: 5102, number of negative: 4898")
    made.say(
        "[LightGBM] [Info] Auto-choosing row-wise multi-threading, the overhead of testing was "
        f"{made.wait(1) / 900:.6f} seconds."
    )
    made.say("[LightGBM] [Info] Total Bins 6132")
    made.say("Training until validation scores don't improve for 5 rounds")
    ends = made.patience(down, 5, "more")
    for at in range(ends):
        made.epoch()
        made.say(
            f"[{at + 1}]\ttraining's auc: {made.value(TRAINING_AUC, train[at], '.6f')}"
            f"\tvalid_1's auc: {made.value(VALID_AUC, down[at], '.6f')}"
        )
    made.after()
    made.say("Early stopping, best iteration is:" if ends < 30 else "Did not meet early stopping. Best iteration is:")
    best = max(range(ends), key=lambda at: down[at])
    made.say(f"[{best + 1}]\ttraining's auc: {train[best]:.6f}\tvalid_1's auc: {down[best]:.6f}")


@style("catboost", ("test",), ("learn",))
def catboost(made: Made) -> None:
    held = made.curve(20, 0.66, 0.392, 0.003, 0.001, rate=4)
    learn = made.beside(held, (0.66, 0.392), (0.65, 0.31), 0.001)
    made.say("Learning rate set to 0.083")
    best, best_at = 9.0, 0
    for at in range(20):
        made.epoch()
        if held[at] < best:
            best, best_at = held[at], at
        took = made.wait(0.02) * 1000
        made.say(
            f"{at * 10}:\tlearn: {made.value('learn', learn[at], '.7f')}\ttest: {made.value('test', held[at], '.7f')}"
            f"\tbest: {best:.7f} ({best_at * 10})\ttotal: {took * (at + 1):.1f}ms\tremaining: "
            f"{took * (19 - at):.1f}ms"
        )
    made.after()
    made.say()
    made.say(f"bestTest = {best:.9f}")
    made.say(f"bestIteration = {best_at * 10}")


TRAINING_AUC, VALID_AUC = "training's auc", "valid_1's auc"
STYLES = (keras_lines, tqdm, fastai, accelerate, fairseq, structlog, estimator, mxnet, lightgbm, catboost)
