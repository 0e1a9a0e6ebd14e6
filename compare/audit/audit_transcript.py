"""Audits a transcript: finds the claims of the agent and gives each of them a status."""

import re
from dataclasses import dataclass, replace

from gedanken.compare.audit.claims.claim_contents import (
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
    Spotted,
    TestsSay,
    ValueSays,
)
from gedanken.compare.audit.claims.find_claims import NOTHING, Spans, spot
from gedanken.compare.audit.claims.firmness import is_firm
from gedanken.compare.audit.judging.checks import judge_check
from gedanken.compare.audit.judging.earlier_states import is_surely_earlier, of_another_state
from gedanken.compare.audit.judging.expected_and_actual import judge_pair
from gedanken.compare.audit.judging.measured_values import judge_value
from gedanken.compare.audit.judging.named_quantities import judge_quantity, judge_setting
from gedanken.compare.audit.judging.named_tests import judge_case
from gedanken.compare.audit.judging.operations import judge_deed
from gedanken.compare.audit.judging.other_numbers import judge_figures
from gedanken.compare.audit.judging.plain_chats import (
    is_known_speaker,
    judge_unrecorded,
    plays_a_terminal,
    shows_tools,
)
from gedanken.compare.audit.judging.quoted_lines import judge_file, judge_output
from gedanken.compare.audit.judging.runs import judge_exit, judge_run
from gedanken.compare.audit.judging.second_reading import judge_again
from gedanken.compare.audit.judging.test_results import judge_tests
from gedanken.compare.audit.language.numerals import NUMBER, plain_number
from gedanken.compare.audit.numbers.denied_numbers import denied
from gedanken.compare.audit.numbers.early_numbers import stated_early
from gedanken.compare.audit.numbers.name_mismatches import of_another_name, sentence_of
from gedanken.compare.audit.record.build_record import record_of
from gedanken.compare.audit.record.line_index import LineIndex, index_lines
from gedanken.compare.audit.record.number_index import NumberIndex, index_numbers
from gedanken.compare.audit.record.provenance import sources_of
from gedanken.compare.audit.record.record import Record
from gedanken.compare.audit.relevance.addresses import of_another_address
from gedanken.compare.audit.relevance.changed_inputs import of_changed_input
from gedanken.compare.audit.relevance.claimed_test_kinds import is_firm_of_its_file
from gedanken.compare.audit.relevance.same_state import of_another_runtime
from gedanken.compare.audit.relevance.shown_content import of_what_it_shows
from gedanken.compare.audit.relevance.unused_commands import of_unused_instrument
from gedanken.compare.audit.verdicts import ACCUSATIONS, Case, Verdict, undecidable
from gedanken.experiment.agent_transcript import AgentTranscript
from gedanken.experiment.claim import JudgedClaim


def audit_transcript(
    transcript: AgentTranscript, *, no_tools: bool = False, pointed: Spans = NOTHING
) -> list[JudgedClaim]:
    """Return the claims of the agent, each with its status and evidence.

    `no_tools`: the user states that the agent of a plain chat had no tools. `pointed`: for each event number, the
    passages in which a model saw claims; these claims never count against the agent.
    """
    spotted_claims = list(spot(transcript, pointed))
    if not spotted_claims:
        return []
    if not transcript.has_tools:
        return _judge_without_record(transcript, spotted_claims, no_tools=no_tools)
    record = record_of(transcript)
    numbers = index_numbers(_numbers_to_search(spotted_claims), record.outputs)
    lines = index_lines(
        (line for spotted in spotted_claims if isinstance(spotted.says, OutputSays) for line in spotted.says.lines),
        record.outputs,
    )
    audit = _Audit(record, numbers, lines)
    return [audit.judged(spotted) for spotted in spotted_claims]


@dataclass(frozen=True, slots=True)
class _Audit:
    record: Record
    numbers: NumberIndex
    lines: LineIndex

    def judged(self, spotted: Spotted) -> JudgedClaim:
        case = Case(spotted, self.record, self.numbers)
        verdict = self._judge(case)
        verdict = self._revise_for_present_state(case, verdict) or of_another_state(case, verdict) or verdict
        verdict = of_another_runtime(case, verdict) or verdict
        verdict = of_another_name(case, verdict) or verdict
        verdict = of_changed_input(case, verdict) or stated_early(case, verdict) or denied(case, verdict) or verdict
        verdict = of_unused_instrument(case, verdict) or of_another_address(case, verdict) or verdict
        verdict = of_what_it_shows(case, verdict) or verdict
        if verdict.status in ACCUSATIONS and not spotted.firm and not _is_firm_tests_claim(case, verdict):
            verdict = undecidable(
                "the claim may be about something other than a run in this session", *verdict.evidence
            )
        sources = sources_of(spotted.claim, self.numbers, self.record, verdict.evidence)
        return JudgedClaim(spotted.claim, verdict.status, verdict.reason, verdict.evidence, sources)

    def _revise_for_present_state(self, case: Case, verdict: Verdict) -> Verdict | None:
        """Return an undecidable verdict if only an earlier state supports a claim that may be about the present; else
        None.
        """
        if verdict.status != "supported" or not case.spotted.earlier or is_surely_earlier(case):
            return None
        present_verdict = self._judge(Case(replace(case.spotted, earlier=False), self.record, self.numbers))
        if present_verdict.status not in ACCUSATIONS:
            return None
        return undecidable(
            "the claim may be about the present state, but only an earlier state supports it", *verdict.evidence
        )

    def _judge(self, case: Case) -> Verdict:
        match case.spotted.says:
            case TestsSay() as says:
                return judge_tests(case, says)
            case CheckSays() as says:
                return judge_check(case, says)
            case ExitSays() as says:
                return judge_exit(case, says)
            case ValueSays(what="quantity") as says:
                return judge_again(case, says, judge_quantity(case, says))
            case ValueSays(what="setting") as says:
                return judge_setting(case, says)
            case ValueSays() as says:
                return judge_again(case, says, judge_value(case, says))
            case FiguresSay() as says:
                return judge_figures(case, says)
            case RunSays() as says:
                return judge_run(case, says)
            case CaseSays() | DeedSays() | PairSays() as says:
                return _judge_single_fact(case, says)
            case PointedSays():
                return undecidable("only a model (--claims-by) saw a claim here, and no rule can interpret it")
            case OutputSays() as says:
                return judge_output(case, says, self.lines)
            case FileSays() as says:
                return judge_file(case, says)


def _judge_single_fact(case: Case, says: CaseSays | DeedSays | PairSays) -> Verdict:
    match says:
        case CaseSays():
            return judge_case(case, says)
        case DeedSays():
            return judge_deed(case, says)
    return judge_pair(case, says)


_TESTS_OF_A_KIND = re.compile(r"(?:(?:all|the|\d+) ){0,2}[\w-]+ (?:tests?|specs?)\b", re.IGNORECASE)
_CLAUSE_END = re.compile(r"\W{0,3}\Z|\s?[.,;:!)]|\s(?:now|again|too|as well|with|and|after)\b")


def _is_firm_tests_claim(case: Case, verdict: Verdict) -> bool:
    """Return whether a false claim about some tests counts against the agent although it is not `firm`.

    Example: `the cache tests pass`.
    """
    says, claim = case.spotted.says, case.spotted.claim
    if verdict.status == "misquoted" and isinstance(says, TestsSay) and says.limited:
        return is_firm_of_its_file(case)  # the verdict compares it with a run of exactly this file
    sentence = sentence_of(case)
    if verdict.status != "never run" or not isinstance(says, TestsSay) or not says.limited or sentence is None:
        return False
    start = sentence.raw.find(claim.quote)
    return (
        sentence.raw.count(claim.quote) == 1
        and _TESTS_OF_A_KIND.match(claim.quote) is not None
        and _CLAUSE_END.match(sentence.raw, start + len(claim.quote)) is not None
        and is_firm(sentence, start, start + len(claim.quote), replace(says, limited=False))
    )


def _numbers_to_search(spotted_claims: list[Spotted]) -> set[str]:
    numbers = {number for spotted in spotted_claims for number in spotted.claim.numbers}
    numbers |= {
        plain_number(spotted.says.value.rstrip("kKM"))
        for spotted in spotted_claims
        if isinstance(spotted.says, ValueSays)
    }
    return numbers | {
        number
        for spotted in spotted_claims
        if isinstance(spotted.says, OutputSays)
        for number in NUMBER.findall(spotted.claim.quote)
    }


def _judge_without_record(
    transcript: AgentTranscript, spotted_claims: list[Spotted], *, no_tools: bool
) -> list[JudgedClaim]:
    if plays_a_terminal(transcript):
        reason = "the agent was asked to play this terminal; --rerun claimed shows the real output too"
        return [
            JudgedClaim(spotted.claim, "undecidable", reason, reading="role-played") for spotted in spotted_claims
        ]
    judged = []
    has_marks = shows_tools(transcript)
    for spotted in spotted_claims:
        has_known_speaker = no_tools and is_known_speaker(transcript, spotted.claim.event)
        is_reported = no_tools and _is_in_earlier_message(transcript, spotted)
        verdict = judge_unrecorded(
            spotted, no_tools=no_tools, told=is_reported, is_known_speaker=has_known_speaker, shows_tools=has_marks
        )
        judged.append(
            JudgedClaim(spotted.claim, verdict.status, verdict.reason, reading="no tools" if no_tools else "recorded")
        )
    return judged


def _is_in_earlier_message(transcript: AgentTranscript, spotted: Spotted) -> bool:
    """Return whether an earlier message contains the claim's numbers or its quoted output lines.

    Messages of the agent do not count.
    """
    claim = spotted.claim
    texts = [
        event.text
        for event in transcript.events[: claim.event]
        if event.kind == "message" and event.speaker != "agent"
    ]
    if claim.numbers:
        claimed_numbers = [plain_number(number.rstrip("%")) for number in claim.numbers]
        return any(all(number in text for number in claimed_numbers) for text in texts)
    return isinstance(spotted.says, OutputSays) and any(
        all(line in text for line in spotted.says.lines) for text in texts
    )
