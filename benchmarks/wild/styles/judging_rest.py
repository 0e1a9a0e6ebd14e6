"""Styles for judging: tables, samplers, prefixes, several processes, and runs that stop early or go wrong."""

from benchmarks.wild.made import Made
from benchmarks.wild.style import style


@style("basicsr psnr", ("psnr",), ("l_pix", "ssim"))
def basicsr(made: Made) -> None:
    psnr = made.curve(8, 24.1, 30.42, 0.03, 0.04)

    def say(line: str) -> None:
        made.wait(5)
        made.say(f"{made.at('log')},{made.milliseconds} INFO: {line}")

    say(f"Network [EDSR] is created on {made.host()}.")
    best, best_at = 0.0, 0
    for at in range(8):
        made.epoch()
        step = 5000 * (at + 1)
        pixel = made.value("l_pix", 0.045 - 0.001 * (psnr[at] - 24) + made.random.gauss(0, 0.0004), ".4e")
        say(
            f"[EDSR_..][epoch:{at:3d}, iter:{step:8,d}, lr:(1.000e-04,)] [eta: {made.random.randrange(9)}:"
            f"{made.random.randrange(10, 59)}:17, time (data): {made.wait(0.1):.3f} ({made.wait(0.01):.3f})] "
            f"l_pix: {pixel}"
        )
        if psnr[at] > best:
            best, best_at = psnr[at], step
        say("Validation Set5")
        made.say(f"\t # psnr: {made.value('psnr', psnr[at])}\tBest: {best:.4f} @ {best_at} iter")
        ssim = made.value("ssim", 0.6 + psnr[at] / 120 + made.random.gauss(0, 0.0004))
        made.say(f"\t # ssim: {ssim}\tBest: 0.9 @ {best_at} iter")
    made.after()
    say("End of training.")


@style("speed run to target", ("val_loss",), ("train_loss",))
def speed_run(made: Made) -> None:
    val = made.curve(14, 10.8, 3.262, 0.003, 0.006, rate=6)
    made.say(f"s:0 running on {made.host()} run_id {made.uuid()}")
    made.say("=" * 60)
    total = 0.0
    for at in range(14):
        made.epoch()
        for inner in range(3):
            step = at * 125 + inner * 40
            total += made.wait(2) * 1000
            made.say(
                f"step:{step}/1750 train_loss:{made.value('train_loss', made.random.gauss(val[at], 0.03))} "
                f"train_time:{total:.0f}ms step_avg:{total / (step + 1):.2f}ms"
            )
        made.say(f"step:{at * 125 + 120}/1750 val_loss:{made.value('val_loss', val[at])} train_time:{total:.0f}ms")
        if val[at] < 3.285:
            made.say("target 3.28 reached")
            break
    made.after()
    made.say(f"peak memory allocated: {made.random.gauss(29800, 20):.0f} MiB reserved: 31000 MiB")


@style("markdown table", ("test_loss", "test_acc"), ("train_loss", "test_acc"))
def markdown(made: Made) -> None:
    loss = made.curve(12, 1.9, 0.42, 0.01, 0.012)
    held = made.beside(loss, (1.9, 0.42), (1.8, 0.52), 0.008)
    right = made.beside(loss, (1.9, 0.42), (0.31, 0.866), 0.003)
    made.say(f"Run {made.hexes(7)} ({made.now:%d %B %Y})")
    made.say("| epoch | train_loss | test_loss | test_acc | seconds |")
    made.say("|------:|-----------:|----------:|---------:|--------:|")
    for at in range(12):
        made.epoch()
        made.say(
            f"| {at + 1:5d} | {made.value('train_loss', loss[at], '10.4f')} | "
            f"{made.value('test_loss', held[at], '9.4f')} | "
            f"{made.value('test_acc', right[at], '8.4f')} | {made.wait(4):7.1f} |"
        )
    made.after()


@style("unix times", ("dev_loss", "dev_f1"), ("loss", "dev_f1"))
def unix_times(made: Made) -> None:
    loss = made.curve(13, 1.4, 0.22, 0.006, 0.01)
    held = made.beside(loss, (1.4, 0.22), (1.3, 0.35), 0.006)
    score = made.beside(loss, (1.4, 0.22), (0.3, 0.912), 0.003)
    worker = f"worker-{made.hexes(10)}-{made.letters(5).replace('_', 'x')}"

    def say(line: str) -> None:
        made.wait(3)
        made.say(f"{made.now.timestamp():.3f} {worker} {line}")

    say(f"connected to 10.{made.random.randrange(255)}.4.{made.random.randrange(255)}:{made.port}")
    for at in range(13):
        made.epoch()
        say(f"epoch={at} loss={made.value('loss', loss[at])}")
        say(f"epoch={at} dev_loss={made.value('dev_loss', held[at])} dev_f1={made.value('dev_f1', score[at])}")
    made.after()
    say("shutting down")


@style("early stopping and nan", ("Validation loss",), ("Train loss",))
def early_stopping(made: Made) -> None:
    val = made.curve(26, 0.93, 0.34, 0.007, 0.006, rate=6)
    up = [value + max(0, at - 14) * 0.004 for at, value in enumerate(val)]
    train = made.beside(val, (0.93, 0.34), (0.95, 0.25), 0.006)
    best, waited = 9.0, 0
    for at in range(26):
        made.epoch()
        shown = float("nan") if made.random.random() < 0.05 else train[at]
        made.say(
            f"Epoch: {at + 1} \tTrain loss: {made.value('Train loss', shown, '.6f')} "
            f"\tValidation loss: {made.value('Validation loss', up[at], '.6f')}"
        )
        if up[at] < best:
            made.say(
                f"Validation loss decreased ({'inf' if best == 9 else f'{best:.6f}'} --> {up[at]:.6f}).  "
                "Saving model ..."
            )
            best, waited = up[at], 0
        else:
            waited += 1
            made.say(f"EarlyStopping counter: {waited} out of 5")
            if waited == 5:
                made.say("Early stopping")
                break
    made.after()


@style("horovod interleaved", ("val_loss",), ())
def horovod(made: Made) -> None:
    val = made.curve(10, 2.3, 0.71, 0.01, 0.012)
    made.say(f"{made.at('asctime')}[0]<stdout>:Horovod started on {made.host()}, ssh port {made.port}")
    for at in range(10):
        made.epoch()
        ranks = [
            [
                f"[1,{rank}]<stdout>:Epoch {at} batch {50 * step} loss {val[at] + made.random.gauss(0.05, 0.04):.4f}"
                for step in (1, 2)
            ]
            for rank in range(3)
        ]
        while any(ranks):
            made.say(made.random.choice([one for one in ranks if one]).pop(0))
        made.say(f"[1,0]<stdout>:Epoch {at} val_loss {made.value('val_loss', val[at])} ({made.wait(6):.1f} s)")
        if made.random.random() < 0.1:
            made.say("[1,2]<stderr>:Stalled tensor check: waiting on rank 1")
    made.after()


@style("loguru colours", ("Test loss", "Test accuracy"), ("loss", "Test accuracy"))
def loguru(made: Made) -> None:
    loss = made.curve(10, 2.2, 0.5, 0.01, 0.015)
    right = made.beside(loss, (2.2, 0.5), (0.22, 0.85), 0.003)

    def say(where: str, line: str) -> None:
        made.wait(2)
        made.say(
            f"\x1b[32m{made.at('log')}.{made.milliseconds}\x1b[0m | \x1b[1mINFO    \x1b[0m | "
            f"\x1b[36m__main__\x1b[0m:\x1b[36m{where}\x1b[0m - \x1b[1m{line}\x1b[0m"
        )

    say("main:20", f"commit {made.hexes(40)} on {made.host()}")
    for at in range(10):
        made.epoch()
        say("train:45", f"epoch {at + 1}/10 loss: {made.value('loss', loss[at])} lr: {0.1 * 0.8**at:.5f}")
        say(
            "test:71",
            f"Test loss: {made.value('Test loss', loss[at] + 0.05 + made.random.gauss(0, 0.01))} "
            f"Test accuracy: {made.value('Test accuracy', right[at])}",
        )
    made.after()


@style("grid search", ("score",), ())
def grid_search(made: Made) -> None:
    made.say("Fitting 5 folds for each of 4 candidates, totalling 20 fits")
    for at, c in enumerate((0.01, 0.1, 1, 10)):
        made.epoch()
        for fold in range(5):
            score = 0.82 + 0.03 * at - 0.004 * at * at + 0.002 * fold + made.random.gauss(0, 0.006)
            took = made.wait(0.1)
            made.say(
                f"[CV {fold + 1}/5] END ................C={c};, score={made.value('score', score, '.3f')} "
                f"total time={took:6.1f}s"
            )
    made.after()


@style("gnn runs", ("Final Test", "Test"), ("Loss", "Train", "Valid"))
def gnn_runs(made: Made) -> None:
    for run in range(3):
        made.epoch()
        held = made.curve(6, 20, 71.6, 0.25, 0.3)
        for at in range(6):
            made.say(
                f"Run: {run + 1:02d}, Epoch: {20 * at:02d}, Loss: {made.value('Loss', 2.5 - held[at] / 40)}, "
                f"Train: {made.value('Train', held[at] + 3, '.2f')}%, Valid: "
                f"{made.value('Valid', held[at] + 1, '.2f')}% "
                f"Test: {made.value('Test', held[at], '.2f')}%"
            )
        made.say(
            f"Run {run + 1:02d}:\nHighest Train: {max(held) + 3:.2f}\nHighest Valid: {max(held) + 1:.2f}\n"
            f"   Final Test: {made.value('Final Test', max(held), '.2f')}"
        )
    made.after()


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
