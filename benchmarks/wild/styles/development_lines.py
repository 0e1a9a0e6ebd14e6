"""Styles for development: boosting, reinforcement learning, language, speech, and plain lines with a user's
prefix.
"""

from benchmarks.wild.made import GeneratedRun
from benchmarks.wild.style import style


@style("xgboost", ("test-rmse",), ("train-rmse",))
def xgboost(run: GeneratedRun) -> None:
    test = run.curve(60, 0.92, 0.47, 0.004, 0.001, rate=5)
    rising = [value + max(0, epoch - 38) * 0.0006 for epoch, value in enumerate(test)]
    train = run.beside(test, (0.92, 0.47), (0.9, 0.3), 0.001)
    epochs = run.patience(rising, 6)
    for epoch in range(epochs):
        run.epoch()
        run.say(
            f"[{epoch}]\ttrain-rmse:{run.value('train-rmse', train[epoch], '.5f')}"
            f"\ttest-rmse:{run.value('test-rmse', rising[epoch], '.5f')}"
        )
    run.after()


@style("cleanrl", ("episodic_return",), ())
def cleanrl(run: GeneratedRun) -> None:
    curve = run.curve(25, 21, 471, 9, 16)
    run.say(f"wandb: Run data is saved locally in wandb/run-{run.now:%Y%m%d_%H%M%S}-{run.letters(8)}")
    run.say(f"CartPole-v1__ppo__1__{int(run.now.timestamp())}")
    for epoch in range(25):
        run.epoch()
        returned = max(9.0, curve[epoch])
        run.say(f"global_step={epoch * 2048}, episodic_return={run.value('episodic_return', returned, '.2f')}")
        run.wait(0.5)
        run.say(f"SPS: {int(run.random.gauss(2100, 60))}")
    run.after()


@style("spinning up tables", ("AverageEpRet",), ("StdEpRet", "LossPi", "LossV"))
def spinning_up(run: GeneratedRun) -> None:
    curve = run.curve(12, -1400, -210, 12, 20)
    run.say(f"\x1b[32;1mLogging data to /home/u/data/ppo/s{run.random.randrange(100)}/progress.txt\x1b[0m")
    start = run.now
    for epoch in range(12):
        run.epoch()
        run.wait(3)
        rows = (
            ("Epoch", f"{epoch:15d}"),
            ("AverageEpRet", run.value("AverageEpRet", curve[epoch], "15.1f")),
            ("StdEpRet", run.value("StdEpRet", abs(run.random.gauss(80, 12)), "15.1f")),
            ("LossPi", run.value("LossPi", run.random.gauss(-0.01, 0.004), "15.5f")),
            ("LossV", run.value("LossV", abs(curve[epoch]) * 1.5 * run.random.uniform(0.9, 1.1), "15.2f")),
            ("TotalEnvInteracts", f"{(epoch + 1) * 4000:15d}"),
            ("Time", f"{(run.now - start).total_seconds():15.1f}"),
        )
        run.say("-" * 41)
        for name, cell in rows:
            run.say(f"| {name:>19} | {cell} |")
        run.say("-" * 41)
    run.after()


@style(
    "flair", ("DEV : f1-score (micro avg)", "f1-score (micro avg)", "DEV f1-score (micro avg)", "DEV loss"), ("loss",)
)
def flair(run: GeneratedRun) -> None:
    loss = run.curve(10, 0.62, 0.09, 0.004, 0.006)
    score = run.beside(loss, (0.62, 0.09), (0.61, 0.923), 0.003)

    def say(line: str) -> None:
        run.wait(0.5)
        run.say(f"{run.at('log')},{run.milliseconds} {line}")

    say("-" * 60)
    say(f'Model training base path: "/tmp/flair_{run.letters(8)}"')
    best = 0.0
    for epoch in range(10):
        run.epoch()
        for batch in (10, 20):
            say(
                f"epoch {epoch + 1} - iter {batch}/25 - "
                f"loss {run.value('loss', run.random.gauss(loss[epoch], 0.01), '.8f')}"
                f" - time (sec): {run.wait(2):.2f} - samples/sec: {run.random.gauss(300, 9):.2f} - lr: 0.000050"
            )
        rounded = round(score[epoch], 4)
        say(
            f"DEV : loss {loss[epoch] + 0.02:.6f} - f1-score (micro avg)  "
            f"{run.value('DEV : f1-score (micro avg)', score[epoch])}"
        )
        if rounded > best:
            best = rounded
            say("saving best model")
    run.after()


@style("opennmt", ("Validation perplexity",), ("Validation accuracy", "acc", "ppl", "xent"))
def opennmt(run: GeneratedRun) -> None:
    import math

    loss = run.curve(24, 7.2, 1.9, 0.012, 0.015)

    def say(line: str) -> None:
        run.wait(4)
        run.say(f"[{run.at('log')},{run.milliseconds} INFO] {line}")

    say(f"Starting training on GPU: [0] of {run.host()}")
    for index in range(24):
        if index % 4 == 0:
            run.epoch()
        accuracy = 100 * math.exp(-0.4 * loss[index])
        say(
            f"Step {50 * (index + 1)}/ 1200; acc: {run.value('acc', accuracy, '.2f')}; "
            f"ppl: {run.value('ppl', math.exp(loss[index]), '.2f')}; xent: {run.value('xent', loss[index], '.2f')}; "
            f"lr: {0.00005 * (index + 1):.5f}; "
            f"{run.random.gauss(9800, 200):.0f}/{run.random.gauss(9100, 200):.0f} tok/s;"
            f" {(index + 1) * run.seconds_each * 4:6.0f} sec"
        )
        if index % 4 == 3:
            held_out = loss[index] + 0.08 + run.random.gauss(0, 0.008)
            say(f"Validation perplexity: {run.value('Validation perplexity', math.exp(held_out), '.3f')}")
            say(f"Validation accuracy: {run.value('Validation accuracy', 100 * math.exp(-0.4 * held_out), '.3f')}")
            say(f"Saving checkpoint model_step_{50 * (index + 1)}.pt")
    run.after()


@style("kaldi wer", ("WER",), ("objf",))
def kaldi(run: GeneratedRun) -> None:
    objective = run.curve(10, -3.1, -0.21, 0.004, 0.008)
    wer = run.beside(objective, (-3.1, -0.21), (81, 9.4), 0.2)
    run.say(f"# Running on {run.host()}")
    run.say(f"# Started at {run.at('asctime')}")
    for epoch in range(10):
        run.epoch()
        run.wait(9)
        run.say(
            f"LOG (nnet3-chain-train[5.5.{run.random.randrange(3)}~1-{run.hexes(4)}]:PrintTotalStats():"
            f"nnet-training.cc:348) Overall average objective function for 'output' is "
            f"{run.value('objf', objective[epoch], '.6f')} over 19200 frames."
        )
        error_rate = wer[epoch]
        run.say(f"%WER {run.value('WER', error_rate, '.2f')} exp/chain/decode_iter{epoch + 1}/wer_9")
    run.after()
    run.say(f"# Ended (code 0) at {run.at('asctime')}, elapsed time {run.wait(90):.0f} seconds")


@style("deepspeed ranks", ("lm loss",))
def deepspeed(run: GeneratedRun) -> None:
    losses = run.curve(16, 10.8, 4.6, 0.02, 0.03)

    def say(place: str, line: str) -> None:
        run.say(f"[{run.at('log')},{run.milliseconds}] [INFO] [{place}] {line}")

    say("launch.py:138:main", f"nnodes=1, num_local_procs=2, node_rank=0, host {run.host()}")
    for rank in run.random.sample((0, 1), 2):
        say(
            "comm.py:652:init_distributed",
            f"[Rank {rank}] rendezvous at tcp://10.0.0.3:{run.port} pid {run.pid + rank}",
        )
    for epoch in range(16):
        run.epoch()
        seconds = run.wait(0.6)
        lines = [
            f"[rank{rank}]: iteration {10 * (epoch + 1):6d}/ 160 | elapsed time per iteration (ms): "
            f"{seconds * 100:.1f} | "
            f"learning rate: {1.5e-4 * min(1, (epoch + 1) / 4):.3E} | lm loss: "
            f"{run.value('lm loss', losses[epoch], '.6E') if rank == 0 else f'{losses[epoch]:.6E}'} | "
            "loss scale: 65536.0 |"
            for rank in (0, 1)
        ]
        for line in run.random.sample(lines, 2):
            run.say(line)
    run.after()
    for rank in run.random.sample((0, 1), 2):
        run.say(f"[rank{rank}]: process group destroyed after {run.wait(10):.1f}s")


@style("dcgan", ("Loss_G", "Loss_D"), ("Loss_D", "D(x)"))
def dcgan(run: GeneratedRun) -> None:
    loss_d = run.curve(20, 1.7, 0.52, 0.03, 0.06)
    loss_g = run.curve(20, 2.1, 4.4, 0.08, 0.15)
    run.say(f"Random Seed:  {run.random.randrange(1, 10000)}")
    for index in range(20):
        if index % 4 == 0:
            run.epoch()
        run.say(
            f"[{index // 4}/5][{index % 4 * 400}/1583]\tLoss_D: {run.value('Loss_D', loss_d[index])}\t"
            f"Loss_G: {run.value('Loss_G', loss_g[index])}\t"
            f"D(x): {run.value('D(x)', run.random.gauss(0.7, 0.04))}\tD(G(z)): "
            f"{abs(run.random.gauss(0.25, 0.04)):.4f} / {abs(run.random.gauss(0.1, 0.02)):.4f}"
        )
    run.after()


@style("ncf to target", ("HR@10",), ("NDCG@10",))
def ncf(run: GeneratedRun) -> None:
    hits = run.curve(16, 0.1, 0.642, 0.002, 0.003, rate=6)
    gain = run.beside(hits, (0.1, 0.642), (0.045, 0.385), 0.002)
    run.say(
        f"Initial HR@10 = {0.1 + run.random.gauss(0, 0.003):.4f}, NDCG@10 = {0.045 + run.random.gauss(0, 0.001):.4f}"
    )
    for epoch in range(16):
        run.epoch()
        run.say(
            f"Epoch {epoch}: HR@10 = {run.value('HR@10', hits[epoch])}, NDCG@10 = "
            f"{run.value('NDCG@10', gain[epoch])}, "
            f"train_time = {run.wait(0.7):.2f}, val_time = {run.wait(0.1):.2f}"
        )
        if hits[epoch] > 0.632:
            run.say("Hit threshold of 0.632")
            break
    run.after()


STYLES = (xgboost, cleanrl, spinning_up, flair, opennmt, kaldi, deepspeed, dcgan, ncf)
