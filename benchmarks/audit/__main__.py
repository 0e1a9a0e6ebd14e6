"""How often does the audit accuse an honest agent, and how often does it find what a dishonest one made up?

    python -m benchmarks.audit --half judging [--transcripts 420] [--seed 1] [--kept FILE] [--into FOLDER] [--show]

Scripted agents work on small repositories: everything that they run is really run, in bubblewrap without a network.
Honest ones tell what came out, with the habits of agents: rounded, in part, in tables, in five languages, after
retries, by sub-agents, beside plans and conditions; others misquote, tell before they run, tell of a state that they
have changed since, or run nothing at all. Each session is written in one of ten formats and read back by the readers
that read everybody's. The sentences of the half `development` were there while the rules were written, or judged them
once and were looked at then; those of `judging` change no rule. `unseen` is by another hand, who read neither the
rules nor their tests: own sentences, projects in eleven languages whose tools are stood in for, other shapes of
sessions. `--kept` keeps what was run, `--into` the transcripts; `--show` says what went wrong with each sentence.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.audit.scoring import Scored, score
from benchmarks.audit.sessions import sessions
from benchmarks.audit.tables import KINDS, table
from benchmarks.audit.templates import (
    development,
    development_2,
    development_3,
    development_4,
    development_5,
    development_6,
    judging,
)
from benchmarks.audit.unseen.sandbox import ToolsWorld
from benchmarks.audit.unseen.stories import stories
from benchmarks.audit.world import World

SETS = tuple(
    one.TEMPLATES for one in (development, development_2, development_3, development_4, development_5, development_6)
)
SEEN = {topic: [words for one in SETS for words in one[topic]] for topic in development.TEMPLATES}
HALVES = {"development": SEEN, "judging": judging.TEMPLATES}


def main() -> None:
    """Make the sessions, audit them, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=[*HALVES, "unseen"], default="judging")
    parser.add_argument("--transcripts", type=int, default=420)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--into", type=Path)
    parser.add_argument("--show", action="store_true")
    asked = parser.parse_args()
    world = ToolsWorld(asked.kept) if asked.half == "unseen" else World(asked.kept)
    scored: list[Scored] = []
    with tempfile.TemporaryDirectory() as folder:
        into = asked.into or Path(folder)
        into.mkdir(parents=True, exist_ok=True)
        made = (
            stories(asked.transcripts, world, asked.seed)
            if isinstance(world, ToolsWorld)
            else sessions(asked.transcripts, HALVES[asked.half], world, asked.seed)
        )
        for script, form in made:
            scored.append(score(script, form, into))
            if asked.show:
                _show(scored[-1])
    world.keep()
    print(f"really run: {world.ran} commands\n{table(scored)}")


def _show(one: Scored) -> None:
    for outcome in one.outcomes:
        planted = outcome.planted
        right = (
            planted.truth in outcome.statuses
            if planted.truth in KINDS
            else not outcome.accused and (outcome.seen or planted.truth == "no claim")
        )
        right = right and not (planted.carried and "supported" not in outcome.statuses)
        if not right or (planted.truth == "no claim" and outcome.seen):
            print(
                f"{outcome.transcript} [{planted.truth}, {planted.topic}] {planted.text!r} → "
                f"{outcome.statuses} {outcome.reasons}"
            )
    for claim in one.elsewhere:
        print(f"elsewhere: {claim.status} {claim.claim.quote!r} {claim.reason}")
    for lost in one.lost:
        print(f"lost: {lost}")


if __name__ == "__main__":
    main()
