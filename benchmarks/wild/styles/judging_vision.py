"""Styles for judging, added later: trainings of networks on images, in their frameworks' own words."""

from benchmarks.wild.made import GeneratedRun
from benchmarks.wild.style import style


@style("timm", ("Test Loss", "Loss", "Acc@1", "Test Acc@1"), ("Acc@1", "Acc@5"))
def timm(run: GeneratedRun) -> None:
    held_out = run.curve(8, 4.4, 1.12, 0.012, 0.015)
    top1 = run.beside(held_out, (4.4, 1.12), (9, 74.6), 0.25)
    run.say("Training with a single process on 1 device (cuda:0).")
    run.say(f"Model resnet26 created, param count:15995176, output/train/{run.now:%Y%m%d-%H%M%S}-resnet26-224")
    best, best_at = 0.0, 0
    for epoch in range(8):
        run.epoch()
        for step in (0, 50, 99):
            seconds = run.wait(0.2)
            loss = run.random.gauss(held_out[epoch] + 0.4, 0.06)
            run.say(
                f"Train: {epoch} [{step:>4d}/100 ({step:>3d}%)]  Loss: {loss:#.3g} ({loss + 0.02:#.3g})  "
                f"Time: {seconds:.3f}s, {256 / seconds:>7.2f}/s  ({seconds:.3f}s, {256 / seconds:>7.2f}/s)  LR: "
                f"{0.05 * (1 - epoch / 8):.3e}  Data: {run.random.uniform(0.005, 0.04):.3f} (0.021)"
            )
        run.say(
            f"Test: [  19/19]  Time: {run.wait(0.1):.3f} ({run.wait(0.1):.3f})  "
            f"Loss: {run.random.gauss(held_out[epoch], 0.1):>6.3f} "
            f"({run.value('Test Loss', held_out[epoch], '>6.3f')})  "
            f"Acc@1: {run.random.gauss(top1[epoch], 2):>7.3f} ({run.value('Acc@1', top1[epoch], '>7.3f')})  "
            f"Acc@5: {min(99.9, top1[epoch] + 14):>7.3f} ({run.value('Acc@5', min(99.9, top1[epoch] + 14), '>7.3f')})"
        )
        if top1[epoch] > best:
            best, best_at = top1[epoch], epoch
    run.after()
    run.say(f"*** Best metric: {best:.3f} (epoch {best_at})")


@style("imagenet example", ("Acc@1",), ("Acc@5",))
def imagenet(run: GeneratedRun) -> None:
    top1 = run.curve(7, 14, 69.4, 0.2, 0.3)
    run.say("=> creating model 'resnet18'")
    run.say(f"Use GPU: {run.random.randrange(8)} for training")
    for epoch in range(7):
        run.epoch()
        for step in (0, 100, 200):
            seconds = run.wait(0.2)
            loss = run.random.gauss(6.4 - top1[epoch] / 15, 0.08)
            run.say(
                f"Epoch: [{epoch}][{step:>5d}/313]\tTime {seconds:6.3f} ({seconds + 0.01:6.3f})\t"
                f"Data {run.random.uniform(0, 0.02):6.3f} ( 0.011)\tLoss {loss:.4e} ({loss + 0.01:.4e})\t"
                f"Acc@1 {run.random.gauss(top1[epoch], 3):6.2f} ({top1[epoch] - 1:6.2f})\t"
                f"Acc@5 {run.random.gauss(min(96, top1[epoch] + 20), 2):6.2f} ({min(96, top1[epoch] + 19):6.2f})"
            )
        run.say(
            f" *   Acc@1 {run.value('Acc@1', top1[epoch], '.3f')} "
            f"Acc@5 {run.value('Acc@5', 96 - (82 - top1[epoch]) * 0.55 + run.random.gauss(0, 0.1), '.3f')}"
        )
    run.after()


@style("mmengine", ("coco/bbox_mAP", "bbox_mAP"), ("loss", "loss_cls", "coco/bbox_mAP_50"))
def mmengine(run: GeneratedRun) -> None:
    box_map = run.curve(6, 0.06, 0.372, 0.003, 0.004)

    def say(line: str) -> None:
        run.wait(3)
        run.say(f"{run.now:%Y/%m/%d %H:%M:%S} - mmengine - INFO - {line}")

    run.say(f"{run.at('log')},{run.milliseconds} root WARNING exp_name faster_rcnn_{run.now:%Y%m%d_%H%M%S}")
    say(f"Checkpoints will be saved to /work_dirs/{run.letters(8)}.")
    for epoch in range(6):
        run.epoch()
        for step in (50, 100, 150):
            parts = [run.random.gauss(scale / (1 + 3 * box_map[epoch]), 0.008) for scale in (0.05, 0.06, 0.62, 0.44)]
            losses = "  ".join(
                f"{name}: {run.value(name, value)}"
                for name, value in zip(("loss_rpn_cls", "loss_rpn_bbox", "loss_cls", "loss_bbox"), parts, strict=True)
            )
            say(
                f"Epoch(train)  [{epoch + 1}][{step:>3d}/150]  base_lr: 2.0000e-02 lr: {2e-2 * 0.5**epoch:.4e}  "
                f"eta: {5 - epoch}:{run.random.randrange(10, 59)}:{run.random.randrange(10, 59)}  "
                f"time: {run.random.gauss(0.21, 0.01):.4f}  data_time: {run.random.uniform(0.004, 0.02):.4f}  "
                f"memory: {run.random.randrange(3420, 3470)}  loss: {run.value('loss', sum(parts))}  {losses}"
            )
        say(f"Saving checkpoint at {epoch + 1} epochs")
        say(
            f"Epoch(val) [{epoch + 1}][50/50]    coco/bbox_mAP: {run.value('coco/bbox_mAP', box_map[epoch])}  "
            f"coco/bbox_mAP_50: {run.value('coco/bbox_mAP_50', box_map[epoch] * 1.4 + 0.05)}  "
            f"coco/bbox_mAP_75: {box_map[epoch] * 1.05:.4f}  data_time: {run.random.uniform(0.001, 0.003):.4f}  "
            f"time: {run.random.gauss(0.04, 0.002):.4f}"
        )
    run.after()


@style("darknet", ("mAP@0.50", "mean average precision (mAP@0.50)"), ("avg loss",))
def darknet(run: GeneratedRun) -> None:
    loss = run.curve(12, 14, 1.62, 0.03, 0.12)
    run.say("yolov4-tiny")
    run.say(f" CUDA-version: 11020 (11020), cuDNN: 8.2.1, GPU count: 1  /tmp/{run.letters(6)}.data")
    images = 0
    for index in range(12):
        if index % 3 == 0:
            run.epoch()
        images += 64 * 100
        seconds = run.wait(1.2)
        run.say(
            f" {100 * (index + 1)}: {run.random.gauss(loss[index], 0.1):.6f}, "
            f"{run.value('avg loss', loss[index], '.6f')} avg loss, 0.002610 rate, {seconds:.6f} seconds, "
            f"{images} images, {run.random.uniform(0.2, 3):.6f} hours left"
        )
        if index % 3 == 2:
            map50 = 0.92 - loss[index] / 7 if loss[index] < 4.5 else 0.28 + run.random.gauss(0, 0.01)
            map50 = min(0.99, max(0.01, map50 + run.random.gauss(0, 0.004)))
            map_text = run.value("mAP@0.50", map50, ".6f")
            run.say(f" detections_count = {run.random.randrange(9000, 11000)}, unique_truth_count = 2048")
            run.say(f" mean average precision (mAP@0.50) = {map_text}, or {100 * map50:.2f} % ")
            run.say(f"Total Detection Time: {run.wait(4):.0f} Seconds")
    run.after()
    run.say("Saving weights to backup//yolov4-tiny_final.weights")


@style("nnunet", ("val_loss", "Mean Validation Dice"), ("train_loss", "Mean Validation Dice"))
def nnunet(run: GeneratedRun) -> None:
    val = run.curve(9, -0.12, -0.79, 0.006, 0.008)
    train = run.beside(val, (-0.12, -0.79), (-0.05, -0.84), 0.005)

    def say(line: str) -> None:
        run.wait(0.3)
        run.say(f"{run.at('log')}.{run.random.randrange(10**6):06d}: {line}")

    run.say(f"Using device: cuda:0 on {run.host()}")
    for epoch in range(9):
        run.epoch()
        say(f"Epoch {epoch}")
        say(f"Current learning rate: {round(0.01 * (1 - epoch / 9) ** 0.9, 5)}")
        say(f"train_loss {run.value('train_loss', train[epoch])}")
        say(f"val_loss {run.value('val_loss', val[epoch])}")
        dice = [min(0.97, max(0.0, -val[epoch] + offset + run.random.gauss(0, 0.006))) for offset in (0.06, -0.03)]
        say(f"Pseudo dice [{dice[0]:.4f}, {dice[1]:.4f}]")
        say(f"Epoch time: {run.wait(8):.2f} s")
        run.say()
    run.after()
    say("Training done.")
    say("Validation complete")
    dice_of_all = -val[-1] + run.random.gauss(0.04, 0.004)
    say(f"Mean Validation Dice:  {run.value('Mean Validation Dice', dice_of_all, '.16f')}")


@style("keras 3 colours", ("val_loss",), ("loss", "accuracy", "val_accuracy"))
def keras3(run: GeneratedRun) -> None:
    val = run.curve(10, 1.6, 0.83, 0.008, 0.012)
    loss = run.beside(val, (1.6, 0.83), (1.8, 0.6), 0.01)
    accuracy = run.beside(val, (1.6, 0.83), (0.33, 0.79), 0.005)
    val_accuracy = run.beside(val, (1.6, 0.83), (0.41, 0.72), 0.004)
    run.say(f"{run.at('log')}.{run.random.randrange(10**6):06d}: I tensorflow/core/util/port.cc:153] oneDNN is on.")
    for epoch in range(10):
        run.epoch()
        run.say(f"Epoch {epoch + 1}/10")
        seconds = run.wait(0.9)
        run.say(
            f"\x1b[1m782/782\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m{seconds:.0f}s\x1b[0m "
            f"{seconds * 1000 / 782:.0f}ms/step - accuracy: {run.value('accuracy', accuracy[epoch])} - "
            f"loss: {run.value('loss', loss[epoch])} - val_accuracy: "
            f"{run.value('val_accuracy', val_accuracy[epoch])} - "
            f"val_loss: {run.value('val_loss', val[epoch])} - learning_rate: 0.0010"
        )
    run.after()


STYLES = (timm, imagenet, mmengine, darknet, nnunet, keras3)
