"""Styles for development: tables, files of columns, prefixes, several processes in one log, runs that go wrong."""

from benchmarks.wild.made import GeneratedRun
from benchmarks.wild.style import style


@style("yolo columns", ("mAP50-95",), ("box_loss", "cls_loss", "P", "R", "mAP50"))
def yolo(run: GeneratedRun) -> None:
    box = run.curve(10, 2.1, 0.94, 0.01, 0.015)
    cls = run.beside(box, (2.1, 0.94), (3.3, 0.8), 0.02)
    best = run.beside(box, (2.1, 0.94), (0.05, 0.52), 0.004)
    run.say(
        "Ultralytics YOLOv8.0.20 Python-3.10 torch-2.0.1 CUDA:0 "
        f"(NVIDIA A100, {run.random.choice((40536, 81251))}MiB)"
    )
    run.say(f"Logging results to \x1b[1mruns/detect/train{run.random.randrange(2, 60)}\x1b[0m")
    for epoch in range(10):
        run.epoch()
        run.say("      Epoch    GPU_mem   box_loss   cls_loss  Instances       Size")
        seconds = run.wait(4)
        run.say(
            f"{f'{epoch + 1}/10':>11}{f'{run.random.gauss(4.1, 0.05):.2f}G':>11}"
            f"{run.value('box_loss', box[epoch], '11.3f')}"
            f"{run.value('cls_loss', cls[epoch], '11.3f')}{run.random.randrange(60, 260):11d}{640:11d}: "
            f"100%|██████████| 80/80 [00:{seconds:02.0f}<00:00, {80 / seconds:5.2f}it/s]"
        )
        run.say("                 Class     Images  Instances          P          R      mAP50   mAP50-95")
        map50 = best[epoch] * 1.35
        run.say(
            f"{'all':>22}{128:11d}{929:11d}{run.value('P', map50 + run.random.gauss(0.05, 0.01), '11.3f')}"
            f"{run.value('R', map50 - run.random.gauss(0.02, 0.01), '11.3f')}{run.value('mAP50', map50, '11.3f')}"
            f"{run.value('mAP50-95', best[epoch], '11.3f')}"
        )
        run.say()
    run.after()
    run.say(f"10 epochs completed in {run.wait(40) / 3600:.3f} hours.")


@style("mmseg table", ("mIoU",), ("loss", "aAcc", "mAcc"))
def mmseg(run: GeneratedRun) -> None:
    loss = run.curve(12, 2.4, 0.5, 0.012, 0.02)
    iou = run.beside(loss, (2.4, 0.5), (8, 71.5), 0.4)

    def say(line: str) -> None:
        run.wait(1)
        run.say(f"{run.at('log')},{run.milliseconds} - mmseg - INFO - {line}")

    say(f"workflow: [('train', 1)], max: 1200 iters, work_dir: /mnt/{run.host()}/work_dirs")
    for index in range(12):
        if index % 3 == 0:
            run.epoch()
        say(
            f"Iter [{(index + 1) * 100}/1200]\tlr: {0.01 * (1 - index / 12) ** 0.9:.3e}, eta: 0:0{(11 - index) // 2}:"
            f"{run.random.randrange(60):02d}, time: {run.wait(0.3):.3f}, "
            f"memory: {run.random.randrange(8100, 8140)}, loss: {run.value('loss', loss[index])}"
        )
        if index % 3 == 2:
            rows = [
                (name, iou[index] + offset + run.random.gauss(0, 0.5))
                for name, offset in (("road", 20), ("wall", -18), ("car", -1))
            ]
            say("per class results:")
            run.say("+-------+-------+-------+\n| Class |  IoU  |  Acc  |\n+-------+-------+-------+")
            for name, value in rows:
                run.say(f"| {name:^5} | {value:5.2f} | {min(99, value + 8):5.2f} |")
            run.say("+-------+-------+-------+")
            say(
                f"Iter(val) [500]\taAcc: {run.value('aAcc', iou[index] * 0.2 + 80)}, "
                f"mIoU: {run.value('mIoU', iou[index])}, mAcc: {run.value('mAcc', iou[index] + 8.1)}"
            )
    run.after()


@style("csv logger", ("val_loss",), ("train_loss", "val_auc"))
def csv_logger(run: GeneratedRun) -> None:
    val = run.curve(18, 0.68, 0.33, 0.006, 0.006)
    train = run.beside(val, (0.68, 0.33), (0.7, 0.25), 0.005)
    auc = run.beside(val, (0.68, 0.33), (0.55, 0.93), 0.003)
    run.say("epoch,lr,train_loss,val_auc,val_loss,timestamp")
    for epoch in range(18):
        run.epoch()
        run.wait(4)
        run.say(
            f"{epoch},{0.001 * 0.9**epoch:.6g},{run.value('train_loss', train[epoch], '.6f')},"
            f"{run.value('val_auc', auc[epoch], '.6f')},{run.value('val_loss', val[epoch], '.6f')},{run.at('iso')}"
        )
    run.after()


@style("syslog prefix", ("test loss", "test_loss"), ("loss", "test acc"))
def syslog(run: GeneratedRun) -> None:
    loss = run.curve(12, 2.3, 0.35, 0.01, 0.015)
    accuracy = run.beside(loss, (2.3, 0.35), (12, 91), 0.3)
    host = run.host().split(".", maxsplit=1)[0]

    def say(line: str) -> None:
        run.wait(2)
        run.say(f"{run.at('syslog')} {host} train[{run.pid}]: {line}")

    say(f"listening on port {run.port}")
    say(f"job {run.uuid()} begins")
    for epoch in range(12):
        run.epoch()
        say(f"epoch {epoch} loss {run.value('loss', loss[epoch])} lr 0.0100")
        held_out = loss[epoch] + 0.07 + run.random.gauss(0, 0.006)
        say(
            f"test loss {run.value('test loss', held_out)} test acc {run.value('test acc', accuracy[epoch], '.2f')} %"
        )
    run.after()
    say("done")


@style("torchrun interleaved", ("val_loss",))
def torchrun(run: GeneratedRun) -> None:
    val = run.curve(10, 3.2, 1.1, 0.012, 0.015)
    run.say("WARNING:torch.distributed.run: Setting OMP_NUM_THREADS environment variable for each process to be 1")
    queue: list[list[str]] = []
    for epoch in range(10):
        clock = run.at("time")
        queue.append(
            [
                f"[default{rank}]:{clock} epoch {epoch} step {10 * step} train_loss="
                f"{val[epoch] - 0.1 + run.random.gauss(0, 0.04):.4f} mem {run.random.gauss(11.2, 0.1):.1f}GiB"
                for rank in range(4)
                for step in range(2)
            ]
        )
        run.wait(7)
        run.epoch()
        # Each process keeps its own order; which of them is first is chance.
        ranks = [queue[epoch][2 * rank : 2 * rank + 2] for rank in range(4)]
        while any(ranks):
            run.say(run.random.choice([lines for lines in ranks if lines]).pop(0))
        run.say(
            f"[default0]:epoch {epoch} done: val_loss={run.value('val_loss', val[epoch])} "
            f"lr={0.1 * 0.5 ** (epoch // 4):g}"
        )
    run.after()
    for rank in run.random.sample(range(4), 4):
        run.say(f"[default{rank}]:pid {run.pid + rank} exits")


@style("apex overflow", ("val ppl", "valid ppl"), ("loss",))
def apex(run: GeneratedRun) -> None:
    loss = run.curve(14, 6.1, 3.2, 0.012, 0.02)
    scale = 65536.0
    run.say("Selected optimization level O1:  Insert automatic casts around Pytorch functions and Tensor methods.")
    for epoch in range(14):
        run.epoch()
        if epoch < 2 or run.random.random() < 0.15:
            scale /= 2
            run.say(f"Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to {scale}")
        printed_loss = float("nan") if run.random.random() < 0.06 else loss[epoch]
        run.say(
            f"| epoch {epoch + 1:3d} | loss {run.value('loss', printed_loss, '5.2f')} | ms/batch {run.wait(2):5.2f} |"
        )
        run.say(
            f"| end of epoch {epoch + 1:3d} | time: {run.wait(8):5.2f}s | "
            f"val ppl {run.value('val ppl', 2.718 ** (loss[epoch] + 0.1), '8.2f')} |"
        )
    run.after()


@style("rich bars and pip", ("loss",), ("accuracy",))
def rich_bars(run: GeneratedRun) -> None:
    loss = run.curve(8, 1.9, 0.4, 0.01, 0.015)
    accuracy = run.beside(loss, (1.9, 0.4), (0.35, 0.89), 0.004)
    for name in ("einops", "timm"):
        size = 43.2
        run.say(f"Collecting {name}")
        for done in (0.0, run.random.uniform(5, 40)):
            blocks = int(done * 40 / size)
            bar = "━" * blocks + "╺" + "━" * (39 - blocks)
            run.say(f"     {bar} {done:.1f}/{size} kB {run.random.uniform(1, 9):.1f} MB/s eta 0:00:01", end="\r")
        run.say(f"     {'━' * 40} {size}/{size} kB {run.random.uniform(1, 9):.1f} MB/s eta 0:00:00")
    run.say(f"Building wheels in /tmp/pip-ephem-wheel-cache-{run.letters(8)}")
    for epoch in range(8):
        run.epoch()
        for done in sorted(run.random.sample(range(5, 99), 4)):
            bar = "━" * (done * 40 // 100) + "╸"
            run.say(
                f"\x1b[36mTraining {epoch + 1}/8\x1b[0m {bar:<40} {done:3d}% 0:00:0{run.random.randrange(9)}",
                end="\r",
            )
        run.say(f"\x1b[36mTraining {epoch + 1}/8\x1b[0m {'━' * 40} 100% 0:00:{run.wait(3):02.0f}")
        run.say(
            f"  loss {run.value('loss', loss[epoch], '.3f')}  accuracy "
            f"{run.value('accuracy', accuracy[epoch], '.4f')}"
        )
    run.after()


@style("sklearn mlp", ("Validation score",), ("loss",))
def sklearn_mlp(run: GeneratedRun) -> None:
    loss = run.curve(45, 1.6, 0.21, 0.004, 0.003, rate=5)
    score = run.beside(loss, (1.6, 0.21), (0.55, 0.94), 0.004)
    epochs = run.patience([-value for value in score[12:]], 7) + 12
    for epoch in range(min(epochs, 45)):
        run.epoch()
        run.say(f"Iteration {epoch + 1}, loss = {run.value('loss', loss[epoch], '.8f')}")
        run.say(f"Validation score: {run.value('Validation score', score[epoch], '.6f')}")
    run.after()
    run.say("Validation score did not improve more than tol=0.000100 for 7 consecutive epochs. Stopping.")


STYLES = (yolo, mmseg, csv_logger, syslog, torchrun, apex, rich_bars, sklearn_mlp)
