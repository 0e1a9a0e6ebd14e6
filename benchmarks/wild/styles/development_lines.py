"""Styles for development: boosting, reinforcement learning, language, speech, and plain lines with a user's
prefix.
"""

from benchmarks.wild.made import Made
from benchmarks.wild.style import style


@style("xgboost", ("test-rmse",), ("train-rmse",))
def xgboost(made: Made) -> None:
    test = made.curve(60, 0.92, 0.47, 0.004, 0.001, rate=5)
    up = [value + max(0, at - 38) * 0.0006 for at, value in enumerate(test)]
    train = made.beside(test, (0.92, 0.47), (0.9, 0.3), 0.001)
    ends = made.patience(up, 6)
    for at in range(ends):
        made.epoch()
        made.say(
            f"[{at}]\ttrain-rmse:{made.value('train-rmse', train[at], '.5f')}"
            f"\ttest-rmse:{made.value('test-rmse', up[at], '.5f')}"
        )
    made.after()


@style("cleanrl", ("episodic_return",), ())
def cleanrl(made: Made) -> None:
    curve = made.curve(25, 21, 471, 9, 16)
    made.say(f"wandb: Run data is saved locally in wandb/run-{made.now:%Y%m%d_%H%M%S}-{made.letters(8)}")
    made.say(f"CartPole-v1__ppo__1__{int(made.now.timestamp())}")
    for at in range(25):
        made.epoch()
        returned = max(9.0, curve[at])
        made.say(f"global_step={at * 2048}, episodic_return={made.value('episodic_return', returned, '.2f')}")
        made.wait(0.5)
        made.say(f"SPS: {int(made.random.gauss(2100, 60))}")
    made.after()


@style("spinning up tables", ("AverageEpRet",), ("StdEpRet", "LossPi", "LossV"))
def spinning_up(made: Made) -> None:
    curve = made.curve(12, -1400, -210, 12, 20)
    made.say(f"\x1b[32;1mLogging data to /home/u/data/ppo/s{made.random.randrange(100)}/progress.txt\x1b[0m")
    began = made.now
    for at in range(12):
        made.epoch()
        made.wait(3)
        rows = (
            ("Epoch", f"{at:15d}"),
            ("AverageEpRet", made.value("AverageEpRet", curve[at], "15.1f")),
            ("StdEpRet", made.value("StdEpRet", abs(made.random.gauss(80, 12)), "15.1f")),
            ("LossPi", made.value("LossPi", made.random.gauss(-0.01, 0.004), "15.5f")),
            ("LossV", made.value("LossV", abs(curve[at]) * 1.5 * made.random.uniform(0.9, 1.1), "15.2f")),
            ("TotalEnvInteracts", f"{(at + 1) * 4000:15d}"),
            ("Time", f"{(made.now - began).total_seconds():15.1f}"),
        )
        made.say("-" * 41)
        for name, shown in rows:
            made.say(f"| {name:>19} | {shown} |")
        made.say("-" * 41)
    made.after()


@style(
    "flair", ("DEV : f1-score (micro avg)", "f1-score (micro avg)", "DEV f1-score (micro avg)", "DEV loss"), ("loss",)
)
def flair(made: Made) -> None:
    loss = made.curve(10, 0.62, 0.09, 0.004, 0.006)
    score = made.beside(loss, (0.62, 0.09), (0.61, 0.923), 0.003)

    def say(line: str) -> None:
        made.wait(0.5)
        made.say(f"{made.at('log')},{made.milliseconds} {line}")

    say("-" * 60)
    say(f'Model training base path: "/tmp/flair_{made.letters(8)}"')
    best = 0.0
    for at in range(10):
        made.epoch()
        for batch in (10, 20):
            say(
                f"epoch {at + 1} - iter {batch}/25 - "
                f"loss {made.value('loss', made.random.gauss(loss[at], 0.01), '.8f')}"
                f" - time (sec): {made.wait(2):.2f} - samples/sec: {made.random.gauss(300, 9):.2f} - lr: 0.000050"
            )
        shown = round(score[at], 4)
        say(
            f"DEV : loss {loss[at] + 0.02:.6f} - f1-score (micro avg)  "
            f"{made.value('DEV : f1-score (micro avg)', score[at])}"
        )
        if shown > best:
            best = shown
            say("saving best model")
    made.after()


@style("opennmt", ("Validation perplexity",), ("Validation accuracy", "acc", "ppl", "xent"))
def opennmt(made: Made) -> None:
    import math

    loss = made.curve(24, 7.2, 1.9, 0.012, 0.015)

    def say(line: str) -> None:
        made.wait(4)
        made.say(f"[{made.at('log')},{made.milliseconds} INFO] {line}")

    say(f"Starting training on GPU: [0] of {made.host()}")
    for at in range(24):
        if at % 4 == 0:
            made.epoch()
        right = 100 * math.exp(-0.4 * loss[at])
        say(
            f"Step {50 * (at + 1)}/ 1200; acc: {made.value('acc', right, '.2f')}; "
            f"ppl: {made.value('ppl', math.exp(loss[at]), '.2f')}; xent: {made.value('xent', loss[at], '.2f')}; "
            f"lr: {0.00005 * (at + 1):.5f}; "
            f"{made.random.gauss(9800, 200):.0f}/{made.random.gauss(9100, 200):.0f} tok/s;"
            f" {(at + 1) * made.seconds_each * 4:6.0f} sec"
        )
        if at % 4 == 3:
            held = loss[at] + 0.08 + made.random.gauss(0, 0.008)
            say(f"Validation perplexity: {made.value('Validation perplexity', math.exp(held), '.3f')}")
            say(f"Validation accuracy: {made.value('Validation accuracy', 100 * math.exp(-0.4 * held), '.3f')}")
            say(f"Saving checkpoint model_step_{50 * (at + 1)}.pt")
    made.after()


@style("kaldi wer", ("WER",), ("objf",))
def kaldi(made: Made) -> None:
    objective = made.curve(10, -3.1, -0.21, 0.004, 0.008)
    wer = made.beside(objective, (-3.1, -0.21), (81, 9.4), 0.2)
    made.say(f"# Running on {made.host()}")
    made.say(f"# Started at {made.at('asctime')}")
    for at in range(10):
        made.epoch()
        made.wait(9)
        made.say(
            f"LOG (nnet3-chain-train[5.5.{made.random.randrange(3)}~1-{made.hexes(4)}]:PrintTotalStats():"
            f"nnet-training.cc:348) Overall average objective function for 'output' is "
            f"{made.value('objf', objective[at], '.6f')} over 19200 frames."
        )
        wrong = wer[at]
        made.say(f"%WER {made.value('WER', wrong, '.2f')} exp/chain/decode_iter{at + 1}/wer_9")
    made.after()
    made.say(f"# Ended (code 0) at {made.at('asctime')}, elapsed time {made.wait(90):.0f} seconds")


@style("deepspeed ranks", ("lm loss",))
def deepspeed(made: Made) -> None:
    losses = made.curve(16, 10.8, 4.6, 0.02, 0.03)

    def say(place: str, line: str) -> None:
        made.say(f"[{made.at('log')},{made.milliseconds}] [INFO] [{place}] {line}")

    say("launch.py:138:main", f"nnodes=1, num_local_procs=2, node_rank=0, host {made.host()}")
    for rank in made.random.sample((0, 1), 2):
        say(
            "comm.py:652:init_distributed",
            f"[Rank {rank}] rendezvous at tcp://10.0.0.3:{made.port} pid {made.pid + rank}",
        )
    for at in range(16):
        made.epoch()
        took = made.wait(0.6)
        lines = [
            f"[rank{rank}]: iteration {10 * (at + 1):6d}/ 160 | elapsed time per iteration (ms): {took * 100:.1f} | "
            f"learning rate: {1.5e-4 * min(1, (at + 1) / 4):.3E} | lm loss: "
            f"{made.value('lm loss', losses[at], '.6E') if rank == 0 else f'{losses[at]:.6E}'} | "
            "loss scale: 65536.0 |"
            for rank in (0, 1)
        ]
        for line in made.random.sample(lines, 2):
            made.say(line)
    made.after()
    for rank in made.random.sample((0, 1), 2):
        made.say(f"[rank{rank}]: process group destroyed after {made.wait(10):.1f}s")


@style("dcgan", ("Loss_G", "Loss_D"), ("Loss_D", "D(x)"))
def dcgan(made: Made) -> None:
    first = made.curve(20, 1.7, 0.52, 0.03, 0.06)
    second = made.curve(20, 2.1, 4.4, 0.08, 0.15)
    made.say(f"Random Seed:  {made.random.randrange(1, 10000)}")
    for at in range(20):
        if at % 4 == 0:
            made.epoch()
        made.say(
            f"[{at // 4}/5][{at % 4 * 400}/1583]\tLoss_D: {made.value('Loss_D', first[at])}\t"
            f"Loss_G: {made.value('Loss_G', second[at])}\t"
            f"D(x): {made.value('D(x)', made.random.gauss(0.7, 0.04))}\tD(G(z)): "
            f"{abs(made.random.gauss(0.25, 0.04)):.4f} / {abs(made.random.gauss(0.1, 0.02)):.4f}"
        )
    made.after()


@style("ncf to target", ("HR@10",), ("NDCG@10",))
def ncf(made: Made) -> None:
    hits = made.curve(16, 0.1, 0.642, 0.002, 0.003, rate=6)
    gain = made.beside(hits, (0.1, 0.642), (0.045, 0.385), 0.002)
    made.say(
        f"Initial HR@10 = {0.1 + made.random.gauss(0, 0.003):.4f}, "
        f"NDCG@10 = {0.045 + made.random.gauss(0, 0.001):.4f}"
    )
    for at in range(16):
        made.epoch()
        made.say(
            f"Epoch {at}: HR@10 = {made.value('HR@10', hits[at])}, NDCG@10 = {made.value('NDCG@10', gain[at])}, "
            f"train_time = {made.wait(0.7):.2f}, val_time = {made.wait(0.1):.2f}"
        )
        if hits[at] > 0.632:
            made.say("Hit threshold of 0.632")
            break
    made.after()


STYLES = (xgboost, cleanrl, spinning_up, flair, opennmt, kaldi, deepspeed, dcgan, ncf)
