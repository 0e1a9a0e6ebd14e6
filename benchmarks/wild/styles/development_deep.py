"""Styles for development: trainings of networks, as frameworks print their epochs."""

import json

from benchmarks.wild.made import Made
from benchmarks.wild.style import style


@style("keras verbose=1", ("val_loss",), ("loss", "accuracy", "val_accuracy"))
def keras_bars(made: Made) -> None:
    val = made.curve(12, 1.1, 0.42, 0.012, 0.012)
    loss = made.beside(val, (1.1, 0.42), (1.25, 0.3), 0.01)
    accuracy = made.beside(val, (1.1, 0.42), (0.55, 0.9), 0.004)
    held = made.beside(val, (1.1, 0.42), (0.6, 0.86), 0.004)
    made.say(
        f"{made.at('log')}.{made.random.randrange(10**6):06d}: I tensorflow/core/platform/cpu_feature_guard.cc:182]"
    )
    made.say(f"Found GPU 0 on {made.host()}, process {made.pid}")
    for at in range(12):
        made.epoch()
        made.say(f"Epoch {at + 1}/12")
        took = made.wait(4)
        for step in sorted(made.random.sample(range(1, 196), made.random.randrange(3, 9))):
            arrow = "=" * (step * 30 // 196) + ">"
            left = took * (196 - step) / 196
            shown = made.random.gauss(loss[at], 0.05)
            made.say(f"{step:3d}/196 [{arrow:.<30}] - ETA: {left:.0f}s - loss: {shown:.4f}", end="\r")
        tail = (
            f"loss: {made.value('loss', loss[at])} - accuracy: {made.value('accuracy', accuracy[at])} - "
            f"val_loss: {made.value('val_loss', val[at])} - val_accuracy: {made.value('val_accuracy', held[at])}"
        )
        made.say(f"196/196 [{'=' * 30}] - {took:.0f}s {took / 196 * 1000:.0f}ms/step - {tail}")
    made.after()
    made.say(f"Model saved to /tmp/tmp{made.letters(8)}/model.h5")


@style("lightning bars", ("val_loss",), ("train_loss", "val_acc"))
def lightning(made: Made) -> None:
    val = made.curve(10, 0.9, 0.31, 0.01, 0.01)
    accuracy = made.beside(val, (0.9, 0.31), (0.7, 0.91), 0.003)
    made.say("GPU available: True (cuda), used: True")
    made.say("LOCAL_RANK: 0 - CUDA_VISIBLE_DEVICES: [0]")
    made.say(f"Saving to /scratch/{made.uuid()}/lightning_logs/version_{made.random.randrange(90)}")
    made.say("  | Name  | Type | Params")
    made.say("0 | model | MLP  | 109 K")
    version = made.random.randrange(90)
    for at in range(10):
        made.epoch()
        loss = made.random.gauss(val[at] + 0.02, 0.03)
        took = made.wait(5)
        for step in (0, made.random.randrange(40, 100), made.random.randrange(100, 200)):
            blocks = "█" * (step * 10 // 235)
            made.say(
                f"Epoch {at}: {step * 100 // 235:3d}%|{blocks:<10}| {step}/235 [00:{took * step / 235:02.0f}<00:"
                f"{took * (235 - step) / 235:02.0f}, {235 / took:.2f}it/s, v_num={version}]",
                end="\r",
            )
        made.say(
            f"Epoch {at}: 100%|{'█' * 10}| 235/235 [00:{took:02.0f}<00:00, {235 / took:.2f}it/s, v_num={version}, "
            f"train_loss={made.value('train_loss', loss, '.3f')}, val_loss={made.value('val_loss', val[at], '.3f')}, "
            f"val_acc={made.value('val_acc', accuracy[at], '.3f')}]"
        )
    made.after()
    made.say("`Trainer.fit` stopped: `max_epochs=10` reached.")


@style("hf trainer", ("eval_loss",), ("loss", "eval_accuracy", "grad_norm"))
def hf_trainer(made: Made) -> None:
    val = made.curve(8, 0.66, 0.41, 0.012, 0.008)
    losses = made.curve(16, 0.69, 0.3, 0.01, 0.02)
    accuracy = made.beside(val, (0.66, 0.41), (0.6, 0.84), 0.006)
    made.say(f"[INFO|trainer.py:1812] {made.at('log')},{made.milliseconds} >> ***** Running training *****")
    made.say("  Num examples = 8,551")
    for at in range(8):
        made.epoch()
        for half in range(2):
            step = 2 * at + half
            made.say(
                f"{{'loss': {made.value('loss', losses[step])}, "
                f"'grad_norm': {made.value('grad_norm', abs(made.random.gauss(2.2, 0.5)), '.6f')}, "
                f"'learning_rate': {5e-5 * (1 - step / 16):.4g}, 'epoch': {(step + 1) / 2}}}"
            )
        took = made.wait(2)
        made.say(
            f"{{'eval_loss': {made.value('eval_loss', val[at], '.6f')}, "
            f"'eval_accuracy': {made.value('eval_accuracy', accuracy[at], '.6f')}, "
            f"'eval_runtime': {took:.4f}, 'eval_samples_per_second': {1043 / took:.3f}, 'epoch': {at + 1.0}}}"
        )
    made.after()
    took = made.wait(60)
    made.say(
        f"{{'train_runtime': {took:.4f}, 'train_samples_per_second': {68000 / took:.3f}, "
        f"'train_loss': {sum(losses) / 16:.6f}, 'epoch': 8.0}}"
    )


@style("nanogpt", ("val loss",), ("train loss", "loss"))
def nanogpt(made: Made) -> None:
    val = made.curve(9, 4.28, 1.49, 0.008, 0.01, rate=4)
    train = made.beside(val, (4.28, 1.49), (4.27, 1.29), 0.006)
    made.say("tokens per iteration will be: 16,384")
    made.say("found vocab_size = 65 (inside data/shakespeare_char/meta.pkl)")
    made.say("number of parameters: 10.65M")
    made.say(f"compiling the model... (takes a ~minute), cache /tmp/torchinductor_{made.letters(6)}")
    for at in range(9):
        made.epoch()
        step = at * 250
        made.say(
            f"step {step}: train loss {made.value('train loss', train[at])}, "
            f"val loss {made.value('val loss', val[at])}"
        )
        if at:
            made.say("saving checkpoint to out-shakespeare-char")
        for inner in range(5):
            took = made.wait(0.01)
            loss = made.random.gauss(train[at] - 0.02 * inner, 0.03)
            busy = -100 if at == inner == 0 else 16 + made.random.gauss(0, 0.5)
            made.say(
                f"iter {step + 50 * inner}: loss {made.value('loss', loss)}, "
                f"time {took * 1000:.2f}ms, mfu {busy:.2f}%"
            )
    made.after()


@style("detectron json_stats", ("loss",), ("loss_bbox", "loss_cls", "accuracy_cls"))
def json_stats(made: Made) -> None:
    losses = made.curve(15, 2.1, 0.72, 0.012, 0.02)
    box = made.beside(losses, (2.1, 0.72), (0.4, 0.21), 0.006)
    right = made.beside(losses, (2.1, 0.72), (0.8, 0.95), 0.003)
    made.say(f"INFO {made.at('log')} train.py: 42: Called with args: seed {made.random.randrange(10**6)}")
    for at in range(15):
        made.epoch()
        took = made.wait(0.2)
        pieces = {
            "accuracy_cls": made.value("accuracy_cls", right[at], ".6f"),
            "eta": f"0:{(15 - at) * took:02.0f}:11",
            "iter": at * 20,
            "loss": made.value("loss", losses[at], ".6f"),
            "loss_bbox": made.value("loss_bbox", box[at], ".6f"),
            "loss_cls": made.value("loss_cls", losses[at] - box[at], ".6f"),
            "lr": f"{0.02 * min(1, (at + 1) / 5):.6f}",
            "mb_qsize": made.random.randrange(60, 65),
            "mem": made.random.randrange(7900, 7960),
            "time": f"{took:.6f}",
        }
        made.say("json_stats: {" + ", ".join(f'"{key}": {told}' for key, told in pieces.items()) + "}")
    made.after()


@style("mlperf mllog", ("eval_accuracy",))
def mllog(made: Made) -> None:
    curve = made.curve(12, 0.2, 0.766, 0.003, 0.004, rate=4)
    ends = next((at for at, value in enumerate(curve[5:], start=6) if value > 0.752), 12)

    def event(key: str, value: object, line: int, **more: int) -> None:
        now = int(made.now.timestamp() * 1000)
        place = json.dumps({"file": f"/workspace/{made.letters(3)}/train.py", "lineno": line, **more})
        kind = "INTERVAL_START" if key.endswith("start") else "POINT_IN_TIME"
        made.say(
            f':::MLLOG {{"namespace": "", "time_ms": {now}, "event_type": "{kind}", "key": "{key}", '
            f'"value": {value}, "metadata": {place}}}'
        )

    event("submission_benchmark", '"resnet"', 210)
    event("global_batch_size", 4096, 211)
    event("seed", made.random.getrandbits(31), 212)
    event("run_start", "null", 301)
    for at in range(ends):
        made.epoch()
        event("epoch_start", "null", 320, epoch_num=at)
        made.wait(20)
        event("epoch_stop", "null", 377, epoch_num=at)
        event("eval_accuracy", made.value("eval_accuracy", curve[at], ".7f"), 381, epoch_num=at)
    made.after()
    event("run_stop", "null", 399)


@style("caffe glog", ("loss", "Test loss"), ("accuracy",))
def caffe(made: Made) -> None:
    test = made.curve(8, 2.3, 0.61, 0.012, 0.012)
    right = made.beside(test, (2.3, 0.61), (0.1, 0.79), 0.004)

    def say(place: str, line: str) -> None:
        made.wait(0.1)
        made.say(f"I{made.at('glog')}.{made.random.randrange(10**6):06d} {made.pid:>5} {place}] {line}")

    say("caffe.cpp:218", "Using GPUs 0")
    say("solver.cpp:44", f"Initializing solver from parameters on {made.host()}")
    say("net.cpp:255", "Network initialization done.")
    for at in range(8):
        made.epoch()
        say("solver.cpp:330", f"Iteration {at * 500}, Testing net (#0)")
        say("solver.cpp:397", f"    Test net output #0: accuracy = {made.value('accuracy', right[at])}")
        shown = made.value("loss", test[at], ".5f")
        say("solver.cpp:397", f"    Test net output #1: loss = {shown} (* 1 = {shown} loss)")
        train = made.random.gauss(test[at] * 0.95, 0.05)
        say("solver.cpp:218", f"Iteration {at * 500} ({made.random.gauss(33, 1):.4f} iter/s), loss = {train:.5f}")
        say("sgd_solver.cpp:105", f"Iteration {at * 500}, lr = {0.001 if at < 6 else 0.0001}")
    made.after()
    say("solver.cpp:447", "Snapshotting to binary proto file cifar10_iter_4000.caffemodel")
    say("solver.cpp:315", "Optimization Done.")


@style("paddle", ("Eval top1", "top1"), ("CELoss", "top5"))
def paddle(made: Made) -> None:
    loss = made.curve(8, 4.3, 1.2, 0.02, 0.02)
    top1 = made.beside(loss, (4.3, 1.2), (0.05, 0.71), 0.004)
    top5 = made.beside(loss, (4.3, 1.2), (0.2, 0.9), 0.003)

    def say(line: str) -> None:
        made.wait(0.5)
        made.say(f"[{made.at('log')},{made.milliseconds}] [    INFO] - {line}")

    say(f"train with paddle 2.4.1, device gpu:0, log at /root/output/{made.uuid()}")
    for at in range(8):
        made.epoch()
        for step in (0, 10, 20):
            noisy = made.random.gauss(loss[at], 0.05)
            say(
                f"[Train][Epoch {at + 1}/8][Iter: {step}/25]lr: {0.1 * (1 - at / 8):.5f}, "
                f"CELoss: {made.value('CELoss', noisy, '.5f')}, batch_cost: {made.wait(0.1):.5f}s, reader_cost: "
                f"{made.random.uniform(0.01, 0.02):.5f}, ips: {made.random.gauss(800, 20):.5f} samples/s"
            )
        say(
            f"[Eval][Epoch {at + 1}][Avg]CELoss: {loss[at] + 0.1:.5f}, "
            f"top1: {made.value('Eval top1', top1[at], '.5f')}, "
            f"top5: {made.value('top5', top5[at], '.5f')}"
        )
    made.after()


STYLES = (keras_bars, lightning, hf_trainer, nanogpt, json_stats, mllog, caffe, paddle)
