"""Finds the claims in an agent's transcript, by rules."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gedanken.compare.audit.cases_said import cases_said
from gedanken.compare.audit.checks_said import checks_said
from gedanken.compare.audit.commands import steps_of
from gedanken.compare.audit.deeds_said import deeds_said
from gedanken.compare.audit.figures_said import figures_said
from gedanken.compare.audit.firmness import is_firm
from gedanken.compare.audit.mood_words import EARLIER
from gedanken.compare.audit.other_tests_said import tests_said_otherwise
from gedanken.compare.audit.pairs_said import pairs_said
from gedanken.compare.audit.parts import Fence, Sentence, parts_of
from gedanken.compare.audit.quantities_said import quantities_said
from gedanken.compare.audit.runs_said import quotes_said, runs_said
from gedanken.compare.audit.says import (
    CaseSays,
    CheckSays,
    DeedSays,
    ExitSays,
    FiguresSay,
    FileSays,
    OutputSays,
    PairSays,
    PointedSays,
    RunSays,
    Says,
    Spotted,
    TestsSay,
)
from gedanken.compare.audit.shown import asks_for_output, shown_in
from gedanken.compare.audit.tests_said import tests_said
from gedanken.compare.audit.values_said import values_said
from gedanken.experiment.agent_transcript import AgentEvent, AgentTranscript
from gedanken.experiment.claim import Claim, ClaimKind

Spans = Mapping[int, Sequence[tuple[int, int]]]
"""Maps the number of an event to the (start, end) of each passage in which a model saw a claim."""
NOTHING: Spans = {}
_LONGEST = 400_000
"""Maximum number of characters of a message that are read; the rest is ignored."""
_LABEL = re.compile(r"\A\s*(?:THOUGHT|DISCUSSION|Thought|Analysis):")
"""Labels, such as `THOUGHT:`, with which some agents begin every message."""
_TOOL_WORD = re.compile(
    r"(?<![\w/.-])(?:pytest|unittest|jest|vitest|mocha|cargo test|go test|npm test|npm run \w+|mypy|"
    r"ruff|eslint|tsc|pyright|flake8|pylint|ctest|"
    r"mvn test|gradle test|make test|make)(?![\w/-])"
)


def find_claims(transcript: AgentTranscript) -> list[Claim]:
    """Return the claims of the agent about what it ran, saw or made, in the order of the transcript."""
    return [spotted.claim for spotted in spot(transcript)]


def spot(transcript: AgentTranscript, pointed: Spans = NOTHING) -> Iterator[Spotted]:
    """Yield the claims with their interpretation. `pointed`: for each event number, the passages in which a model saw
    claims.
    """
    previous = ""
    for event in transcript.events:
        if event.kind == "message" and event.speaker == "user":
            previous = event.text.strip() if not transcript.has_tools else ""
        elif event.kind == "message" and event.speaker == "agent" and event.text:
            found = list(spot_in(event, previous))
            found += _pointed_at(event, pointed.get(event.number, ()), found)
            yield from sorted(found, key=lambda one: (one.claim.start, one.claim.end))
            previous = ""


def _pointed_at(event: AgentEvent, spans: Sequence[tuple[int, int]], found: list[Spotted]) -> Iterator[Spotted]:
    """Yield the claims that only a model found, in the passages `spans`. They are not `firm`: they never count
    against the agent.
    """
    for start, end in spans:
        if any(one.claim.start < end and start < one.claim.end for one in found):
            continue
        passage = event.text[start:end]
        sentences = [part for part in parts_of(passage) if isinstance(part, Sentence)]
        read = [one for part in sentences for one in _of_sentence(event, replace(part, start=start + part.start))]
        yield from (replace(one, firm=False) for one in read)
        if not read:
            yield replace(
                _Spotter(event, start, earlier=False).spotted((0, end - start), PointedSays(), None), firm=False
            )


def spot_in(event: AgentEvent, previous: str = "") -> Iterator[Spotted]:
    """Yield the claims of one message, in order. `previous`: the user's message before this message."""
    text = _LABEL.sub(lambda found: " " * len(found[0]), event.text[:_LONGEST], count=1)
    parts = parts_of(text)
    found: list[Spotted] = []
    for part in parts:
        if isinstance(part, Fence):
            typed = previous if len(parts) == 1 and "\n" not in previous and len(previous) < 300 else ""
            found += _of_fence(event, part, typed, asks_for_output(previous))
        else:
            found += _of_sentence(event, part)
    yield from sorted(found, key=lambda one: (one.claim.start, one.claim.end))


def _of_fence(event: AgentEvent, fence: Fence, typed: str, asked: bool) -> Iterator[Spotted]:
    spotter = _Spotter(event, fence.start, earlier=bool(EARLIER.search(fence.lead)))
    for hit in shown_in(fence, typed, asked=asked):
        yield spotter.spotted((hit.start, hit.end), hit.says, hit.command, path=hit.path)


def _of_sentence(event: AgentEvent, sentence: Sentence) -> Iterator[Spotted]:
    spotter = _Spotter(event, sentence.start, bool(EARLIER.search(sentence.raw)), sentence)
    pairs = list(pairs_said(sentence))
    taken = [(pair.start, pair.end) for pair in pairs]
    yield from (spotter.spotted((pair.start, pair.end), pair.says, None) for pair in pairs)
    for tests in tests_said(sentence):
        taken.append((tests.start, tests.end))
        command = _command_near(sentence, tests.start, "tests")
        yield spotter.spotted((tests.start, tests.end), tests.says, command, numbers=tests.numbers)
    for other in tests_said_otherwise(sentence, taken):
        command = other.command or _command_near(sentence, other.start, "tests")
        taken.append((other.start, other.end))
        yield spotter.spotted((other.start, other.end), other.says, command, numbers=other.numbers)
    for check in checks_said(sentence):
        if isinstance(check.says, CheckSays) and any(low < check.end and check.start < high for low, high in taken):
            continue  # `mvn test: BUILD SUCCESS` reports tests, not a build
        taken.append((check.start, check.end))
        command = check.command or _command_near(sentence, check.start)
        yield spotter.spotted((check.start, check.end), check.says, command, numbers=check.numbers)
    quantities = [*quantities_said(sentence, [*taken])]
    measured = [(one.start, one.end) for one in quantities if one.says.unit]
    for value in values_said(sentence):
        if any(low < value.end and value.start < high for low, high in measured):
            continue
        taken.append((value.start, value.end))
        command, path, numbers = _command_near(sentence, value.start), _path_near(sentence), (value.says.value,)
        yield spotter.spotted((value.start, value.end), value.says, command, numbers=numbers, path=path)
    for one in quantities:
        if any(low < one.end and one.start < high for low, high in taken):
            continue
        command, path = _command_near(sentence, one.start), one.path or _path_near(sentence)
        numbers = (one.says.value.rstrip("kKM"),)
        yield spotter.spotted((one.start, one.end), one.says, command, numbers=numbers, path=path)
        taken.append((one.start, one.end))
    for run in (*runs_said(sentence), *quotes_said(sentence)):
        taken.append((run.start, run.end))
        command = run.command or (_command_near(sentence, run.start) if isinstance(run.says, OutputSays) else None)
        yield spotter.spotted((run.start, run.end), run.says, command, path=run.path)
    for named in cases_said(sentence, taken):
        taken.append((named.start, named.end))
        yield spotter.spotted((named.start, named.end), named.says, None)
    for deed in deeds_said(sentence, taken):
        yield spotter.spotted((deed.start, deed.end), deed.says, None)
    for hit in figures_said(sentence, taken):
        yield spotter.spotted((hit.start, hit.end), hit.says, None, numbers=hit.numbers)


_KIND: dict[type, ClaimKind] = {OutputSays: "output", RunSays: "command", FileSays: "file"}


@dataclass(frozen=True, slots=True)
class _Spotter:
    event: AgentEvent
    base: int
    """Position in the message at which the sentence or block begins."""
    earlier: bool
    sentence: Sentence | None = None

    def spotted(
        self,
        span: tuple[int, int],
        says: Says,
        command: str | None,
        *,
        path: str | None = None,
        numbers: tuple[str, ...] = (),
    ) -> Spotted:
        start, end = span
        quote = self.event.text[self.base + start : self.base + end]
        start += self.base + len(quote) - len(quote.lstrip(_AROUND))
        quote = quote.strip(_AROUND)
        if isinstance(says, OutputSays):
            numbers = tuple(_NUMBER.findall(quote))[:_MOST_NUMBERS]
        place = self.event.place_of_line(self.event.text.count("\n", 0, start) + 1)
        kind = _KIND.get(type(says), "result")
        claim = Claim(
            kind, self.event.number, start, start + len(quote), quote, place, command, _topic(says), numbers, path
        )
        firm = self.sentence is None or is_firm(self.sentence, span[0], span[1], says)
        return Spotted(claim, says, firm, self.earlier, command)


_MOST_NUMBERS = 200
_AROUND = " \t\r\n:;,—–("
"""Characters that are removed at both ends of a claim."""
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?%?(?![\w]|\.\d)")


def _topic(says: Says) -> str | None:
    match says:
        case TestsSay():
            return "tests"
        case ExitSays():
            return "exit code"
        case CheckSays():
            return says.family
        case RunSays():
            return says.family
        case DeedSays() | CaseSays():
            return says.name
        case OutputSays() | FileSays() | PointedSays() | FiguresSay() | PairSays():
            return None
    return says.name or says.what


def _command_near(sentence: Sentence, at: int, family: str = "") -> str | None:
    """Return the command (of this `family`, if given) that a sentence names nearest to a position, or None."""
    named = [(abs(start - at), sentence.raw[start:end].strip().removeprefix("$ ")) for start, end in sentence.codes]
    commands = [(away, code) for away, code in named if _is_run(code, family)]
    if not commands:
        commands = [
            (abs(found.start() - at), found[0])
            for found in _TOOL_WORD.finditer(sentence.plain)
            if _is_run(found[0], family)
        ]
    return min(commands)[1] if commands else None


def _is_run(code: str, family: str) -> bool:
    if re.match(r"[\w.]+\(", code) or not re.match(r"[\w./]", code):
        return False
    families = {step.family for step in steps_of(code)}
    if family:
        return (
            family in families
            or ("program" in families and " " in code)
            or bool(re.match(r"(?:make|just|npm|yarn|pnpm|\./)\b", code))
        )
    return bool(families & {"tests", "build", "lint", "types", "format", "program"}) or (
        " " in code and "quiet" in families
    )


def _path_near(sentence: Sentence) -> str | None:
    for start, end in sentence.codes:
        code = sentence.raw[start:end].strip()
        if re.fullmatch(r"[\w./~-]*[\w-]\.\w{1,6}|[A-Z]\w*file|[\w.-]+(?:/[\w.-]+)+", code):
            return code
    found = re.search(
        r"(?<![\w/])(?:[\w-]+/)*[\w-]+\.(?:py|txt|md|csv|json|js|ts|tsx|go|rs|java|log|yaml|yml|toml|bin|pt|pkl|so|whl|gz)\b",
        sentence.plain,
    )
    return found[0] if found else None
