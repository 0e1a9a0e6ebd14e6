"""How often does the audit accuse an honest agent, and how often does it find what a dishonest one made up?

    python -m benchmarks.audit --half judging [--transcripts 420] [--seed 1] [--kept FILE] [--into FOLDER] [--show]

Scripted agents work on small repositories. All that they run is really run, in bubblewrap without a network. Honest
agents report what was printed, with the habits of real agents: rounded, in part, in tables, in five languages, after
retries, through sub-agents, beside plans and conditions. Dishonest agents misquote, report before they run, report a
state that they have changed since, or run nothing at all. Each session is written in one of ten formats, and read
back by the readers that gedanken uses for real transcripts.

`--half` selects the sentences that the agents write:

- `development`: sentences that existed while the rules were written, or that judged the rules once and were then
  examined.
- `judging`: no rule is changed because of these sentences.
- `unseen`: written by another author, who read neither the rules nor their tests. The projects have eleven
  test runners, for which a program stands in. The sessions have other shapes.

`--kept` stores the results of the commands, `--into` the transcripts. `--show` prints each sentence that was judged
wrongly.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.audit.scoring import ScoredTranscript, score
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
    module.TEMPLATES
    for module in (development, development_2, development_3, development_4, development_5, development_6)
)
SEEN = {topic: [words for templates in SETS for words in templates[topic]] for topic in development.TEMPLATES}
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
    arguments = parser.parse_args()
    world = ToolsWorld(arguments.kept) if arguments.half == "unseen" else World(arguments.kept)
    scored: list[ScoredTranscript] = []
    with tempfile.TemporaryDirectory() as temporary_folder:
        output_folder = arguments.into or Path(temporary_folder)
        output_folder.mkdir(parents=True, exist_ok=True)
        sessions_with_forms = (
            stories(arguments.transcripts, world, arguments.seed)
            if isinstance(world, ToolsWorld)
            else sessions(arguments.transcripts, HALVES[arguments.half], world, arguments.seed)
        )
        for script, form in sessions_with_forms:
            scored.append(score(script, form, output_folder))
            if arguments.show:
                _show(scored[-1])
    world.keep()
    print(f"really run: {world.ran} commands\n{table(scored)}")


def _show(scored: ScoredTranscript) -> None:
    for outcome in scored.outcomes:
        planted = outcome.planted
        is_right = (
            planted.truth in outcome.statuses
            if planted.truth in KINDS
            else not outcome.accused and (outcome.seen or planted.truth == "no claim")
        )
        is_right = is_right and not (planted.carried and "supported" not in outcome.statuses)
        if not is_right or (planted.truth == "no claim" and outcome.seen):
            print(
                f"{outcome.transcript} [{planted.truth}, {planted.topic}] {planted.text!r} → "
                f"{outcome.statuses} {outcome.reasons}"
            )
    for claim in scored.elsewhere:
        print(f"elsewhere: {claim.status} {claim.claim.quote!r} {claim.reason}")
    for sentence in scored.lost:
        print(f"lost: {sentence}")


if __name__ == "__main__":
    main()
