"""Styles for judging, added later: trainings on text, speech, tables and games, in their frameworks' own words."""

import math

from benchmarks.wild.made import GeneratedRun
from benchmarks.wild.style import style


@style("megatron", ("lm loss value", "validation loss", "lm loss PPL"), ("lm loss", "grad norm"))
def megatron(run: GeneratedRun) -> None:
    loss = run.curve(16, 10.6, 4.1, 0.02, 0.03)
    run.say(f"using world size: 8, data-parallel size: 8, master {run.host()}:{run.port}")
    for index in range(16):
        if index % 4 == 0:
            run.epoch()
        step = 10 * (index + 1)
        run.wait(4)
        run.say(
            f" [{run.at('log')}] iteration {step:8d}/{160:8d} | consumed samples: {64 * step:12d} | elapsed time "
            f"per iteration (ms): {run.wait(0.1) * 1000:.1f} | learning rate: {1.5e-4 * (1 - index / 16):.6E} | "
            "global "
            f"batch size: {64:5d} | lm loss: {run.value('lm loss', loss[index], '.6E')} | loss scale: 1.0 | "
            f"grad norm: {run.value('grad norm', abs(run.random.gauss(2.2, 0.3)), '.3f')} | "
            f"number of skipped iterations: {0:3d} | number of nan iterations: {0:3d} |"
        )
        if index % 4 == 3:
            held_out = loss[index] + run.random.gauss(0.05, 0.01)
            run.say("-" * 98)
            run.say(
                f" validation loss at iteration {step} | lm loss value: "
                f"{run.value('lm loss value', held_out, '.6E')} | "
                f"lm loss PPL: {math.exp(held_out):.6E} | "
            )
            run.say("-" * 98)
    run.after()


@style("torchtitan", ("loss",), ("grad_norm",))
def torchtitan(run: GeneratedRun) -> None:
    loss = run.curve(20, 12.2, 5.3, 0.03, 0.04)
    blue, green, red, grey, off = "\x1b[34m", "\x1b[32m", "\x1b[31m", "\x1b[36m", "\x1b[39m"

    def say(line: str) -> None:
        run.wait(1)
        run.say(f"[rank0]:{run.at('log')},{run.milliseconds} - root - INFO - {line}")

    say(f"Starting job: llama3 debug, dump folder ./outputs/{run.now:%Y%m%d-%H%M}")
    say(f"{red}Model llama3 debugmodel {blue}size: 6,270,208 total parameters{off}")
    for epoch in range(20):
        run.epoch()
        say(
            f"{red}step: {epoch * 5 + 1:2}  {green}loss: {run.value('loss', loss[epoch], '7.4f')}  "
            f"{blue}grad_norm: {run.value('grad_norm', abs(run.random.gauss(1.6, 0.2)), '7.4f')}  "
            f"{grey}memory: {run.random.gauss(1.4, 0.02):5.2f}GiB({run.random.gauss(1.5, 0.02):.2f}%)  "
            f"{blue}tps: {run.random.randrange(90_000, 120_000):,}  mfu: {run.random.gauss(1.4, 0.1):.2f}%{off}"
        )
    run.after()
    say("Training completed")


@style("speechbrain", ("test loss", "valid loss", "test WER", "valid WER"), ("train loss", "valid loss", "valid CER"))
def speechbrain(run: GeneratedRun) -> None:
    valid = run.curve(10, 3.6, 0.71, 0.01, 0.015)
    for epoch in range(10):
        run.epoch()
        train = run.value("train loss", valid[epoch] + run.random.gauss(-0.2, 0.02), ".2e")
        run.say(
            f"epoch: {epoch + 1}, lr: {1.0 * 0.8 ** max(0, epoch - 6):.2e} - train loss: {train} - "
            f"valid loss: {run.value('valid loss', valid[epoch], '.2e')}, "
            f"valid CER: {run.value('valid CER', valid[epoch] * 12 + run.random.gauss(0, 0.15), '.2f')}, "
            f"valid WER: {valid[epoch] * 25 + run.random.gauss(0, 0.3):.2f}"
        )
    run.after()
    held_out = valid[-1] + run.random.gauss(0.04, 0.01)
    run.say(
        f"Epoch loaded: 10 - test loss: {run.value('test loss', held_out, '.2e')}, "
        f"test CER: {held_out * 12 + run.random.gauss(0, 0.15):.2f}, "
        f"test WER: {held_out * 25 + run.random.gauss(0, 0.3):.2f}"
    )


@style("coqui tts", ("avg_loss",), ("avg_mel_loss",))
def coqui(run: GeneratedRun) -> None:
    loss = run.curve(8, 2.6, 0.94, 0.01, 0.014)
    previous: float | None = None
    run.say(f" > Training Environment:\n | > Backend: Torch\n | > Num. of CPUs: {run.random.choice((8, 16, 32))}")
    run.say(f" > Start Tensorboard: tensorboard --logdir=/data/run-{run.now:%B-%d-%Y_%I+%M%p}-{run.hexes(7)}")
    for epoch in range(8):
        run.epoch()
        run.wait(30)
        run.say(f"\n\x1b[4m\x1b[1m > EPOCH: {epoch}/8\x1b[0m")
        run.say(f"\n\x1b[1m > TRAINING ({run.at('log')}) \x1b[0m")
        run.say(f"\n\x1b[1m   --> TIME: {run.at('log')} -- STEP: 24/64 -- GLOBAL_STEP: {64 * epoch + 25}\x1b[0m")
        step = run.random.gauss(loss[epoch], 0.03)
        run.say(f"     | > loss: {step:.5f}  ({step + 0.01:.5f})\n     | > step_time: {run.wait(0.1):.4f}  (0.3011)")
        run.say("\n\x1b[1m > EVALUATION \x1b[0m\n")
        run.say("  \x1b[1m--> EVAL PERFORMANCE\x1b[0m")
        change = f" \x1b[92m({loss[epoch] - previous:+.5f})\x1b[0m" if previous is not None else " (+0.00000)"
        run.say(f"     | > avg_loader_time: {run.random.uniform(0.003, 0.01):.5f} (+0.00000)")
        run.say(f"     | > avg_loss: {run.value('avg_loss', loss[epoch], '.5f')}{change}")
        run.say(f"     | > avg_mel_loss: {run.value('avg_mel_loss', loss[epoch] * 0.4, '.5f')} (+0.00000)")
        previous = loss[epoch]
    run.after()


@style("sklearn boosting", ("Train Loss",), ("OOB Improve",))
def boosting(run: GeneratedRun) -> None:
    loss = run.curve(18, 1.31, 0.42, 0.004, 0.0015, rate=4)
    run.say(f"{'Iter':>10} {'Train Loss':>16} {'OOB Improve':>16} {'Remaining Time':>16} ")
    for epoch in range(18):
        run.epoch()
        number = epoch + 1 if epoch < 10 else 10 * (epoch - 8)
        improvement = run.value("OOB Improve", 0.08 * math.exp(-epoch / 6) + run.random.gauss(0, 0.002), "16.4f")
        remaining = run.wait(0.3)
        run.say(f"{number:>10} {run.value('Train Loss', loss[epoch], '16.4f')} {improvement} {remaining:>15.2f}s ")
    run.after()


@style("matlab table", ("Validation Loss",), ("Validation Accuracy", "Mini-batch Loss"))
def matlab(run: GeneratedRun) -> None:
    val = run.curve(9, 2.3, 0.36, 0.008, 0.012)
    accuracy = run.beside(val, (2.3, 0.36), (11, 89.5), 0.3)
    bar = "|" + "=" * 112 + "|"
    run.say("Training on single GPU.\nInitializing input data normalization.")
    run.say(bar)
    run.say(
        "|  Epoch  |  Iteration  |  Time Elapsed  |  Mini-batch  |  Validation  |  Mini-batch  |  Validation  |"
        "  Base Learning  |"
    )
    run.say(
        "|         |             |   (hh:mm:ss)   |   Accuracy   |   Accuracy   |     Loss     |     Loss     |"
        "      Rate       |"
    )
    run.say(bar)
    seconds = 0.0
    for epoch in range(9):
        run.epoch()
        seconds += run.wait(5)
        clock = f"{int(seconds // 3600):02d}:{int(seconds // 60) % 60:02d}:{int(seconds) % 60:02d}"
        run.say(
            f"| {epoch + 1:>7} | {30 * (epoch + 1):>11} | {clock:>14} | "
            f"{run.random.gauss(accuracy[epoch], 2):>11.2f}% | "
            f"{run.value('Validation Accuracy', accuracy[epoch], '>11.2f')}% | "
            f"{run.value('Mini-batch Loss', run.random.gauss(val[epoch], 0.05), '>12.4f')} | "
            f"{run.value('Validation Loss', val[epoch], '>12.4f')} | {0.01:>15.4f} |"
        )
    run.after()
    run.say(bar)
    run.say("Training finished: Max epochs completed.")


@style("flux julia", ("Test loss", "loss"), ("Train loss", "Test acc"))
def flux(run: GeneratedRun) -> None:
    loss = run.curve(10, 2.31, 0.11, 0.004, 0.006)
    accuracy = run.beside(loss, (2.31, 0.11), (10.4, 96.8), 0.12)
    run.say(f"[ Info: Training on GPU, host {run.host()}")
    for epoch in range(11):
        run.epoch()
        last = min(epoch, 9)
        train = loss[last] - 0.02 + run.random.gauss(0, 0.003)
        held_out = loss[last] + run.random.gauss(0, 0.004)
        accuracy_text = run.value("Test acc", accuracy[last] + run.random.gauss(0, 0.1), ".4f")
        run.say(
            f"Epoch: {epoch}   Train: (loss = {run.value('Train loss', train, '.4f')}, acc = "
            f"{accuracy[last] + 0.5:.4f})"
            f"   Test: (loss = {run.value('Test loss', held_out, '.4f')}, acc = {accuracy_text})"
        )
        if epoch % 5 == 0:
            run.say(f'[ Info: Model saved in "/tmp/runs/{run.hexes(8)}/model.bson"')
    run.after()


@style("tianshou", ("test_reward",), ("rew", "loss"))
def tianshou(run: GeneratedRun) -> None:
    reward = run.curve(9, 22, 196, 2.5, 5)
    best, best_at = 0.0, 0
    for epoch in range(9):
        run.epoch()
        seconds = run.wait(5)
        run.say(
            f"\rEpoch #{epoch + 1}:  42%|####1     | 4200/10000 [00:{seconds / 2:02.0f}<00:{seconds / 2:02.0f}, "
            f"{10_000 / seconds:.2f}it/s, env_step={10_000 * epoch + 4200}, rew={reward[epoch] - 9:.2f}]",
            end="",
        )
        loss = run.value("loss", abs(run.random.gauss(0.4, 0.05)), ".3f")
        run.say(
            f"\rEpoch #{epoch + 1}: 10001it [00:{seconds:02.0f}, {10_000 / seconds:.2f}it/s, "
            f"env_step={10_000 * (epoch + 1)}, "
            f"len={run.random.randrange(120, 200)}, loss={loss}, "
            f"n/ep={run.random.randrange(0, 4)}, n/st=10, rew={run.value('rew', reward[epoch] - 4, '.2f')}]"
        )
        if reward[epoch] > best:
            best, best_at = reward[epoch], epoch + 1
        spread = abs(run.random.gauss(6, 1))
        run.say(
            f"Epoch #{epoch + 1}: test_reward: {run.value('test_reward', reward[epoch], '.6f')} ± {spread:.6f}, "
            f"best_reward: {best:.6f} ± {spread:.6f} in #{best_at}"
        )
    run.after()


@style("allennlp", ("validation_loss", "validation_accuracy"), ("training_loss", "validation_accuracy"))
def allennlp(run: GeneratedRun) -> None:
    held_out = run.curve(8, 0.69, 0.29, 0.005, 0.006)
    accuracy = run.beside(held_out, (0.69, 0.29), (0.52, 0.9), 0.004)
    train = run.beside(held_out, (0.69, 0.29), (0.68, 0.17), 0.004)

    def say(line: str, logger: str = "allennlp.training.callbacks.console_logger") -> None:
        run.wait(0.5)
        run.say(f"{run.at('log')},{run.milliseconds} - INFO - {logger} - {line}")

    say("Beginning training.", "allennlp.training.gradient_descent_trainer")
    for epoch in range(8):
        run.epoch()
        say(f"Epoch {epoch}/7", "allennlp.training.gradient_descent_trainer")
        say(
            f"Worker 0 memory usage: {run.random.gauss(3.1, 0.05):.1f}G",
            "allennlp.training.gradient_descent_trainer",
        )
        say("                       Training |  Validation")
        say(
            f"accuracy           |     {accuracy[epoch] + 0.03:.3f}  |     "
            f"{run.value('validation_accuracy', accuracy[epoch], '.3f')}"
        )
        say(
            f"loss               |     {run.value('training_loss', train[epoch], '.3f')}  |     "
            f"{run.value('validation_loss', held_out[epoch], '.3f')}"
        )
        say(
            f"Epoch duration: 0:00:{run.random.randrange(21, 29)}.{run.random.randrange(10**6):06d}",
            "allennlp.training",
        )
    run.after()
    say("Best validation performance: see metrics_best.json", "allennlp.training.gradient_descent_trainer")


STYLES = (megatron, torchtitan, speechbrain, coqui, boosting, matlab, flux, tianshou, allennlp)
