"""Styles for judging: detection, reinforcement learning, language, speech, and lines of loggers."""

from benchmarks.wild.made import GeneratedRun
from benchmarks.wild.style import style


@style("detectron2", ("bbox AP", "AP"), ("total_loss", "loss_cls", "AP50"))
def detectron2(run: GeneratedRun) -> None:
    loss = run.curve(9, 2.4, 0.71, 0.015, 0.02)
    box_ap = run.beside(loss, (2.4, 0.71), (2, 37.4), 0.3)

    def say(logger: str, line: str) -> None:
        run.wait(0.5)
        run.say(f"\x1b[32m[{run.at('short')} {logger}]: \x1b[0m{line}")

    say("detectron2", f"Rank of current process: 0. World size: 8, host {run.host()}")
    for index in range(9):
        if index % 3 == 0:
            run.epoch()
        say(
            "d2.utils.events",
            f" eta: 0:{run.random.randrange(10, 59)}:{run.random.randrange(10, 59)}  iter: {index * 20 + 19}  "
            f"total_loss: {run.value('total_loss', loss[index], '.3f')}  "
            f"loss_cls: {run.value('loss_cls', loss[index] * 0.4 + run.random.gauss(0, 0.01), '.3f')}  "
            f"time: {run.wait(0.2):.4f}  data_time: {run.random.uniform(0.003, 0.02):.4f}  "
            f"lr: {0.02 * min(1, (index + 1) / 5):.5g}  max_mem: {run.random.randrange(4010, 4030)}M",
        )
        if index % 3 == 2:
            say("d2.evaluation.coco_evaluation", "Evaluation results for bbox: ")
            run.say("|   AP   |  AP50  |  AP75  |\n|:------:|:------:|:------:|")
            gain = box_ap[index] * 0.5 + 1
            run.say(
                f"| {run.value('bbox AP', box_ap[index], '6.3f')} | "
                f"{run.value('AP50', box_ap[index] * 1.5 + 2, '6.3f')} | "
                f"{box_ap[index] + gain * 0.1:6.3f} |"
            )
    run.after()


@style("sb3 tables", ("ep_rew_mean",), ("ep_len_mean", "value_loss", "loss"))
def sb3(run: GeneratedRun) -> None:
    curve = run.curve(12, 24, 455, 10, 14)
    run.say("Using cuda device")
    run.say("Wrapping the env in a DummyVecEnv.")
    run.say(f"Logging to /tmp/SB3-{run.now:%Y-%m-%d-%H-%M-%S}-{run.random.randrange(10**6):06d}")
    for epoch in range(12):
        run.epoch()
        run.wait(2)
        rows = [
            ("rollout/", ""),
            ("   ep_len_mean", run.value("ep_len_mean", curve[epoch] * 0.98, "<12.0f")),
            ("   ep_rew_mean", run.value("ep_rew_mean", curve[epoch], "<12.0f")),
            ("time/", ""),
            ("   fps", f"{run.random.gauss(1150, 30):<12.0f}"),
            ("   iterations", f"{epoch + 1:<12d}"),
            ("   total_timesteps", f"{2048 * (epoch + 1):<12d}"),
        ]
        if epoch:
            rows += [
                ("train/", ""),
                ("   loss", run.value("loss", run.random.gauss(20, 4), "<12.3g")),
                ("   policy_gradient_loss", f"{run.random.gauss(-0.018, 0.002):<12.3g}"),
                ("   value_loss", run.value("value_loss", abs(run.random.gauss(52, 6)), "<12.3g")),
            ]
        run.say("-" * 41)
        for name, cell in rows:
            run.say(f"| {name:<23} | {cell or ' ' * 12}|")
        run.say("-" * 41)
    run.after()


@style("rllib status", ("episode_reward_mean", "reward"), ())
def rllib(run: GeneratedRun) -> None:
    curve = run.curve(10, -21, 14, 0.8, 1.1)
    trial = f"PPO_Pong_{run.hexes(5)}_00000"
    run.say(
        f"{run.at('log')},{run.milliseconds}\tINFO worker.py:1553 -- Started a local Ray instance at "
        f"127.0.0.1:{run.port}"
    )
    for epoch in range(10):
        run.epoch()
        run.wait(20)
        run.say(f"Result for {trial}:")
        run.say(f"  date: {run.now:%Y-%m-%d_%H-%M-%S}")
        run.say(f"  episode_reward_mean: {run.value('episode_reward_mean', curve[epoch], '.4f')}")
        run.say(f"  experiment_id: {run.hexes(32)}")
        run.say(f"  hostname: {run.host()}")
        run.say(f"  pid: {run.pid}")
        run.say(f"  timesteps_total: {4000 * (epoch + 1)}")
        run.say(f"  training_iteration: {epoch + 1}")
        run.say()
    run.after()


@style("spacy table", ("ENTS_F", "SCORE"), ("LOSS NER", "ENTS_P", "ENTS_R", "SCORE"))
def spacy(run: GeneratedRun) -> None:
    score = run.curve(14, 18, 84.6, 0.35, 0.5)
    run.say("ℹ Saving to output directory: output")
    run.say("\x1b[1m\n============================= Training pipeline =============================\x1b[0m")
    run.say("ℹ Pipeline: ['tok2vec', 'ner']")
    run.say("E    #       LOSS TOK2VEC  LOSS NER  ENTS_F  ENTS_P  ENTS_R  SCORE ")
    run.say("---  ------  ------------  --------  ------  ------  ------  ------")
    for epoch in range(14):
        run.epoch()
        offset = run.random.gauss(0.8, 0.3)
        run.say(
            f"{epoch // 2:3d}  {epoch * 200:6d}  {abs(run.random.gauss(120, 10)):12.2f}  "
            f"{run.value('LOSS NER', 2600 * 0.8**epoch + abs(run.random.gauss(90, 12)), '8.2f')}  "
            f"{run.value('ENTS_F', score[epoch], '6.2f')}  {run.value('ENTS_P', score[epoch] + offset, '6.2f')}  "
            f"{run.value('ENTS_R', score[epoch] - offset, '6.2f')}  {run.value('SCORE', score[epoch] / 100, '6.2f')}"
        )
    run.after()
    run.say("✔ Saved pipeline to output directory")


@style("marian", ("bleu", "[valid] bleu", "valid bleu"), ("ce-mean-words", "Cost"))
def marian(run: GeneratedRun) -> None:
    cost = run.curve(18, 8.9, 3.1, 0.02, 0.03)
    bleu = run.beside(cost, (8.9, 3.1), (0.1, 31.2), 0.25)

    def say(line: str) -> None:
        run.wait(3)
        run.say(f"[{run.at('log')}] {line}")

    say(f"[marian] Running on {run.host()} as process {run.pid} with command line:")
    say(f"[config] seed: {run.random.getrandbits(40)}")
    for index in range(18):
        if index % 3 == 0:
            run.epoch()
        say(
            f"Ep. {index // 9 + 1} : Up. {500 * (index + 1)} : Sen. {(index % 9 + 1) * 32000:,} : "
            f"Cost {run.value('Cost', cost[index], '.8f')} : Time {run.wait(30):.2f}s : "
            f"{run.random.gauss(18300, 300):.2f} words/s : gNorm {abs(run.random.gauss(1.4, 0.2)):.4f}"
        )
        if index % 3 == 2:
            prefix = f"[valid] Ep. {index // 9 + 1} : Up. {500 * (index + 1)}"
            held_out = cost[index] + run.random.gauss(0.1, 0.01)
            say(f"{prefix} : ce-mean-words : {run.value('ce-mean-words', held_out, '.5f')} : new best")
            say(f"{prefix} : bleu : {run.value('bleu', bleu[index], '.4f')} : new best")
    run.after()
    say("Training finished")


@style("espnet", ("valid loss", "valid cer", "cer"), ("valid cer", "train loss"))
def espnet(run: GeneratedRun) -> None:
    loss = run.curve(9, 180, 21, 0.8, 1.2)
    error_rate = run.beside(loss, (180, 21), (0.92, 0.118), 0.003)

    def say(line: str) -> None:
        run.wait(1)
        run.say(f"[{host}] {run.at('log')},{run.milliseconds} (trainer:{338}) INFO: {line}")

    host = run.host().split(".", maxsplit=1)[0]
    run.say(f"# python3 -m espnet2.bin.asr_train --dist_init_file exp/.dist_init_{run.uuid()}")
    for epoch in range(9):
        run.epoch()
        say(
            f"{epoch + 1}epoch results: [train] iter_time={run.random.uniform(1e-4, 3e-4):.3e}, "
            f"loss={run.value('train loss', loss[epoch] * 1.02, '.3f')}, optim0_lr0={1e-5 * (epoch + 1):.3e}, "
            f"train_time={run.wait(0.1):.3f}, time={run.wait(5):.2f} seconds, total_count={(epoch + 1) * 410}, "
            f"[valid] loss={run.value('valid loss', loss[epoch] * 1.1, '.3f')}, "
            f"cer={run.value('valid cer', error_rate[epoch], '.3f')}"
        )
        say(f"The best model has been updated: valid.cer, epoch {epoch + 1}")
    run.after()
    say("The training was finished at 9 epochs")


@style("flax absl", ("test_loss", "test_accuracy"), ("train_loss", "train_accuracy", "test_accuracy"))
def flax(run: GeneratedRun) -> None:
    held_out = run.curve(10, 0.55, 0.05, 0.0015, 0.003)
    accuracy = run.beside(held_out, (0.55, 0.05), (84, 98.6), 0.06)
    train = run.beside(held_out, (0.55, 0.05), (0.6, 0.02), 0.004)
    run.say(
        f"I{run.at('glog')}.{run.random.randrange(10**6):06d} {run.random.getrandbits(46)} xla_bridge.py:352] "
        "Unable to initialize backend 'rocm': NOT_FOUND"
    )
    for epoch in range(10):
        run.epoch()
        run.wait(3)
        run.say(
            f"I{run.at('glog')}.{run.random.randrange(10**6):06d} {run.random.getrandbits(46)} train.py:146] "
            f"epoch:{epoch + 1:3d}, train_loss: {run.value('train_loss', abs(train[epoch]), '.4f')}, "
            f"train_accuracy: {run.value('train_accuracy', accuracy[epoch] + 0.6, '.2f')}, "
            f"test_loss: {run.value('test_loss', held_out[epoch], '.4f')}, "
            f"test_accuracy: {run.value('test_accuracy', accuracy[epoch], '.2f')}"
        )
    run.after()


@style("stylegan fid", ("fid50k_full",), ())
def stylegan(run: GeneratedRun) -> None:
    import math

    fid = run.curve(10, 300, 9.4, 0.3, 2.5, rate=7)
    elapsed = 0.0
    run.say(f"Output directory:    /scratch/{run.letters(6)}/0{run.random.randrange(10, 99)}-auto4")
    for epoch in range(10):
        run.epoch()
        seconds = run.wait(60)
        elapsed += seconds
        run.say(
            f"tick {epoch:<5d} kimg {epoch * 4.0:<8.1f} time {int(elapsed // 60)}m {int(elapsed % 60):02d}s       "
            "sec/tick "
            f"{seconds:<7.1f} sec/kimg {seconds / 4:<7.2f} maintenance {run.wait(0.1):<6.1f} cpumem "
            f"{run.random.gauss(4.1, 0.03):<6.2f} gpumem {run.random.gauss(11.3, 0.03):<6.2f} augment "
            f"{0.004 * epoch:.3f}"
        )
        fid_text = run.value("fid50k_full", max(2, math.fabs(fid[epoch])), ".4f")
        run.say(
            f'{{"results": {{"fid50k_full": {fid_text}}}, "metric": "fid50k_full", "total_time": {run.wait(30):.4f}, '
            f'"snapshot_pkl": "network-snapshot-{epoch * 4:06d}.pkl", "timestamp": {run.now.timestamp():.4f}}}'
        )
    run.after()


@style("recbole", ("valid_score", "ndcg@10"), ("ndcg@10", "train loss"))
def recbole(run: GeneratedRun) -> None:
    loss = run.curve(12, 46, 11.2, 0.12, 0.3)
    score = run.beside(loss, (46, 11.2), (0.03, 0.243), 0.0015)

    def say(line: str) -> None:
        run.wait(1)
        run.say(f"{run.now:%a %d %b %Y %H:%M:%S}  INFO  {line}")

    say("The number of users: 944")
    for epoch in range(12):
        run.epoch()
        say(f"epoch {epoch} training [time: {run.wait(1):.2f}s, train loss: {run.value('train loss', loss[epoch])}]")
        say(
            f"epoch {epoch} evaluating [time: {run.wait(0.1):.2f}s, valid_score: "
            f"{run.value('valid_score', score[epoch], '.6f')}]"
        )
        say("valid result: ")
        run.say(
            f"recall@10 : {score[epoch] * 0.9:.4f}    mrr@10 : {score[epoch] * 1.7:.4f}    "
            f"ndcg@10 : {run.value('ndcg@10', score[epoch])}"
        )
    run.after()
    say(f"Saving current: saved/BPR-{run.now:%b-%d-%Y_%H-%M-%S}.pth")


STYLES = (detectron2, sb3, rllib, spacy, marian, espnet, flax, stylegan, recbole)
