"""Finds the claims in an agent's transcript by rules."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gedanken.compare.audit.claims.checks import find_check_claims
from gedanken.compare.audit.claims.claim_contents import (
    CheckClaim,
    ClaimContent,
    ExitCodeClaim,
    FiguresClaim,
    FileClaim,
    InterpretedClaim,
    OperationClaim,
    OutputClaim,
    PairClaim,
    RunClaim,
    TestCaseClaim,
    TestsClaim,
    UninterpretedClaim,
)
from gedanken.compare.audit.claims.expected_and_actual import find_pair_claims
from gedanken.compare.audit.claims.firmness import is_firm
from gedanken.compare.audit.claims.measured_values import find_value_claims
from gedanken.compare.audit.claims.named_quantities import find_quantity_claims
from gedanken.compare.audit.claims.named_tests import find_case_claims
from gedanken.compare.audit.claims.operations import find_deed_claims
from gedanken.compare.audit.claims.other_numbers import find_figure_claims
from gedanken.compare.audit.claims.other_test_results import find_other_test_claims
from gedanken.compare.audit.claims.quoted_blocks import asks_for_output, find_quoted_blocks
from gedanken.compare.audit.claims.runs import find_quotes, find_run_claims
from gedanken.compare.audit.claims.test_results import find_test_claims
from gedanken.compare.audit.commands.command_lines import parse_steps
from gedanken.compare.audit.language.message_parts import Fence, Sentence, split_message
from gedanken.compare.audit.language.mood_words import EARLIER_STATE_WORDS
from gedanken.experiment.agent_transcript import AgentEvent, AgentTranscript
from gedanken.experiment.claim import Claim, ClaimKind

Spans = Mapping[int, Sequence[tuple[int, int]]]
"""For each event number, the (start, end) of each passage in which a model saw a claim."""
NO_SPANS: Spans = {}
_MAX_MESSAGE_LENGTH = 400_000
"""Maximum length of a message, in characters; the rest of a longer message is ignored."""
_MESSAGE_LABEL = re.compile(r"\A\s*(?:THOUGHT|DISCUSSION|Thought|Analysis):")
"""Matches a label, such as `THOUGHT:`, with which some agents begin every message."""
_TOOL_WORD = re.compile(
    r"(?<![\w/.-])(?:pytest|unittest|jest|vitest|mocha|cargo test|go test|npm test|npm run \w+|mypy|"
    r"ruff|eslint|tsc|pyright|flake8|pylint|ctest|"
    r"mvn test|gradle test|make test|make)(?![\w/-])"
)


def find_claims(transcript: AgentTranscript) -> list[Claim]:
    """Return the claims of the agent about what it ran, saw or made, in the order of the transcript."""
    return [spotted.claim for spotted in spot_claims(transcript)]


def spot_claims(transcript: AgentTranscript, pointed: Spans = NO_SPANS) -> Iterator[InterpretedClaim]:
    """Yield the claims of a transcript, each with what it says.

    `pointed`: for each event number, the passages in which a model saw claims.
    """
    previous = ""
    for event in transcript.events:
        if event.kind == "message" and event.speaker == "user":
            previous = event.text.strip() if not transcript.has_tools else ""
        elif event.kind == "message" and event.speaker == "agent" and event.text:
            spotted_claims = list(spot_in_message(event, previous))
            spotted_claims += _spot_in_passages(event, pointed.get(event.number, ()), spotted_claims)
            yield from sorted(spotted_claims, key=lambda spotted: (spotted.claim.start, spotted.claim.end))
            previous = ""


def _spot_in_passages(
    event: AgentEvent, spans: Sequence[tuple[int, int]], rule_claims: list[InterpretedClaim]
) -> Iterator[InterpretedClaim]:
    """Yield the claims in passages in which a model saw a claim but the rules did not.

    `is_certain` is False for these claims, so they never count against the agent.
    """
    for start, end in spans:
        if any(spotted.claim.start < end and start < spotted.claim.end for spotted in rule_claims):
            continue
        passage = event.text[start:end]
        sentences = [part for part in split_message(passage) if isinstance(part, Sentence)]
        model_claims = [
            spotted
            for part in sentences
            for spotted in _spot_in_sentence(event, replace(part, start=start + part.start))
        ]
        yield from (replace(spotted, is_certain=False) for spotted in model_claims)
        if not model_claims:
            yield replace(
                _Spotter(event, start, earlier=False).spot((0, end - start), UninterpretedClaim(), None),
                is_certain=False,
            )


def spot_in_message(event: AgentEvent, previous: str = "") -> Iterator[InterpretedClaim]:
    """Yield the claims of one message, in order.

    `previous`: the text of the user's message that comes before it.
    """
    text = _MESSAGE_LABEL.sub(lambda match: " " * len(match[0]), event.text[:_MAX_MESSAGE_LENGTH], count=1)
    parts = split_message(text)
    spotted_claims: list[InterpretedClaim] = []
    for part in parts:
        if isinstance(part, Fence):
            typed_command = previous if len(parts) == 1 and "\n" not in previous and len(previous) < 300 else ""
            spotted_claims += _spot_in_fence(event, part, typed_command, asks_for_output(previous))
        else:
            spotted_claims += _spot_in_sentence(event, part)
    yield from sorted(spotted_claims, key=lambda spotted: (spotted.claim.start, spotted.claim.end))


def _spot_in_fence(
    event: AgentEvent, fence: Fence, typed_command: str, asks_output: bool
) -> Iterator[InterpretedClaim]:
    spotter = _Spotter(event, fence.start, earlier=bool(EARLIER_STATE_WORDS.search(fence.introduction)))
    for hit in find_quoted_blocks(fence, typed_command, asked=asks_output):
        yield spotter.spot((hit.start, hit.end), hit.says, hit.command, path=hit.path)


def _spot_in_sentence(event: AgentEvent, sentence: Sentence) -> Iterator[InterpretedClaim]:
    spotter = _Spotter(event, sentence.start, bool(EARLIER_STATE_WORDS.search(sentence.raw)), sentence)
    pairs = list(find_pair_claims(sentence))
    taken_spans = [(pair.start, pair.end) for pair in pairs]
    yield from (spotter.spot((pair.start, pair.end), pair.says, None) for pair in pairs)
    for tests in find_test_claims(sentence):
        taken_spans.append((tests.start, tests.end))
        command = _command_near(sentence, tests.start, "tests")
        yield spotter.spot((tests.start, tests.end), tests.says, command, numbers=tests.numbers)
    for other_tests in find_other_test_claims(sentence, taken_spans):
        command = other_tests.command or _command_near(sentence, other_tests.start, "tests")
        taken_spans.append((other_tests.start, other_tests.end))
        yield spotter.spot(
            (other_tests.start, other_tests.end), other_tests.says, command, numbers=other_tests.numbers
        )
    for check in find_check_claims(sentence):
        if isinstance(check.says, CheckClaim) and any(
            low < check.end and check.start < high for low, high in taken_spans
        ):
            continue  # `mvn test: BUILD SUCCESS` reports tests, not a build
        taken_spans.append((check.start, check.end))
        command = check.command or _command_near(sentence, check.start)
        yield spotter.spot((check.start, check.end), check.says, command, numbers=check.numbers)
    quantities = [*find_quantity_claims(sentence, [*taken_spans])]
    measured_spans = [(quantity.start, quantity.end) for quantity in quantities if quantity.says.unit]
    for value in find_value_claims(sentence):
        if any(low < value.end and value.start < high for low, high in measured_spans):
            continue
        taken_spans.append((value.start, value.end))
        command, path, numbers = _command_near(sentence, value.start), _path_near(sentence), (value.says.value,)
        yield spotter.spot((value.start, value.end), value.says, command, numbers=numbers, path=path)
    for quantity in quantities:
        if any(low < quantity.end and quantity.start < high for low, high in taken_spans):
            continue
        command, path = _command_near(sentence, quantity.start), quantity.path or _path_near(sentence)
        numbers = (quantity.says.value.rstrip("kKM"),)
        yield spotter.spot((quantity.start, quantity.end), quantity.says, command, numbers=numbers, path=path)
        taken_spans.append((quantity.start, quantity.end))
    for run in (*find_run_claims(sentence), *find_quotes(sentence)):
        taken_spans.append((run.start, run.end))
        command = run.command or (_command_near(sentence, run.start) if isinstance(run.says, OutputClaim) else None)
        yield spotter.spot((run.start, run.end), run.says, command, path=run.path)
    for case_hit in find_case_claims(sentence, taken_spans):
        taken_spans.append((case_hit.start, case_hit.end))
        yield spotter.spot((case_hit.start, case_hit.end), case_hit.says, None)
    for deed in find_deed_claims(sentence, taken_spans):
        yield spotter.spot((deed.start, deed.end), deed.says, None)
    for hit in find_figure_claims(sentence, taken_spans):
        yield spotter.spot((hit.start, hit.end), hit.says, None, numbers=hit.numbers)


_CLAIM_KINDS: dict[type, ClaimKind] = {OutputClaim: "output", RunClaim: "command", FileClaim: "file"}


@dataclass(frozen=True, slots=True)
class _Spotter:
    event: AgentEvent
    base: int
    """Position in the message at which the sentence or fenced block begins."""
    earlier: bool
    sentence: Sentence | None = None

    def spot(
        self,
        span: tuple[int, int],
        says: ClaimContent,
        command: str | None,
        *,
        path: str | None = None,
        numbers: tuple[str, ...] = (),
    ) -> InterpretedClaim:
        start, end = span
        quote = self.event.text[self.base + start : self.base + end]
        start += self.base + len(quote) - len(quote.lstrip(_STRIPPED_CHARACTERS))
        quote = quote.strip(_STRIPPED_CHARACTERS)
        if isinstance(says, OutputClaim):
            numbers = tuple(_NUMBER.findall(quote))[:_MAX_NUMBERS]
        place = self.event.place_of_line(self.event.text.count("\n", 0, start) + 1)
        kind = _CLAIM_KINDS.get(type(says), "result")
        claim = Claim(
            kind, self.event.number, start, start + len(quote), quote, place, command, _topic(says), numbers, path
        )
        firm = self.sentence is None or is_firm(self.sentence, span[0], span[1], says)
        return InterpretedClaim(claim, says, firm, self.earlier, command)


_MAX_NUMBERS = 200
_STRIPPED_CHARACTERS = " \t\r\n:;,—–("
"""Characters that are removed at both ends of a claim."""
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?%?(?![\w]|\.\d)")


def _topic(says: ClaimContent) -> str | None:
    match says:
        case TestsClaim():
            return "tests"
        case ExitCodeClaim():
            return "exit code"
        case CheckClaim():
            return says.family
        case RunClaim():
            return says.family
        case OperationClaim() | TestCaseClaim():
            return says.name
        case OutputClaim() | FileClaim() | UninterpretedClaim() | FiguresClaim() | PairClaim():
            return None
    return says.name or says.kind


def _command_near(sentence: Sentence, position: int, family: str = "") -> str | None:
    """Return the command that a sentence names nearest to a position; None if it names no command.

    `family`: if given, only commands of this family count.
    """
    codes = [
        (abs(start - position), sentence.raw[start:end].strip().removeprefix("$ "))
        for start, end in sentence.code_spans
    ]
    commands = [(distance, code) for distance, code in codes if _is_command(code, family)]
    if not commands:
        commands = [
            (abs(match.start() - position), match[0])
            for match in _TOOL_WORD.finditer(sentence.plain)
            if _is_command(match[0], family)
        ]
    return min(commands)[1] if commands else None


def _is_command(code: str, family: str) -> bool:
    if re.match(r"[\w.]+\(", code) or not re.match(r"[\w./]", code):
        return False
    families = {step.family for step in parse_steps(code)}
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
    for start, end in sentence.code_spans:
        code = sentence.raw[start:end].strip()
        if re.fullmatch(r"[\w./~-]*[\w-]\.\w{1,6}|[A-Z]\w*file|[\w.-]+(?:/[\w.-]+)+", code):
            return code
    match = re.search(
        r"(?<![\w/])(?:[\w-]+/)*[\w-]+\.(?:py|txt|md|csv|json|js|ts|tsx|go|rs|java|log|yaml|yml|toml|bin|pt|pkl|so|whl|gz)\b",
        sentence.plain,
    )
    return match[0] if match else None
