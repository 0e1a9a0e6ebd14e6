"""Styles for judging, added later: trainings on text, speech, tables and games, in their frameworks' own words."""

import math

from benchmarks.wild.made import Made
from benchmarks.wild.style import style


@style("megatron", ("lm loss value", "validation loss", "lm loss PPL"), ("lm loss", "grad norm"))
def megatron(made: Made) -> None:
    loss = made.curve(16, 10.6, 4.1, 0.02, 0.03)
    made.say(f"using world size: 8, data-parallel size: 8, master {made.host()}:{made.port}")
    for at in range(16):
        if at % 4 == 0:
            made.epoch()
        step = 10 * (at + 1)
        made.wait(4)
        made.say(
            f" [{made.at('log')}] iteration {step:8d}/{160:8d} | consumed samples: {64 * step:12d} | elapsed time "
            f"per iteration (ms): {made.wait(0.1) * 1000:.1f} | learning rate: {1.5e-4 * (1 - at / 16):.6E} | global "
            f"batch size: {64:5d} | lm loss: {made.value('lm loss', loss[at], '.6E')} | loss scale: 1.0 | "
            f"grad norm: {made.value('grad norm', abs(made.random.gauss(2.2, 0.3)), '.3f')} | "
            f"number of skipped iterations: {0:3d} | number of nan iterations: {0:3d} |"
        )
        if at % 4 == 3:
            held = loss[at] + made.random.gauss(0.05, 0.01)
            made.say("-" * 98)
            made.say(
                f" validation loss at iteration {step} | lm loss value: {made.value('lm loss value', held, '.6E')} | "
                f"lm loss PPL: {math.exp(held):.6E} | "
            )
            made.say("-" * 98)
    made.after()


@style("torchtitan", ("loss",), ("grad_norm",))
def torchtitan(made: Made) -> None:
    loss = made.curve(20, 12.2, 5.3, 0.03, 0.04)
    blue, green, red, grey, off = "\x1b[34m", "\x1b[32m", "\x1b[31m", "\x1b[36m", "\x1b[39m"

    def say(line: str) -> None:
        made.wait(1)
        made.say(f"[rank0]:{made.at('log')},{made.milliseconds} - root - INFO - {line}")

    say(f"Starting job: llama3 debug, dump folder ./outputs/{made.now:%Y%m%d-%H%M}")
    say(f"{red}Model llama3 debugmodel {blue}size: 6,270,208 total parameters{off}")
    for at in range(20):
        made.epoch()
        say(
            f"{red}step: {at * 5 + 1:2}  {green}loss: {made.value('loss', loss[at], '7.4f')}  "
            f"{blue}grad_norm: {made.value('grad_norm', abs(made.random.gauss(1.6, 0.2)), '7.4f')}  "
            f"{grey}memory: {made.random.gauss(1.4, 0.02):5.2f}GiB({made.random.gauss(1.5, 0.02):.2f}%)  "
            f"{blue}tps: {made.random.randrange(90_000, 120_000):,}  mfu: {made.random.gauss(1.4, 0.1):.2f}%{off}"
        )
    made.after()
    say("Training completed")


@style("speechbrain", ("test loss", "valid loss", "test WER", "valid WER"), ("train loss", "valid loss", "valid CER"))
def speechbrain(made: Made) -> None:
    valid = made.curve(10, 3.6, 0.71, 0.01, 0.015)
    for at in range(10):
        made.epoch()
        train = made.value("train loss", valid[at] + made.random.gauss(-0.2, 0.02), ".2e")
        made.say(
            f"epoch: {at + 1}, lr: {1.0 * 0.8 ** max(0, at - 6):.2e} - train loss: {train} - "
            f"valid loss: {made.value('valid loss', valid[at], '.2e')}, "
            f"valid CER: {made.value('valid CER', valid[at] * 12 + made.random.gauss(0, 0.15), '.2f')}, "
            f"valid WER: {valid[at] * 25 + made.random.gauss(0, 0.3):.2f}"
        )
    made.after()
    held = valid[-1] + made.random.gauss(0.04, 0.01)
    made.say(
        f"Epoch loaded: 10 - test loss: {made.value('test loss', held, '.2e')}, "
        f"test CER: {held * 12 + made.random.gauss(0, 0.15):.2f}, "
        f"test WER: {held * 25 + made.random.gauss(0, 0.3):.2f}"
    )


@style("coqui tts", ("avg_loss",), ("avg_mel_loss",))
def coqui(made: Made) -> None:
    loss = made.curve(8, 2.6, 0.94, 0.01, 0.014)
    before: float | None = None
    made.say(f" > Training Environment:\n | > Backend: Torch\n | > Num. of CPUs: {made.random.choice((8, 16, 32))}")
    made.say(f" > Start Tensorboard: tensorboard --logdir=/data/run-{made.now:%B-%d-%Y_%I+%M%p}-{made.hexes(7)}")
    for at in range(8):
        made.epoch()
        made.wait(30)
        made.say(f"\n\x1b[4m\x1b[1m > EPOCH: {at}/8\x1b[0m")
        made.say(f"\n\x1b[1m > TRAINING ({made.at('log')}) \x1b[0m")
        made.say(f"\n\x1b[1m   --> TIME: {made.at('log')} -- STEP: 24/64 -- GLOBAL_STEP: {64 * at + 25}\x1b[0m")
        step = made.random.gauss(loss[at], 0.03)
        made.say(
            f"     | > loss: {step:.5f}  ({step + 0.01:.5f})\n     | > step_time: {made.wait(0.1):.4f}  (0.3011)"
        )
        made.say("\n\x1b[1m > EVALUATION \x1b[0m\n")
        made.say("  \x1b[1m--> EVAL PERFORMANCE\x1b[0m")
        change = f" \x1b[92m({loss[at] - before:+.5f})\x1b[0m" if before is not None else " (+0.00000)"
        made.say(f"     | > avg_loader_time: {made.random.uniform(0.003, 0.01):.5f} (+0.00000)")
        made.say(f"     | > avg_loss: {made.value('avg_loss', loss[at], '.5f')}{change}")
        made.say(f"     | > avg_mel_loss: {made.value('avg_mel_loss', loss[at] * 0.4, '.5f')} (+0.00000)")
        before = loss[at]
    made.after()


@style("sklearn boosting", ("Train Loss",), ("OOB Improve",))
def boosting(made: Made) -> None:
    loss = made.curve(18, 1.31, 0.42, 0.004, 0.0015, rate=4)
    made.say(f"{'Iter':>10} {'Train Loss':>16} {'OOB Improve':>16} {'Remaining Time':>16} ")
    for at in range(18):
        made.epoch()
        number = at + 1 if at < 10 else 10 * (at - 8)
        better = made.value("OOB Improve", 0.08 * math.exp(-at / 6) + made.random.gauss(0, 0.002), "16.4f")
        left = made.wait(0.3)
        made.say(f"{number:>10} {made.value('Train Loss', loss[at], '16.4f')} {better} {left:>15.2f}s ")
    made.after()


@style("matlab table", ("Validation Loss",), ("Validation Accuracy", "Mini-batch Loss"))
def matlab(made: Made) -> None:
    val = made.curve(9, 2.3, 0.36, 0.008, 0.012)
    right = made.beside(val, (2.3, 0.36), (11, 89.5), 0.3)
    bar = "|" + "=" * 112 + "|"
    made.say("Training on single GPU.\nInitializing input data normalization.")
    made.say(bar)
    made.say(
        "|  Epoch  |  Iteration  |  Time Elapsed  |  Mini-batch  |  Validation  |  Mini-batch  |  Validation  |"
        "  Base Learning  |"
    )
    made.say(
        "|         |             |   (hh:mm:ss)   |   Accuracy   |   Accuracy   |     Loss     |     Loss     |"
        "      Rate       |"
    )
    made.say(bar)
    seconds = 0.0
    for at in range(9):
        made.epoch()
        seconds += made.wait(5)
        clock = f"{int(seconds // 3600):02d}:{int(seconds // 60) % 60:02d}:{int(seconds) % 60:02d}"
        made.say(
            f"| {at + 1:>7} | {30 * (at + 1):>11} | {clock:>14} | {made.random.gauss(right[at], 2):>11.2f}% | "
            f"{made.value('Validation Accuracy', right[at], '>11.2f')}% | "
            f"{made.value('Mini-batch Loss', made.random.gauss(val[at], 0.05), '>12.4f')} | "
            f"{made.value('Validation Loss', val[at], '>12.4f')} | {0.01:>15.4f} |"
        )
    made.after()
    made.say(bar)
    made.say("Training finished: Max epochs completed.")


@style("flux julia", ("Test loss", "loss"), ("Train loss", "Test acc"))
def flux(made: Made) -> None:
    loss = made.curve(10, 2.31, 0.11, 0.004, 0.006)
    right = made.beside(loss, (2.31, 0.11), (10.4, 96.8), 0.12)
    made.say(f"[ Info: Training on GPU, host {made.host()}")
    for at in range(11):
        made.epoch()
        last = min(at, 9)
        train = loss[last] - 0.02 + made.random.gauss(0, 0.003)
        held = loss[last] + made.random.gauss(0, 0.004)
        accuracy = made.value("Test acc", right[last] + made.random.gauss(0, 0.1), ".4f")
        made.say(
            f"Epoch: {at}   Train: (loss = {made.value('Train loss', train, '.4f')}, acc = {right[last] + 0.5:.4f})"
            f"   Test: (loss = {made.value('Test loss', held, '.4f')}, acc = {accuracy})"
        )
        if at % 5 == 0:
            made.say(f'[ Info: Model saved in "/tmp/runs/{made.hexes(8)}/model.bson"')
    made.after()


@style("tianshou", ("test_reward",), ("rew", "loss"))
def tianshou(made: Made) -> None:
    reward = made.curve(9, 22, 196, 2.5, 5)
    best, best_at = 0.0, 0
    for at in range(9):
        made.epoch()
        took = made.wait(5)
        made.say(
            f"\rEpoch #{at + 1}:  42%|####1     | 4200/10000 [00:{took / 2:02.0f}<00:{took / 2:02.0f}, "
            f"{10_000 / took:.2f}it/s, env_step={10_000 * at + 4200}, rew={reward[at] - 9:.2f}]",
            end="",
        )
        loss = made.value("loss", abs(made.random.gauss(0.4, 0.05)), ".3f")
        made.say(
            f"\rEpoch #{at + 1}: 10001it [00:{took:02.0f}, {10_000 / took:.2f}it/s, env_step={10_000 * (at + 1)}, "
            f"len={made.random.randrange(120, 200)}, loss={loss}, "
            f"n/ep={made.random.randrange(0, 4)}, n/st=10, rew={made.value('rew', reward[at] - 4, '.2f')}]"
        )
        if reward[at] > best:
            best, best_at = reward[at], at + 1
        spread = abs(made.random.gauss(6, 1))
        made.say(
            f"Epoch #{at + 1}: test_reward: {made.value('test_reward', reward[at], '.6f')} ± {spread:.6f}, "
            f"best_reward: {best:.6f} ± {spread:.6f} in #{best_at}"
        )
    made.after()


@style("allennlp", ("validation_loss", "validation_accuracy"), ("training_loss", "validation_accuracy"))
def allennlp(made: Made) -> None:
    held = made.curve(8, 0.69, 0.29, 0.005, 0.006)
    right = made.beside(held, (0.69, 0.29), (0.52, 0.9), 0.004)
    train = made.beside(held, (0.69, 0.29), (0.68, 0.17), 0.004)

    def say(line: str, logger: str = "allennlp.training.callbacks.console_logger") -> None:
        made.wait(0.5)
        made.say(f"{made.at('log')},{made.milliseconds} - INFO - {logger} - {line}")

    say("Beginning training.", "allennlp.training.gradient_descent_trainer")
    for at in range(8):
        made.epoch()
        say(f"Epoch {at}/7", "allennlp.training.gradient_descent_trainer")
        say(
            f"Worker 0 memory usage: {made.random.gauss(3.1, 0.05):.1f}G",
            "allennlp.training.gradient_descent_trainer",
        )
        say("                       Training |  Validation")
        say(
            f"accuracy           |     {right[at] + 0.03:.3f}  |     "
            f"{made.value('validation_accuracy', right[at], '.3f')}"
        )
        say(
            f"loss               |     {made.value('training_loss', train[at], '.3f')}  |     "
            f"{made.value('validation_loss', held[at], '.3f')}"
        )
        say(
            f"Epoch duration: 0:00:{made.random.randrange(21, 29)}.{made.random.randrange(10**6):06d}",
            "allennlp.training",
        )
    made.after()
    say("Best validation performance: see metrics_best.json", "allennlp.training.gradient_descent_trainer")


STYLES = (megatron, torchtitan, speechbrain, coqui, boosting, matlab, flux, tianshou, allennlp)
