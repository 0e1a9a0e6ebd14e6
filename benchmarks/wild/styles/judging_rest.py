"""Styles for judging: tables, samplers, prefixes, several processes in one log, runs that stop early or go wrong."""

from benchmarks.wild.made import GeneratedRun
from benchmarks.wild.style import style


@style("basicsr psnr", ("psnr",), ("l_pix", "ssim"))
def basicsr(run: GeneratedRun) -> None:
    psnr = run.curve(8, 24.1, 30.42, 0.03, 0.04)

    def say(line: str) -> None:
        run.wait(5)
        run.say(f"{run.at('log')},{run.milliseconds} INFO: {line}")

    say(f"Network [EDSR] is created on {run.host()}.")
    best, best_at = 0.0, 0
    for epoch in range(8):
        run.epoch()
        step = 5000 * (epoch + 1)
        pixel = run.value("l_pix", 0.045 - 0.001 * (psnr[epoch] - 24) + run.random.gauss(0, 0.0004), ".4e")
        say(
            f"[EDSR_..][epoch:{epoch:3d}, iter:{step:8,d}, lr:(1.000e-04,)] [eta: {run.random.randrange(9)}:"
            f"{run.random.randrange(10, 59)}:17, time (data): {run.wait(0.1):.3f} ({run.wait(0.01):.3f})] "
            f"l_pix: {pixel}"
        )
        if psnr[epoch] > best:
            best, best_at = psnr[epoch], step
        say("Validation Set5")
        run.say(f"\t # psnr: {run.value('psnr', psnr[epoch])}\tBest: {best:.4f} @ {best_at} iter")
        ssim = run.value("ssim", 0.6 + psnr[epoch] / 120 + run.random.gauss(0, 0.0004))
        run.say(f"\t # ssim: {ssim}\tBest: 0.9 @ {best_at} iter")
    run.after()
    say("End of training.")


@style("speed run to target", ("val_loss",), ("train_loss",))
def speed_run(run: GeneratedRun) -> None:
    val = run.curve(14, 10.8, 3.262, 0.003, 0.006, rate=6)
    run.say(f"s:0 running on {run.host()} run_id {run.uuid()}")
    run.say("=" * 60)
    total = 0.0
    for epoch in range(14):
        run.epoch()
        for inner in range(3):
            step = epoch * 125 + inner * 40
            total += run.wait(2) * 1000
            run.say(
                f"step:{step}/1750 train_loss:{run.value('train_loss', run.random.gauss(val[epoch], 0.03))} "
                f"train_time:{total:.0f}ms step_avg:{total / (step + 1):.2f}ms"
            )
        run.say(
            f"step:{epoch * 125 + 120}/1750 val_loss:{run.value('val_loss', val[epoch])} train_time:{total:.0f}ms"
        )
        if val[epoch] < 3.285:
            run.say("target 3.28 reached")
            break
    run.after()
    run.say(f"peak memory allocated: {run.random.gauss(29800, 20):.0f} MiB reserved: 31000 MiB")


@style("markdown table", ("test_loss", "test_acc"), ("train_loss", "test_acc"))
def markdown(run: GeneratedRun) -> None:
    loss = run.curve(12, 1.9, 0.42, 0.01, 0.012)
    held_out = run.beside(loss, (1.9, 0.42), (1.8, 0.52), 0.008)
    accuracy = run.beside(loss, (1.9, 0.42), (0.31, 0.866), 0.003)
    run.say(f"Run {run.hexes(7)} ({run.now:%d %B %Y})")
    run.say("| epoch | train_loss | test_loss | test_acc | seconds |")
    run.say("|------:|-----------:|----------:|---------:|--------:|")
    for epoch in range(12):
        run.epoch()
        run.say(
            f"| {epoch + 1:5d} | {run.value('train_loss', loss[epoch], '10.4f')} | "
            f"{run.value('test_loss', held_out[epoch], '9.4f')} | "
            f"{run.value('test_acc', accuracy[epoch], '8.4f')} | {run.wait(4):7.1f} |"
        )
    run.after()


@style("unix times", ("dev_loss", "dev_f1"), ("loss", "dev_f1"))
def unix_times(run: GeneratedRun) -> None:
    loss = run.curve(13, 1.4, 0.22, 0.006, 0.01)
    held_out = run.beside(loss, (1.4, 0.22), (1.3, 0.35), 0.006)
    score = run.beside(loss, (1.4, 0.22), (0.3, 0.912), 0.003)
    worker = f"worker-{run.hexes(10)}-{run.letters(5).replace('_', 'x')}"

    def say(line: str) -> None:
        run.wait(3)
        run.say(f"{run.now.timestamp():.3f} {worker} {line}")

    say(f"connected to 10.{run.random.randrange(255)}.4.{run.random.randrange(255)}:{run.port}")
    for epoch in range(13):
        run.epoch()
        say(f"epoch={epoch} loss={run.value('loss', loss[epoch])}")
        say(
            f"epoch={epoch} dev_loss={run.value('dev_loss', held_out[epoch])} "
            f"dev_f1={run.value('dev_f1', score[epoch])}"
        )
    run.after()
    say("shutting down")


@style("early stopping and nan", ("Validation loss",), ("Train loss",))
def early_stopping(run: GeneratedRun) -> None:
    val = run.curve(26, 0.93, 0.34, 0.007, 0.006, rate=6)
    rising = [value + max(0, epoch - 14) * 0.004 for epoch, value in enumerate(val)]
    train = run.beside(val, (0.93, 0.34), (0.95, 0.25), 0.006)
    best, epochs_waited = 9.0, 0
    for epoch in range(26):
        run.epoch()
        printed_loss = float("nan") if run.random.random() < 0.05 else train[epoch]
        run.say(
            f"Epoch: {epoch + 1} \tTrain loss: {run.value('Train loss', printed_loss, '.6f')} "
            f"\tValidation loss: {run.value('Validation loss', rising[epoch], '.6f')}"
        )
        if rising[epoch] < best:
            run.say(
                f"Validation loss decreased ({'inf' if best == 9 else f'{best:.6f}'} --> {rising[epoch]:.6f}).  "
                "Saving model ..."
            )
            best, epochs_waited = rising[epoch], 0
        else:
            epochs_waited += 1
            run.say(f"EarlyStopping counter: {epochs_waited} out of 5")
            if epochs_waited == 5:
                run.say("Early stopping")
                break
    run.after()


@style("horovod interleaved", ("val_loss",), ())
def horovod(run: GeneratedRun) -> None:
    val = run.curve(10, 2.3, 0.71, 0.01, 0.012)
    run.say(f"{run.at('asctime')}[0]<stdout>:Horovod started on {run.host()}, ssh port {run.port}")
    for epoch in range(10):
        run.epoch()
        ranks = [
            [
                f"[1,{rank}]<stdout>:Epoch {epoch} batch {50 * step} loss "
                f"{val[epoch] + run.random.gauss(0.05, 0.04):.4f}"
                for step in (1, 2)
            ]
            for rank in range(3)
        ]
        while any(ranks):
            run.say(run.random.choice([lines for lines in ranks if lines]).pop(0))
        run.say(f"[1,0]<stdout>:Epoch {epoch} val_loss {run.value('val_loss', val[epoch])} ({run.wait(6):.1f} s)")
        if run.random.random() < 0.1:
            run.say("[1,2]<stderr>:Stalled tensor check: waiting on rank 1")
    run.after()


@style("loguru colours", ("Test loss", "Test accuracy"), ("loss", "Test accuracy"))
def loguru(run: GeneratedRun) -> None:
    loss = run.curve(10, 2.2, 0.5, 0.01, 0.015)
    accuracy = run.beside(loss, (2.2, 0.5), (0.22, 0.85), 0.003)

    def say(place: str, line: str) -> None:
        run.wait(2)
        run.say(
            f"\x1b[32m{run.at('log')}.{run.milliseconds}\x1b[0m | \x1b[1mINFO    \x1b[0m | "
            f"\x1b[36m__main__\x1b[0m:\x1b[36m{place}\x1b[0m - \x1b[1m{line}\x1b[0m"
        )

    say("main:20", f"commit {run.hexes(40)} on {run.host()}")
    for epoch in range(10):
        run.epoch()
        say("train:45", f"epoch {epoch + 1}/10 loss: {run.value('loss', loss[epoch])} lr: {0.1 * 0.8**epoch:.5f}")
        say(
            "test:71",
            f"Test loss: {run.value('Test loss', loss[epoch] + 0.05 + run.random.gauss(0, 0.01))} "
            f"Test accuracy: {run.value('Test accuracy', accuracy[epoch])}",
        )
    run.after()


@style("grid search", ("score",), ())
def grid_search(run: GeneratedRun) -> None:
    run.say("Fitting 5 folds for each of 4 candidates, totalling 20 fits")
    for index, c in enumerate((0.01, 0.1, 1, 10)):
        run.epoch()
        for fold in range(5):
            score = 0.82 + 0.03 * index - 0.004 * index * index + 0.002 * fold + run.random.gauss(0, 0.006)
            seconds = run.wait(0.1)
            run.say(
                f"[CV {fold + 1}/5] END ................C={c};, score={run.value('score', score, '.3f')} "
                f"total time={seconds:6.1f}s"
            )
    run.after()


@style("gnn runs", ("Final Test", "Test"), ("Loss", "Train", "Valid"))
def gnn_runs(run: GeneratedRun) -> None:
    for number in range(3):
        run.epoch()
        held_out = run.curve(6, 20, 71.6, 0.25, 0.3)
        for index in range(6):
            run.say(
                f"Run: {number + 1:02d}, Epoch: {20 * index:02d}, Loss: "
                f"{run.value('Loss', 2.5 - held_out[index] / 40)}, "
                f"Train: {run.value('Train', held_out[index] + 3, '.2f')}%, Valid: "
                f"{run.value('Valid', held_out[index] + 1, '.2f')}% "
                f"Test: {run.value('Test', held_out[index], '.2f')}%"
            )
        run.say(
            f"Run {number + 1:02d}:\nHighest Train: {max(held_out) + 3:.2f}\nHighest Valid: {max(held_out) + 1:.2f}\n"
            f"   Final Test: {run.value('Final Test', max(held_out), '.2f')}"
        )
    run.after()


STYLES = (
    basicsr,
    speed_run,
    markdown,
    unix_times,
    early_stopping,
    horovod,
    loguru,
    grid_search,
    gnn_runs,
)
