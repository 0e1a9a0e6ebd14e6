"""Styles for judging: detection, reinforcement learning, language, speech, and lines of loggers."""

from benchmarks.wild.made import Made
from benchmarks.wild.style import style


@style("detectron2", ("bbox AP", "AP"), ("total_loss", "loss_cls", "AP50"))
def detectron2(made: Made) -> None:
    loss = made.curve(9, 2.4, 0.71, 0.015, 0.02)
    found = made.beside(loss, (2.4, 0.71), (2, 37.4), 0.3)

    def say(logger: str, line: str) -> None:
        made.wait(0.5)
        made.say(f"\x1b[32m[{made.at('short')} {logger}]: \x1b[0m{line}")

    say("detectron2", f"Rank of current process: 0. World size: 8, host {made.host()}")
    for at in range(9):
        if at % 3 == 0:
            made.epoch()
        say(
            "d2.utils.events",
            f" eta: 0:{made.random.randrange(10, 59)}:{made.random.randrange(10, 59)}  iter: {at * 20 + 19}  "
            f"total_loss: {made.value('total_loss', loss[at], '.3f')}  "
            f"loss_cls: {made.value('loss_cls', loss[at] * 0.4 + made.random.gauss(0, 0.01), '.3f')}  "
            f"time: {made.wait(0.2):.4f}  data_time: {made.random.uniform(0.003, 0.02):.4f}  "
            f"lr: {0.02 * min(1, (at + 1) / 5):.5g}  max_mem: {made.random.randrange(4010, 4030)}M",
        )
        if at % 3 == 2:
            say("d2.evaluation.coco_evaluation", "Evaluation results for bbox: ")
            made.say("|   AP   |  AP50  |  AP75  |\n|:------:|:------:|:------:|")
            other = found[at] * 0.5 + 1
            made.say(
                f"| {made.value('bbox AP', found[at], '6.3f')} | {made.value('AP50', found[at] * 1.5 + 2, '6.3f')} | "
                f"{found[at] + other * 0.1:6.3f} |"
            )
    made.after()


@style("sb3 tables", ("ep_rew_mean",), ("ep_len_mean", "value_loss", "loss"))
def sb3(made: Made) -> None:
    curve = made.curve(12, 24, 455, 10, 14)
    made.say("Using cuda device")
    made.say("Wrapping the env in a DummyVecEnv.")
    made.say(f"Logging to /tmp/SB3-{made.now:%Y-%m-%d-%H-%M-%S}-{made.random.randrange(10**6):06d}")
    for at in range(12):
        made.epoch()
        made.wait(2)
        rows = [
            ("rollout/", ""),
            ("   ep_len_mean", made.value("ep_len_mean", curve[at] * 0.98, "<12.0f")),
            ("   ep_rew_mean", made.value("ep_rew_mean", curve[at], "<12.0f")),
            ("time/", ""),
            ("   fps", f"{made.random.gauss(1150, 30):<12.0f}"),
            ("   iterations", f"{at + 1:<12d}"),
            ("   total_timesteps", f"{2048 * (at + 1):<12d}"),
        ]
        if at:
            rows += [
                ("train/", ""),
                ("   loss", made.value("loss", made.random.gauss(20, 4), "<12.3g")),
                ("   policy_gradient_loss", f"{made.random.gauss(-0.018, 0.002):<12.3g}"),
                ("   value_loss", made.value("value_loss", abs(made.random.gauss(52, 6)), "<12.3g")),
            ]
        made.say("-" * 41)
        for name, shown in rows:
            made.say(f"| {name:<23} | {shown or ' ' * 12}|")
        made.say("-" * 41)
    made.after()


@style("rllib status", ("episode_reward_mean", "reward"), ())
def rllib(made: Made) -> None:
    curve = made.curve(10, -21, 14, 0.8, 1.1)
    trial = f"PPO_Pong_{made.hexes(5)}_00000"
    made.say(
        f"{made.at('log')},{made.milliseconds}\tINFO worker.py:1553 -- Started a local Ray instance at "
        f"127.0.0.1:{made.port}"
    )
    for at in range(10):
        made.epoch()
        made.wait(20)
        made.say(f"Result for {trial}:")
        made.say(f"  date: {made.now:%Y-%m-%d_%H-%M-%S}")
        made.say(f"  episode_reward_mean: {made.value('episode_reward_mean', curve[at], '.4f')}")
        made.say(f"  experiment_id: {made.hexes(32)}")
        made.say(f"  hostname: {made.host()}")
        made.say(f"  pid: {made.pid}")
        made.say(f"  timesteps_total: {4000 * (at + 1)}")
        made.say(f"  training_iteration: {at + 1}")
        made.say()
    made.after()


@style("spacy table", ("ENTS_F", "SCORE"), ("LOSS NER", "ENTS_P", "ENTS_R", "SCORE"))
def spacy(made: Made) -> None:
    score = made.curve(14, 18, 84.6, 0.35, 0.5)
    made.say("ℹ Saving to output directory: output")
    made.say("\x1b[1m\n============================= Training pipeline =============================\x1b[0m")
    made.say("ℹ Pipeline: ['tok2vec', 'ner']")
    made.say("E    #       LOSS TOK2VEC  LOSS NER  ENTS_F  ENTS_P  ENTS_R  SCORE ")
    made.say("---  ------  ------------  --------  ------  ------  ------  ------")
    for at in range(14):
        made.epoch()
        up = made.random.gauss(0.8, 0.3)
        made.say(
            f"{at // 2:3d}  {at * 200:6d}  {abs(made.random.gauss(120, 10)):12.2f}  "
            f"{made.value('LOSS NER', 2600 * 0.8**at + abs(made.random.gauss(90, 12)), '8.2f')}  "
            f"{made.value('ENTS_F', score[at], '6.2f')}  {made.value('ENTS_P', score[at] + up, '6.2f')}  "
            f"{made.value('ENTS_R', score[at] - up, '6.2f')}  {made.value('SCORE', score[at] / 100, '6.2f')}"
        )
    made.after()
    made.say("✔ Saved pipeline to output directory")


@style("marian", ("bleu", "[valid] bleu", "valid bleu"), ("ce-mean-words", "Cost"))
def marian(made: Made) -> None:
    cost = made.curve(18, 8.9, 3.1, 0.02, 0.03)
    bleu = made.beside(cost, (8.9, 3.1), (0.1, 31.2), 0.25)

    def say(line: str) -> None:
        made.wait(3)
        made.say(f"[{made.at('log')}] {line}")

    say(f"[marian] Running on {made.host()} as process {made.pid} with command line:")
    say(f"[config] seed: {made.random.getrandbits(40)}")
    for at in range(18):
        if at % 3 == 0:
            made.epoch()
        say(
            f"Ep. {at // 9 + 1} : Up. {500 * (at + 1)} : Sen. {(at % 9 + 1) * 32000:,} : "
            f"Cost {made.value('Cost', cost[at], '.8f')} : Time {made.wait(30):.2f}s : "
            f"{made.random.gauss(18300, 300):.2f} words/s : gNorm {abs(made.random.gauss(1.4, 0.2)):.4f}"
        )
        if at % 3 == 2:
            up = f"[valid] Ep. {at // 9 + 1} : Up. {500 * (at + 1)}"
            held = cost[at] + made.random.gauss(0.1, 0.01)
            say(f"{up} : ce-mean-words : {made.value('ce-mean-words', held, '.5f')} : new best")
            say(f"{up} : bleu : {made.value('bleu', bleu[at], '.4f')} : new best")
    made.after()
    say("Training finished")


@style("espnet", ("valid loss", "valid cer", "cer"), ("valid cer", "train loss"))
def espnet(made: Made) -> None:
    loss = made.curve(9, 180, 21, 0.8, 1.2)
    wrong = made.beside(loss, (180, 21), (0.92, 0.118), 0.003)

    def say(line: str) -> None:
        made.wait(1)
        made.say(f"[{host}] {made.at('log')},{made.milliseconds} (trainer:{338}) INFO: {line}")

    host = made.host().split(".", maxsplit=1)[0]
    made.say(f"# python3 -m espnet2.bin.asr_train --dist_init_file exp/.dist_init_{made.uuid()}")
    for at in range(9):
        made.epoch()
        say(
            f"{at + 1}epoch results: [train] iter_time={made.random.uniform(1e-4, 3e-4):.3e}, "
            f"loss={made.value('train loss', loss[at] * 1.02, '.3f')}, optim0_lr0={1e-5 * (at + 1):.3e}, "
            f"train_time={made.wait(0.1):.3f}, time={made.wait(5):.2f} seconds, total_count={(at + 1) * 410}, "
            f"[valid] loss={made.value('valid loss', loss[at] * 1.1, '.3f')}, "
            f"cer={made.value('valid cer', wrong[at], '.3f')}"
        )
        say(f"The best model has been updated: valid.cer, epoch {at + 1}")
    made.after()
    say("The training was finished at 9 epochs")


@style("flax absl", ("test_loss", "test_accuracy"), ("train_loss", "train_accuracy", "test_accuracy"))
def flax(made: Made) -> None:
    held = made.curve(10, 0.55, 0.05, 0.0015, 0.003)
    right = made.beside(held, (0.55, 0.05), (84, 98.6), 0.06)
    train = made.beside(held, (0.55, 0.05), (0.6, 0.02), 0.004)
    made.say(
        f"I{made.at('glog')}.{made.random.randrange(10**6):06d} {made.random.getrandbits(46)} xla_bridge.py:352] "
        "Unable to initialize backend 'rocm': NOT_FOUND"
    )
    for at in range(10):
        made.epoch()
        made.wait(3)
        made.say(
            f"I{made.at('glog')}.{made.random.randrange(10**6):06d} {made.random.getrandbits(46)} train.py:146] "
            f"epoch:{at + 1:3d}, train_loss: {made.value('train_loss', abs(train[at]), '.4f')}, "
            f"train_accuracy: {made.value('train_accuracy', right[at] + 0.6, '.2f')}, "
            f"test_loss: {made.value('test_loss', held[at], '.4f')}, "
            f"test_accuracy: {made.value('test_accuracy', right[at], '.2f')}"
        )
    made.after()


@style("stylegan fid", ("fid50k_full",), ())
def stylegan(made: Made) -> None:
    import math

    fid = made.curve(10, 300, 9.4, 0.3, 2.5, rate=7)
    elapsed = 0.0
    made.say(f"Output directory:    /scratch/{made.letters(6)}/0{made.random.randrange(10, 99)}-auto4")
    for at in range(10):
        made.epoch()
        took = made.wait(60)
        elapsed += took
        made.say(
            f"tick {at:<5d} kimg {at * 4.0:<8.1f} time {int(elapsed // 60)}m {int(elapsed % 60):02d}s       sec/tick "
            f"{took:<7.1f} sec/kimg {took / 4:<7.2f} maintenance {made.wait(0.1):<6.1f} cpumem "
            f"{made.random.gauss(4.1, 0.03):<6.2f} gpumem {made.random.gauss(11.3, 0.03):<6.2f} augment "
            f"{0.004 * at:.3f}"
        )
        shown = made.value("fid50k_full", max(2, math.fabs(fid[at])), ".4f")
        made.say(
            f'{{"results": {{"fid50k_full": {shown}}}, "metric": "fid50k_full", "total_time": {made.wait(30):.4f}, '
            f'"snapshot_pkl": "network-snapshot-{at * 4:06d}.pkl", "timestamp": {made.now.timestamp():.4f}}}'
        )
    made.after()


@style("recbole", ("valid_score", "ndcg@10"), ("ndcg@10", "train loss"))
def recbole(made: Made) -> None:
    loss = made.curve(12, 46, 11.2, 0.12, 0.3)
    score = made.beside(loss, (46, 11.2), (0.03, 0.243), 0.0015)

    def say(line: str) -> None:
        made.wait(1)
        made.say(f"{made.now:%a %d %b %Y %H:%M:%S}  INFO  {line}")

    say("The number of users: 944")
    for at in range(12):
        made.epoch()
        say(f"epoch {at} training [time: {made.wait(1):.2f}s, train loss: {made.value('train loss', loss[at])}]")
        say(
            f"epoch {at} evaluating [time: {made.wait(0.1):.2f}s, valid_score: "
            f"{made.value('valid_score', score[at], '.6f')}]"
        )
        say("valid result: ")
        made.say(
            f"recall@10 : {score[at] * 0.9:.4f}    mrr@10 : {score[at] * 1.7:.4f}    "
            f"ndcg@10 : {made.value('ndcg@10', score[at])}"
        )
    made.after()
    say(f"Saving current: saved/BPR-{made.now:%b-%d-%Y_%H-%M-%S}.pth")


STYLES = (detectron2, sb3, rllib, spacy, marian, espnet, flax, stylegan, recbole)
