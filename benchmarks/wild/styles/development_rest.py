"""Styles for development: tables, files of columns, prefixes, several processes, and runs that go wrong."""

from benchmarks.wild.made import Made
from benchmarks.wild.style import style


@style("yolo columns", ("mAP50-95",), ("box_loss", "cls_loss", "P", "R", "mAP50"))
def yolo(made: Made) -> None:
    box = made.curve(10, 2.1, 0.94, 0.01, 0.015)
    cls = made.beside(box, (2.1, 0.94), (3.3, 0.8), 0.02)
    best = made.beside(box, (2.1, 0.94), (0.05, 0.52), 0.004)
    made.say(
        "Ultralytics YOLOv8.0.20 Python-3.10 torch-2.0.1 CUDA:0 "
        f"(NVIDIA A100, {made.random.choice((40536, 81251))}MiB)"
    )
    made.say(f"Logging results to \x1b[1mruns/detect/train{made.random.randrange(2, 60)}\x1b[0m")
    for at in range(10):
        made.epoch()
        made.say("      Epoch    GPU_mem   box_loss   cls_loss  Instances       Size")
        took = made.wait(4)
        made.say(
            f"{f'{at + 1}/10':>11}{f'{made.random.gauss(4.1, 0.05):.2f}G':>11}"
            f"{made.value('box_loss', box[at], '11.3f')}"
            f"{made.value('cls_loss', cls[at], '11.3f')}{made.random.randrange(60, 260):11d}{640:11d}: "
            f"100%|██████████| 80/80 [00:{took:02.0f}<00:00, {80 / took:5.2f}it/s]"
        )
        made.say("                 Class     Images  Instances          P          R      mAP50   mAP50-95")
        found = best[at] * 1.35
        made.say(
            f"{'all':>22}{128:11d}{929:11d}{made.value('P', found + made.random.gauss(0.05, 0.01), '11.3f')}"
            f"{made.value('R', found - made.random.gauss(0.02, 0.01), '11.3f')}{made.value('mAP50', found, '11.3f')}"
            f"{made.value('mAP50-95', best[at], '11.3f')}"
        )
        made.say()
    made.after()
    made.say(f"10 epochs completed in {made.wait(40) / 3600:.3f} hours.")


@style("mmseg table", ("mIoU",), ("loss", "aAcc", "mAcc"))
def mmseg(made: Made) -> None:
    loss = made.curve(12, 2.4, 0.5, 0.012, 0.02)
    iou = made.beside(loss, (2.4, 0.5), (8, 71.5), 0.4)

    def say(line: str) -> None:
        made.wait(1)
        made.say(f"{made.at('log')},{made.milliseconds} - mmseg - INFO - {line}")

    say(f"workflow: [('train', 1)], max: 1200 iters, work_dir: /mnt/{made.host()}/work_dirs")
    for at in range(12):
        if at % 3 == 0:
            made.epoch()
        say(
            f"Iter [{(at + 1) * 100}/1200]\tlr: {0.01 * (1 - at / 12) ** 0.9:.3e}, eta: 0:0{(11 - at) // 2}:"
            f"{made.random.randrange(60):02d}, time: {made.wait(0.3):.3f}, "
            f"memory: {made.random.randrange(8100, 8140)}, loss: {made.value('loss', loss[at])}"
        )
        if at % 3 == 2:
            rows = [
                (name, iou[at] + up + made.random.gauss(0, 0.5))
                for name, up in (("road", 20), ("wall", -18), ("car", -1))
            ]
            say("per class results:")
            made.say("+-------+-------+-------+\n| Class |  IoU  |  Acc  |\n+-------+-------+-------+")
            for name, value in rows:
                made.say(f"| {name:^5} | {value:5.2f} | {min(99, value + 8):5.2f} |")
            made.say("+-------+-------+-------+")
            say(
                f"Iter(val) [500]\taAcc: {made.value('aAcc', iou[at] * 0.2 + 80)}, "
                f"mIoU: {made.value('mIoU', iou[at])}, mAcc: {made.value('mAcc', iou[at] + 8.1)}"
            )
    made.after()


@style("csv logger", ("val_loss",), ("train_loss", "val_auc"))
def csv_logger(made: Made) -> None:
    val = made.curve(18, 0.68, 0.33, 0.006, 0.006)
    train = made.beside(val, (0.68, 0.33), (0.7, 0.25), 0.005)
    auc = made.beside(val, (0.68, 0.33), (0.55, 0.93), 0.003)
    made.say("epoch,lr,train_loss,val_auc,val_loss,timestamp")
    for at in range(18):
        made.epoch()
        made.wait(4)
        made.say(
            f"{at},{0.001 * 0.9**at:.6g},{made.value('train_loss', train[at], '.6f')},"
            f"{made.value('val_auc', auc[at], '.6f')},{made.value('val_loss', val[at], '.6f')},{made.at('iso')}"
        )
    made.after()


@style("syslog prefix", ("test loss", "test_loss"), ("loss", "test acc"))
def syslog(made: Made) -> None:
    loss = made.curve(12, 2.3, 0.35, 0.01, 0.015)
    right = made.beside(loss, (2.3, 0.35), (12, 91), 0.3)
    host = made.host().split(".", maxsplit=1)[0]

    def say(line: str) -> None:
        made.wait(2)
        made.say(f"{made.at('syslog')} {host} train[{made.pid}]: {line}")

    say(f"listening on port {made.port}")
    say(f"job {made.uuid()} begins")
    for at in range(12):
        made.epoch()
        say(f"epoch {at} loss {made.value('loss', loss[at])} lr 0.0100")
        held = loss[at] + 0.07 + made.random.gauss(0, 0.006)
        say(f"test loss {made.value('test loss', held)} test acc {made.value('test acc', right[at], '.2f')} %")
    made.after()
    say("done")


@style("torchrun interleaved", ("val_loss",))
def torchrun(made: Made) -> None:
    val = made.curve(10, 3.2, 1.1, 0.012, 0.015)
    made.say("WARNING:torch.distributed.run: Setting OMP_NUM_THREADS environment variable for each process to be 1")
    queue: list[list[str]] = []
    for at in range(10):
        begun = made.at("time")
        queue.append(
            [
                f"[default{rank}]:{begun} epoch {at} step {10 * step} train_loss="
                f"{val[at] - 0.1 + made.random.gauss(0, 0.04):.4f} mem {made.random.gauss(11.2, 0.1):.1f}GiB"
                for rank in range(4)
                for step in range(2)
            ]
        )
        made.wait(7)
        made.epoch()
        # Each process keeps its own order; which of them is first is chance.
        ranks = [queue[at][2 * rank : 2 * rank + 2] for rank in range(4)]
        while any(ranks):
            made.say(made.random.choice([one for one in ranks if one]).pop(0))
        made.say(
            f"[default0]:epoch {at} done: val_loss={made.value('val_loss', val[at])} lr={0.1 * 0.5 ** (at // 4):g}"
        )
    made.after()
    for rank in made.random.sample(range(4), 4):
        made.say(f"[default{rank}]:pid {made.pid + rank} exits")


@style("apex overflow", ("val ppl", "valid ppl"), ("loss",))
def apex(made: Made) -> None:
    loss = made.curve(14, 6.1, 3.2, 0.012, 0.02)
    scale = 65536.0
    made.say("Selected optimization level O1:  Insert automatic casts around Pytorch functions and Tensor methods.")
    for at in range(14):
        made.epoch()
        if at < 2 or made.random.random() < 0.15:
            scale /= 2
            made.say(f"Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to {scale}")
        shown = float("nan") if made.random.random() < 0.06 else loss[at]
        made.say(f"| epoch {at + 1:3d} | loss {made.value('loss', shown, '5.2f')} | ms/batch {made.wait(2):5.2f} |")
        made.say(
            f"| end of epoch {at + 1:3d} | time: {made.wait(8):5.2f}s | "
            f"val ppl {made.value('val ppl', 2.718 ** (loss[at] + 0.1), '8.2f')} |"
        )
    made.after()


@style("rich bars and pip", ("loss",), ("accuracy",))
def rich_bars(made: Made) -> None:
    loss = made.curve(8, 1.9, 0.4, 0.01, 0.015)
    right = made.beside(loss, (1.9, 0.4), (0.35, 0.89), 0.004)
    for name in ("einops", "timm"):
        size = 43.2
        made.say(f"Collecting {name}")
        for done in (0.0, made.random.uniform(5, 40)):
            full = int(done * 40 / size)
            bar = "━" * full + "╺" + "━" * (39 - full)
            made.say(f"     {bar} {done:.1f}/{size} kB {made.random.uniform(1, 9):.1f} MB/s eta 0:00:01", end="\r")
        made.say(f"     {'━' * 40} {size}/{size} kB {made.random.uniform(1, 9):.1f} MB/s eta 0:00:00")
    made.say(f"Building wheels in /tmp/pip-ephem-wheel-cache-{made.letters(8)}")
    for at in range(8):
        made.epoch()
        for done in sorted(made.random.sample(range(5, 99), 4)):
            bar = "━" * (done * 40 // 100) + "╸"
            made.say(
                f"\x1b[36mTraining {at + 1}/8\x1b[0m {bar:<40} {done:3d}% 0:00:0{made.random.randrange(9)}", end="\r"
            )
        made.say(f"\x1b[36mTraining {at + 1}/8\x1b[0m {'━' * 40} 100% 0:00:{made.wait(3):02.0f}")
        made.say(f"  loss {made.value('loss', loss[at], '.3f')}  accuracy {made.value('accuracy', right[at], '.4f')}")
    made.after()


@style("sklearn mlp", ("Validation score",), ("loss",))
def sklearn_mlp(made: Made) -> None:
    loss = made.curve(45, 1.6, 0.21, 0.004, 0.003, rate=5)
    score = made.beside(loss, (1.6, 0.21), (0.55, 0.94), 0.004)
    ends = made.patience([-value for value in score[12:]], 7) + 12
    for at in range(min(ends, 45)):
        made.epoch()
        made.say(f"Iteration {at + 1}, loss = {made.value('loss', loss[at], '.8f')}")
        made.say(f"Validation score: {made.value('Validation score', score[at], '.6f')}")
    made.after()
    made.say("Validation score did not improve more than tol=0.000100 for 7 consecutive epochs. Stopping.")


STYLES = (yolo, mmseg, csv_logger, syslog, torchrun, apex, rich_bars, sklearn_mlp)
