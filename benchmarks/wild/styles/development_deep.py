"""Styles for development: trainings of networks, as frameworks print their epochs."""

import json

from benchmarks.wild.made import GeneratedRun
from benchmarks.wild.style import style


@style("keras verbose=1", ("val_loss",), ("loss", "accuracy", "val_accuracy"))
def keras_bars(run: GeneratedRun) -> None:
    val = run.curve(12, 1.1, 0.42, 0.012, 0.012)
    loss = run.beside(val, (1.1, 0.42), (1.25, 0.3), 0.01)
    accuracy = run.beside(val, (1.1, 0.42), (0.55, 0.9), 0.004)
    val_accuracy = run.beside(val, (1.1, 0.42), (0.6, 0.86), 0.004)
    run.say(
        f"{run.at('log')}.{run.random.randrange(10**6):06d}: I tensorflow/core/platform/cpu_feature_guard.cc:182]"
    )
    run.say(f"Found GPU 0 on {run.host()}, process {run.pid}")
    for epoch in range(12):
        run.epoch()
        run.say(f"Epoch {epoch + 1}/12")
        seconds = run.wait(4)
        for step in sorted(run.random.sample(range(1, 196), run.random.randrange(3, 9))):
            arrow = "=" * (step * 30 // 196) + ">"
            remaining = seconds * (196 - step) / 196
            step_loss = run.random.gauss(loss[epoch], 0.05)
            run.say(f"{step:3d}/196 [{arrow:.<30}] - ETA: {remaining:.0f}s - loss: {step_loss:.4f}", end="\r")
        tail = (
            f"loss: {run.value('loss', loss[epoch])} - accuracy: {run.value('accuracy', accuracy[epoch])} - "
            f"val_loss: {run.value('val_loss', val[epoch])} - val_accuracy: "
            f"{run.value('val_accuracy', val_accuracy[epoch])}"
        )
        run.say(f"196/196 [{'=' * 30}] - {seconds:.0f}s {seconds / 196 * 1000:.0f}ms/step - {tail}")
    run.after()
    run.say(f"Model saved to /tmp/tmp{run.letters(8)}/model.h5")


@style("lightning bars", ("val_loss",), ("train_loss", "val_acc"))
def lightning(run: GeneratedRun) -> None:
    val = run.curve(10, 0.9, 0.31, 0.01, 0.01)
    accuracy = run.beside(val, (0.9, 0.31), (0.7, 0.91), 0.003)
    run.say("GPU available: True (cuda), used: True")
    run.say("LOCAL_RANK: 0 - CUDA_VISIBLE_DEVICES: [0]")
    run.say(f"Saving to /scratch/{run.uuid()}/lightning_logs/version_{run.random.randrange(90)}")
    run.say("  | Name  | Type | Params")
    run.say("0 | model | MLP  | 109 K")
    version = run.random.randrange(90)
    for epoch in range(10):
        run.epoch()
        loss = run.random.gauss(val[epoch] + 0.02, 0.03)
        seconds = run.wait(5)
        for step in (0, run.random.randrange(40, 100), run.random.randrange(100, 200)):
            blocks = "█" * (step * 10 // 235)
            run.say(
                f"Epoch {epoch}: {step * 100 // 235:3d}%|{blocks:<10}| {step}/235 "
                f"[00:{seconds * step / 235:02.0f}<00:"
                f"{seconds * (235 - step) / 235:02.0f}, {235 / seconds:.2f}it/s, v_num={version}]",
                end="\r",
            )
        run.say(
            f"Epoch {epoch}: 100%|{'█' * 10}| 235/235 [00:{seconds:02.0f}<00:00, {235 / seconds:.2f}it/s, "
            f"v_num={version}, "
            f"train_loss={run.value('train_loss', loss, '.3f')}, "
            f"val_loss={run.value('val_loss', val[epoch], '.3f')}, "
            f"val_acc={run.value('val_acc', accuracy[epoch], '.3f')}]"
        )
    run.after()
    run.say("`Trainer.fit` stopped: `max_epochs=10` reached.")


@style("hf trainer", ("eval_loss",), ("loss", "eval_accuracy", "grad_norm"))
def hf_trainer(run: GeneratedRun) -> None:
    val = run.curve(8, 0.66, 0.41, 0.012, 0.008)
    losses = run.curve(16, 0.69, 0.3, 0.01, 0.02)
    accuracy = run.beside(val, (0.66, 0.41), (0.6, 0.84), 0.006)
    run.say(f"[INFO|trainer.py:1812] {run.at('log')},{run.milliseconds} >> ***** Running training *****")
    run.say("  Num examples = 8,551")
    for epoch in range(8):
        run.epoch()
        for half in range(2):
            step = 2 * epoch + half
            run.say(
                f"{{'loss': {run.value('loss', losses[step])}, "
                f"'grad_norm': {run.value('grad_norm', abs(run.random.gauss(2.2, 0.5)), '.6f')}, "
                f"'learning_rate': {5e-5 * (1 - step / 16):.4g}, 'epoch': {(step + 1) / 2}}}"
            )
        seconds = run.wait(2)
        run.say(
            f"{{'eval_loss': {run.value('eval_loss', val[epoch], '.6f')}, "
            f"'eval_accuracy': {run.value('eval_accuracy', accuracy[epoch], '.6f')}, "
            f"'eval_runtime': {seconds:.4f}, 'eval_samples_per_second': {1043 / seconds:.3f}, 'epoch': "
            f"{epoch + 1.0}}}"
        )
    run.after()
    seconds = run.wait(60)
    run.say(
        f"{{'train_runtime': {seconds:.4f}, 'train_samples_per_second': {68000 / seconds:.3f}, "
        f"'train_loss': {sum(losses) / 16:.6f}, 'epoch': 8.0}}"
    )


@style("nanogpt", ("val loss",), ("train loss", "loss"))
def nanogpt(run: GeneratedRun) -> None:
    val = run.curve(9, 4.28, 1.49, 0.008, 0.01, rate=4)
    train = run.beside(val, (4.28, 1.49), (4.27, 1.29), 0.006)
    run.say("tokens per iteration will be: 16,384")
    run.say("found vocab_size = 65 (inside data/shakespeare_char/meta.pkl)")
    run.say("number of parameters: 10.65M")
    run.say(f"compiling the model... (takes a ~minute), cache /tmp/torchinductor_{run.letters(6)}")
    for epoch in range(9):
        run.epoch()
        step = epoch * 250
        run.say(
            f"step {step}: train loss {run.value('train loss', train[epoch])}, "
            f"val loss {run.value('val loss', val[epoch])}"
        )
        if epoch:
            run.say("saving checkpoint to out-shakespeare-char")
        for inner in range(5):
            seconds = run.wait(0.01)
            loss = run.random.gauss(train[epoch] - 0.02 * inner, 0.03)
            busy = -100 if epoch == inner == 0 else 16 + run.random.gauss(0, 0.5)
            run.say(
                f"iter {step + 50 * inner}: loss {run.value('loss', loss)}, "
                f"time {seconds * 1000:.2f}ms, mfu {busy:.2f}%"
            )
    run.after()


@style("detectron json_stats", ("loss",), ("loss_bbox", "loss_cls", "accuracy_cls"))
def json_stats(run: GeneratedRun) -> None:
    losses = run.curve(15, 2.1, 0.72, 0.012, 0.02)
    box = run.beside(losses, (2.1, 0.72), (0.4, 0.21), 0.006)
    accuracy = run.beside(losses, (2.1, 0.72), (0.8, 0.95), 0.003)
    run.say(f"INFO {run.at('log')} train.py: 42: Called with args: seed {run.random.randrange(10**6)}")
    for epoch in range(15):
        run.epoch()
        seconds = run.wait(0.2)
        pieces = {
            "accuracy_cls": run.value("accuracy_cls", accuracy[epoch], ".6f"),
            "eta": f"0:{(15 - epoch) * seconds:02.0f}:11",
            "iter": epoch * 20,
            "loss": run.value("loss", losses[epoch], ".6f"),
            "loss_bbox": run.value("loss_bbox", box[epoch], ".6f"),
            "loss_cls": run.value("loss_cls", losses[epoch] - box[epoch], ".6f"),
            "lr": f"{0.02 * min(1, (epoch + 1) / 5):.6f}",
            "mb_qsize": run.random.randrange(60, 65),
            "mem": run.random.randrange(7900, 7960),
            "time": f"{seconds:.6f}",
        }
        run.say("json_stats: {" + ", ".join(f'"{key}": {value}' for key, value in pieces.items()) + "}")
    run.after()


@style("mlperf mllog", ("eval_accuracy",))
def mllog(run: GeneratedRun) -> None:
    curve = run.curve(12, 0.2, 0.766, 0.003, 0.004, rate=4)
    epochs = next((epoch for epoch, value in enumerate(curve[5:], start=6) if value > 0.752), 12)

    def event(key: str, value: object, line: int, **extra: int) -> None:
        milliseconds = int(run.now.timestamp() * 1000)
        metadata = json.dumps({"file": f"/workspace/{run.letters(3)}/train.py", "lineno": line, **extra})
        kind = "INTERVAL_START" if key.endswith("start") else "POINT_IN_TIME"
        run.say(
            f':::MLLOG {{"namespace": "", "time_ms": {milliseconds}, "event_type": "{kind}", "key": "{key}", '
            f'"value": {value}, "metadata": {metadata}}}'
        )

    event("submission_benchmark", '"resnet"', 210)
    event("global_batch_size", 4096, 211)
    event("seed", run.random.getrandbits(31), 212)
    event("run_start", "null", 301)
    for epoch in range(epochs):
        run.epoch()
        event("epoch_start", "null", 320, epoch_num=epoch)
        run.wait(20)
        event("epoch_stop", "null", 377, epoch_num=epoch)
        event("eval_accuracy", run.value("eval_accuracy", curve[epoch], ".7f"), 381, epoch_num=epoch)
    run.after()
    event("run_stop", "null", 399)


@style("caffe glog", ("loss", "Test loss"), ("accuracy",))
def caffe(run: GeneratedRun) -> None:
    test = run.curve(8, 2.3, 0.61, 0.012, 0.012)
    accuracy = run.beside(test, (2.3, 0.61), (0.1, 0.79), 0.004)

    def say(place: str, line: str) -> None:
        run.wait(0.1)
        run.say(f"I{run.at('glog')}.{run.random.randrange(10**6):06d} {run.pid:>5} {place}] {line}")

    say("caffe.cpp:218", "Using GPUs 0")
    say("solver.cpp:44", f"Initializing solver from parameters on {run.host()}")
    say("net.cpp:255", "Network initialization done.")
    for epoch in range(8):
        run.epoch()
        say("solver.cpp:330", f"Iteration {epoch * 500}, Testing net (#0)")
        say("solver.cpp:397", f"    Test net output #0: accuracy = {run.value('accuracy', accuracy[epoch])}")
        loss_text = run.value("loss", test[epoch], ".5f")
        say("solver.cpp:397", f"    Test net output #1: loss = {loss_text} (* 1 = {loss_text} loss)")
        train = run.random.gauss(test[epoch] * 0.95, 0.05)
        say("solver.cpp:218", f"Iteration {epoch * 500} ({run.random.gauss(33, 1):.4f} iter/s), loss = {train:.5f}")
        say("sgd_solver.cpp:105", f"Iteration {epoch * 500}, lr = {0.001 if epoch < 6 else 0.0001}")
    run.after()
    say("solver.cpp:447", "Snapshotting to binary proto file cifar10_iter_4000.caffemodel")
    say("solver.cpp:315", "Optimization Done.")


@style("paddle", ("Eval top1", "top1"), ("CELoss", "top5"))
def paddle(run: GeneratedRun) -> None:
    loss = run.curve(8, 4.3, 1.2, 0.02, 0.02)
    top1 = run.beside(loss, (4.3, 1.2), (0.05, 0.71), 0.004)
    top5 = run.beside(loss, (4.3, 1.2), (0.2, 0.9), 0.003)

    def say(line: str) -> None:
        run.wait(0.5)
        run.say(f"[{run.at('log')},{run.milliseconds}] [    INFO] - {line}")

    say(f"train with paddle 2.4.1, device gpu:0, log at /root/output/{run.uuid()}")
    for epoch in range(8):
        run.epoch()
        for step in (0, 10, 20):
            noisy = run.random.gauss(loss[epoch], 0.05)
            say(
                f"[Train][Epoch {epoch + 1}/8][Iter: {step}/25]lr: {0.1 * (1 - epoch / 8):.5f}, "
                f"CELoss: {run.value('CELoss', noisy, '.5f')}, batch_cost: {run.wait(0.1):.5f}s, reader_cost: "
                f"{run.random.uniform(0.01, 0.02):.5f}, ips: {run.random.gauss(800, 20):.5f} samples/s"
            )
        say(
            f"[Eval][Epoch {epoch + 1}][Avg]CELoss: {loss[epoch] + 0.1:.5f}, "
            f"top1: {run.value('Eval top1', top1[epoch], '.5f')}, "
            f"top5: {run.value('top5', top5[epoch], '.5f')}"
        )
    run.after()


STYLES = (keras_bars, lightning, hf_trainer, nanogpt, json_stats, mllog, caffe, paddle)
