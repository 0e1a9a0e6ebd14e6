"""Styles for judging, added later: trainings of networks on images, in their frameworks' own words."""

from benchmarks.wild.made import Made
from benchmarks.wild.style import style


@style("timm", ("Test Loss", "Loss", "Acc@1", "Test Acc@1"), ("Acc@1", "Acc@5"))
def timm(made: Made) -> None:
    held = made.curve(8, 4.4, 1.12, 0.012, 0.015)
    top = made.beside(held, (4.4, 1.12), (9, 74.6), 0.25)
    made.say("Training with a single process on 1 device (cuda:0).")
    made.say(f"Model resnet26 created, param count:15995176, output/train/{made.now:%Y%m%d-%H%M%S}-resnet26-224")
    best, best_at = 0.0, 0
    for at in range(8):
        made.epoch()
        for step in (0, 50, 99):
            took = made.wait(0.2)
            loss = made.random.gauss(held[at] + 0.4, 0.06)
            made.say(
                f"Train: {at} [{step:>4d}/100 ({step:>3d}%)]  Loss: {loss:#.3g} ({loss + 0.02:#.3g})  "
                f"Time: {took:.3f}s, {256 / took:>7.2f}/s  ({took:.3f}s, {256 / took:>7.2f}/s)  LR: "
                f"{0.05 * (1 - at / 8):.3e}  Data: {made.random.uniform(0.005, 0.04):.3f} (0.021)"
            )
        made.say(
            f"Test: [  19/19]  Time: {made.wait(0.1):.3f} ({made.wait(0.1):.3f})  "
            f"Loss: {made.random.gauss(held[at], 0.1):>6.3f} ({made.value('Test Loss', held[at], '>6.3f')})  "
            f"Acc@1: {made.random.gauss(top[at], 2):>7.3f} ({made.value('Acc@1', top[at], '>7.3f')})  "
            f"Acc@5: {min(99.9, top[at] + 14):>7.3f} ({made.value('Acc@5', min(99.9, top[at] + 14), '>7.3f')})"
        )
        if top[at] > best:
            best, best_at = top[at], at
    made.after()
    made.say(f"*** Best metric: {best:.3f} (epoch {best_at})")


@style("imagenet example", ("Acc@1",), ("Acc@5",))
def imagenet(made: Made) -> None:
    top = made.curve(7, 14, 69.4, 0.2, 0.3)
    made.say("=> creating model 'resnet18'")
    made.say(f"Use GPU: {made.random.randrange(8)} for training")
    for at in range(7):
        made.epoch()
        for step in (0, 100, 200):
            took = made.wait(0.2)
            loss = made.random.gauss(6.4 - top[at] / 15, 0.08)
            made.say(
                f"Epoch: [{at}][{step:>5d}/313]\tTime {took:6.3f} ({took + 0.01:6.3f})\t"
                f"Data {made.random.uniform(0, 0.02):6.3f} ( 0.011)\tLoss {loss:.4e} ({loss + 0.01:.4e})\t"
                f"Acc@1 {made.random.gauss(top[at], 3):6.2f} ({top[at] - 1:6.2f})\t"
                f"Acc@5 {made.random.gauss(min(96, top[at] + 20), 2):6.2f} ({min(96, top[at] + 19):6.2f})"
            )
        made.say(
            f" *   Acc@1 {made.value('Acc@1', top[at], '.3f')} "
            f"Acc@5 {made.value('Acc@5', 96 - (82 - top[at]) * 0.55 + made.random.gauss(0, 0.1), '.3f')}"
        )
    made.after()


@style("mmengine", ("coco/bbox_mAP", "bbox_mAP"), ("loss", "loss_cls", "coco/bbox_mAP_50"))
def mmengine(made: Made) -> None:
    found = made.curve(6, 0.06, 0.372, 0.003, 0.004)

    def say(line: str) -> None:
        made.wait(3)
        made.say(f"{made.now:%Y/%m/%d %H:%M:%S} - mmengine - INFO - {line}")

    made.say(f"{made.at('log')},{made.milliseconds} root WARNING exp_name faster_rcnn_{made.now:%Y%m%d_%H%M%S}")
    say(f"Checkpoints will be saved to /work_dirs/{made.letters(8)}.")
    for at in range(6):
        made.epoch()
        for step in (50, 100, 150):
            parts = [made.random.gauss(one / (1 + 3 * found[at]), 0.008) for one in (0.05, 0.06, 0.62, 0.44)]
            said = "  ".join(
                f"{name}: {made.value(name, value)}"
                for name, value in zip(("loss_rpn_cls", "loss_rpn_bbox", "loss_cls", "loss_bbox"), parts, strict=True)
            )
            say(
                f"Epoch(train)  [{at + 1}][{step:>3d}/150]  base_lr: 2.0000e-02 lr: {2e-2 * 0.5**at:.4e}  "
                f"eta: {5 - at}:{made.random.randrange(10, 59)}:{made.random.randrange(10, 59)}  "
                f"time: {made.random.gauss(0.21, 0.01):.4f}  data_time: {made.random.uniform(0.004, 0.02):.4f}  "
                f"memory: {made.random.randrange(3420, 3470)}  loss: {made.value('loss', sum(parts))}  {said}"
            )
        say(f"Saving checkpoint at {at + 1} epochs")
        say(
            f"Epoch(val) [{at + 1}][50/50]    coco/bbox_mAP: {made.value('coco/bbox_mAP', found[at])}  "
            f"coco/bbox_mAP_50: {made.value('coco/bbox_mAP_50', found[at] * 1.4 + 0.05)}  "
            f"coco/bbox_mAP_75: {found[at] * 1.05:.4f}  data_time: {made.random.uniform(0.001, 0.003):.4f}  "
            f"time: {made.random.gauss(0.04, 0.002):.4f}"
        )
    made.after()


@style("darknet", ("mAP@0.50", "mean average precision (mAP@0.50)"), ("avg loss",))
def darknet(made: Made) -> None:
    loss = made.curve(12, 14, 1.62, 0.03, 0.12)
    made.say("yolov4-tiny")
    made.say(f" CUDA-version: 11020 (11020), cuDNN: 8.2.1, GPU count: 1  /tmp/{made.letters(6)}.data")
    images = 0
    for at in range(12):
        if at % 3 == 0:
            made.epoch()
        images += 64 * 100
        took = made.wait(1.2)
        made.say(
            f" {100 * (at + 1)}: {made.random.gauss(loss[at], 0.1):.6f}, "
            f"{made.value('avg loss', loss[at], '.6f')} avg loss, 0.002610 rate, {took:.6f} seconds, "
            f"{images} images, {made.random.uniform(0.2, 3):.6f} hours left"
        )
        if at % 3 == 2:
            found = 0.92 - loss[at] / 7 if loss[at] < 4.5 else 0.28 + made.random.gauss(0, 0.01)
            found = min(0.99, max(0.01, found + made.random.gauss(0, 0.004)))
            shown = made.value("mAP@0.50", found, ".6f")
            made.say(f" detections_count = {made.random.randrange(9000, 11000)}, unique_truth_count = 2048")
            made.say(f" mean average precision (mAP@0.50) = {shown}, or {100 * found:.2f} % ")
            made.say(f"Total Detection Time: {made.wait(4):.0f} Seconds")
    made.after()
    made.say("Saving weights to backup//yolov4-tiny_final.weights")


@style("nnunet", ("val_loss", "Mean Validation Dice"), ("train_loss", "Mean Validation Dice"))
def nnunet(made: Made) -> None:
    val = made.curve(9, -0.12, -0.79, 0.006, 0.008)
    train = made.beside(val, (-0.12, -0.79), (-0.05, -0.84), 0.005)

    def say(line: str) -> None:
        made.wait(0.3)
        made.say(f"{made.at('log')}.{made.random.randrange(10**6):06d}: {line}")

    made.say(f"Using device: cuda:0 on {made.host()}")
    for at in range(9):
        made.epoch()
        say(f"Epoch {at}")
        say(f"Current learning rate: {round(0.01 * (1 - at / 9) ** 0.9, 5)}")
        say(f"train_loss {made.value('train_loss', train[at])}")
        say(f"val_loss {made.value('val_loss', val[at])}")
        dice = [min(0.97, max(0.0, -val[at] + off + made.random.gauss(0, 0.006))) for off in (0.06, -0.03)]
        say(f"Pseudo dice [{dice[0]:.4f}, {dice[1]:.4f}]")
        say(f"Epoch time: {made.wait(8):.2f} s")
        made.say()
    made.after()
    say("Training done.")
    say("Validation complete")
    dice_of_all = -val[-1] + made.random.gauss(0.04, 0.004)
    say(f"Mean Validation Dice:  {made.value('Mean Validation Dice', dice_of_all, '.16f')}")


@style("keras 3 colours", ("val_loss",), ("loss", "accuracy", "val_accuracy"))
def keras3(made: Made) -> None:
    val = made.curve(10, 1.6, 0.83, 0.008, 0.012)
    loss = made.beside(val, (1.6, 0.83), (1.8, 0.6), 0.01)
    right = made.beside(val, (1.6, 0.83), (0.33, 0.79), 0.005)
    held = made.beside(val, (1.6, 0.83), (0.41, 0.72), 0.004)
    made.say(
        f"{made.at('log')}.{made.random.randrange(10**6):06d}: I tensorflow/core/util/port.cc:153] oneDNN is on."
    )
    for at in range(10):
        made.epoch()
        made.say(f"Epoch {at + 1}/10")
        took = made.wait(0.9)
        made.say(
            f"\x1b[1m782/782\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m{took:.0f}s\x1b[0m "
            f"{took * 1000 / 782:.0f}ms/step - accuracy: {made.value('accuracy', right[at])} - "
            f"loss: {made.value('loss', loss[at])} - val_accuracy: {made.value('val_accuracy', held[at])} - "
            f"val_loss: {made.value('val_loss', val[at])} - learning_rate: 0.0010"
        )
    made.after()


STYLES = (timm, imagenet, mmengine, darknet, nnunet, keras3)
