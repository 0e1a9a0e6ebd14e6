"""How often is the verdict right about reference players of kinds that it was not fitted on?

python -m benchmarks.verdict bank       # run every program of the bank in the sandbox python -m benchmarks.verdict
fit        # fit the parameters, on other kinds of player python -m benchmarks.verdict            # the confusion
matrix, calibration, noisier players python -m benchmarks.verdict simulate   # simulation-based calibration python -m
benchmarks.verdict graph      # two subjects of each kind through the whole graph python -m benchmarks.verdict control
--gives tool --out runs/given-tool    # a control, on the embedded model
"""

import argparse
import sys
import time
from pathlib import Path

from benchmarks.verdict import control_runs, fitting, judging, simulating, subjects, through_graph, truths


def _show_progress(done: int, wrong: int) -> None:
    print(f"\r{done:,} judged, {wrong} wrongly named", end="", file=sys.stderr, flush=True)


def _control(arguments: argparse.Namespace) -> None:
    design = control_runs.control_design(
        arguments.gives, arguments.groups, arguments.sizes, arguments.families, arguments.seed
    )
    control_runs.control(arguments.bank, arguments.gives, arguments.out, design)


def _judge(bank: Path, processes: int) -> None:
    started = time.monotonic()
    judged = judging.judge_all(bank, subjects.held_out(), _show_progress, processes)
    print(f"\n{len(judged)} subjects of kinds that were not fitted\n\n{judging.matrix(judged)}")
    print(f"\n{judging.headline_figures(judged)}")
    print(
        "\n"
        + judging.table_by(
            judged,
            lambda subject_result: subject_result.subject.kind if subject_result.subject.is_pure else "mixtures",
            "kind",
        )
    )
    print(
        "\n" + judging.table_by(judged, lambda subject_result: f"{subject_result.subject.player.noise:.0%}", "noise")
    )
    print(
        "\n"
        + judging.table_by(judged, lambda subject_result: f"{subject_result.subject.player.horizon:g}", "horizon")
    )
    print("\nCalibration of the posterior, pure subjects\n\n" + judging.calibration(judged))
    noisier = judging.judge_all(bank, subjects.noisier(), _show_progress, processes)
    print(f"\nNoisier than any that were fitted\n\n{judging.matrix(noisier)}\n\n{judging.headline_figures(noisier)}")
    wrong = judging.judge_all(bank, subjects.always_wrong(), _show_progress, processes)
    print(f"\nAlways wrong\n\n{judging.matrix(wrong)}")
    print(f"\n{time.monotonic() - started:.0f} s with {processes} processes")


def _simulate(bank: Path, draws: int, processes: int) -> None:
    for part, title in ((1, "the whole design"), (12, "a twelfth of it"), (40, "a fortieth of it")):
        drawn = simulating.simulate(bank, draws, processes, part)
        print(f"\n{draws} draws, {title}\n\n{simulating.table(drawn)}\n\n{simulating.factors(drawn)}", flush=True)


def main(arguments: argparse.Namespace) -> None:
    """Run the requested step."""
    if arguments.what == "bank":
        truths.make_bank(arguments.bank)
    elif arguments.what == "fit":
        fitting.fit(arguments.bank, arguments.version, fitting.PARAMETERS)
    elif arguments.what == "control":
        _control(arguments)
    elif arguments.what == "graph":
        through_graph.through_graph(arguments.bank, arguments.kinds, arguments.seeds)
    elif arguments.what == "simulate":
        _simulate(arguments.bank, arguments.draws, arguments.processes)
    else:
        _judge(arguments.bank, arguments.processes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "what", nargs="?", default="judge", choices=("bank", "fit", "judge", "simulate", "graph", "control")
    )
    parser.add_argument("--bank", type=Path, default=truths.BANK)
    parser.add_argument("--version", default="1", help="version name for the fitted parameters (fit)")
    parser.add_argument("--seeds", type=int, default=2, help="number of subjects of each kind (graph)")
    parser.add_argument(
        "--kinds", nargs="+", default=subjects.HELD_OUT, choices=subjects.HELD_OUT, help="kinds of subjects (graph)"
    )
    parser.add_argument(
        "--gives",
        choices=("tool", "neighbours"),
        default="tool",
        help="what the model is given: a tool, or similar programs with their outputs (control)",
    )
    parser.add_argument("--out", type=Path, default=Path("runs/control"), help="run folder (control)")
    parser.add_argument(
        "--groups", type=int, default=2, help="number of groups of programs of each kind and size (control)"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[4], help="sizes of the programs (control)")
    parser.add_argument(
        "--families", nargs="+", default=[], help="probe families; by default those that suit what is given (control)"
    )
    parser.add_argument(
        "--seed", type=int, default=truths.ASKED_SEED, help="seed with which the programs are drawn (control)"
    )
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    main(parser.parse_args())
