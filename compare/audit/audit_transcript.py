"""Audits a transcript: finds the agent's claims and gives each of them a status."""

import re
from dataclasses import dataclass, replace

from gedanken.compare.audit.claims.claim_contents import (
    CheckClaim,
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
    ValueClaim,
)
from gedanken.compare.audit.claims.find_claims import NO_SPANS, Spans, spot_claims
from gedanken.compare.audit.claims.firmness import is_firm
from gedanken.compare.audit.judging.checks import judge_check
from gedanken.compare.audit.judging.configuration_values import judge_setting
from gedanken.compare.audit.judging.earlier_states import is_surely_earlier, verdict_on_earlier_state
from gedanken.compare.audit.judging.expected_and_actual import judge_pair
from gedanken.compare.audit.judging.measured_values import judge_value
from gedanken.compare.audit.judging.named_quantities import judge_quantity
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
from gedanken.compare.audit.language.numerals import NUMBER, normalize_number
from gedanken.compare.audit.numbers.denied_numbers import revise_for_denied_number
from gedanken.compare.audit.numbers.early_numbers import revise_for_early_number
from gedanken.compare.audit.numbers.name_mismatches import claim_sentence, verdict_on_other_name
from gedanken.compare.audit.record.build_record import build_record
from gedanken.compare.audit.record.line_index import LineIndex, index_lines
from gedanken.compare.audit.record.number_index import NumberIndex, index_numbers
from gedanken.compare.audit.record.provenance import find_number_sources
from gedanken.compare.audit.record.record import Record
from gedanken.compare.audit.relevance.addresses import revise_for_address
from gedanken.compare.audit.relevance.changed_inputs import revise_for_changed_input
from gedanken.compare.audit.relevance.claimed_test_kinds import is_certain_kind_claim
from gedanken.compare.audit.relevance.same_state import verdict_on_other_runtime
from gedanken.compare.audit.relevance.shown_content import revise_for_shown_content
from gedanken.compare.audit.relevance.unused_commands import verdict_on_unused_command
from gedanken.compare.audit.verdicts import ACCUSATIONS, Case, Verdict, undecidable
from gedanken.experiment.agent_transcript import AgentTranscript
from gedanken.experiment.claim import JudgedClaim


def audit_transcript(
    transcript: AgentTranscript, *, no_tools: bool = False, pointed: Spans = NO_SPANS
) -> list[JudgedClaim]:
    """Return the claims of the agent, each with its status and evidence.

    `no_tools`: the user states that the agent of a plain chat had no tools. `pointed`: for each event number, the
    passages in which a model saw claims. A claim that only the model saw never counts against the agent.
    """
    spotted_claims = list(spot_claims(transcript, pointed))
    if not spotted_claims:
        return []
    if not transcript.has_tools:
        return _judge_without_record(transcript, spotted_claims, no_tools=no_tools)
    record = build_record(transcript)
    numbers = index_numbers(_numbers_to_search(spotted_claims), record.outputs)
    lines = index_lines(
        (
            line
            for spotted in spotted_claims
            if isinstance(spotted.content, OutputClaim)
            for line in spotted.content.lines
        ),
        record.outputs,
    )
    audit = _Audit(record, numbers, lines)
    return [audit.judge(spotted) for spotted in spotted_claims]


@dataclass(frozen=True, slots=True)
class _Audit:
    record: Record
    numbers: NumberIndex
    lines: LineIndex

    def judge(self, spotted: InterpretedClaim) -> JudgedClaim:
        case = Case(spotted, self.record, self.numbers)
        verdict = self._judge(case)
        verdict = self._revise_for_present_state(case, verdict) or verdict_on_earlier_state(case, verdict) or verdict
        verdict = verdict_on_other_runtime(case, verdict) or verdict
        verdict = verdict_on_other_name(case, verdict) or verdict
        verdict = (
            revise_for_changed_input(case, verdict)
            or revise_for_early_number(case, verdict)
            or revise_for_denied_number(case, verdict)
            or verdict
        )
        verdict = verdict_on_unused_command(case, verdict) or revise_for_address(case, verdict) or verdict
        verdict = revise_for_shown_content(case, verdict) or verdict
        if verdict.status in ACCUSATIONS and not spotted.is_certain and not _is_firm_tests_claim(case, verdict):
            verdict = undecidable(
                "the claim may be about something other than a run in this session", *verdict.evidence
            )
        sources = find_number_sources(spotted.claim, self.numbers, self.record, verdict.evidence)
        return JudgedClaim(spotted.claim, verdict.status, verdict.reason, verdict.evidence, sources)

    def _revise_for_present_state(self, case: Case, verdict: Verdict) -> Verdict | None:
        """Return an undecidable verdict if the claim may be about the present, but only an earlier state supports it.

        Otherwise return None.
        """
        if verdict.status != "supported" or not case.spotted.is_about_earlier or is_surely_earlier(case):
            return None
        present_verdict = self._judge(Case(replace(case.spotted, is_about_earlier=False), self.record, self.numbers))
        if present_verdict.status not in ACCUSATIONS:
            return None
        return undecidable(
            "the claim may be about the present state, but only an earlier state supports it", *verdict.evidence
        )

    def _judge(self, case: Case) -> Verdict:
        match case.spotted.content:
            case TestsClaim() as says:
                return judge_tests(case, says)
            case CheckClaim() as says:
                return judge_check(case, says)
            case ExitCodeClaim() as says:
                return judge_exit(case, says)
            case ValueClaim(kind="quantity") as says:
                return judge_again(case, says, judge_quantity(case, says))
            case ValueClaim(kind="setting") as says:
                return judge_setting(case, says)
            case ValueClaim() as says:
                return judge_again(case, says, judge_value(case, says))
            case FiguresClaim() as says:
                return judge_figures(case, says)
            case RunClaim() as says:
                return judge_run(case, says)
            case TestCaseClaim() | OperationClaim() | PairClaim() as says:
                return _judge_single_fact(case, says)
            case UninterpretedClaim():
                return undecidable("only a model (--claims-by) saw a claim here, and no rule can interpret it")
            case OutputClaim() as says:
                return judge_output(case, says, self.lines)
            case FileClaim() as says:
                return judge_file(case, says)


def _judge_single_fact(case: Case, says: TestCaseClaim | OperationClaim | PairClaim) -> Verdict:
    match says:
        case TestCaseClaim():
            return judge_case(case, says)
        case OperationClaim():
            return judge_deed(case, says)
    return judge_pair(case, says)


_TESTS_OF_A_KIND = re.compile(r"(?:(?:all|the|\d+) ){0,2}[\w-]+ (?:tests?|specs?)\b", re.IGNORECASE)
_CLAUSE_END = re.compile(r"\W{0,3}\Z|\s?[.,;:!)]|\s(?:now|again|too|as well|with|and|after)\b")


def _is_firm_tests_claim(case: Case, verdict: Verdict) -> bool:
    """Return whether a claim that is not marked as certain is still exact enough to accuse the agent.

    This is possible only for a claim about some of the tests, such as `the cache tests pass`.
    """
    says, claim = case.spotted.content, case.spotted.claim
    if verdict.status == "misquoted" and isinstance(says, TestsClaim) and says.is_limited:
        return is_certain_kind_claim(case)  # the verdict compares it with a run of exactly this file
    sentence = claim_sentence(case)
    if verdict.status != "never run" or not isinstance(says, TestsClaim) or not says.is_limited or sentence is None:
        return False
    start = sentence.raw.find(claim.quote)
    return (
        sentence.raw.count(claim.quote) == 1
        and _TESTS_OF_A_KIND.match(claim.quote) is not None
        and _CLAUSE_END.match(sentence.raw, start + len(claim.quote)) is not None
        and is_firm(sentence, start, start + len(claim.quote), replace(says, is_limited=False))
    )


def _numbers_to_search(spotted_claims: list[InterpretedClaim]) -> set[str]:
    numbers = {number for spotted in spotted_claims for number in spotted.claim.numbers}
    numbers |= {
        normalize_number(spotted.content.value.rstrip("kKM"))
        for spotted in spotted_claims
        if isinstance(spotted.content, ValueClaim)
    }
    return numbers | {
        number
        for spotted in spotted_claims
        if isinstance(spotted.content, OutputClaim)
        for number in NUMBER.findall(spotted.claim.quote)
    }


def _judge_without_record(
    transcript: AgentTranscript, spotted_claims: list[InterpretedClaim], *, no_tools: bool
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


def _is_in_earlier_message(transcript: AgentTranscript, spotted: InterpretedClaim) -> bool:
    """Return whether an earlier message, not written by the agent, contains the numbers or the quoted lines of a
    claim.
    """
    claim = spotted.claim
    texts = [
        event.text
        for event in transcript.events[: claim.event]
        if event.kind == "message" and event.speaker != "agent"
    ]
    if claim.numbers:
        claimed_numbers = [normalize_number(number.rstrip("%")) for number in claim.numbers]
        return any(all(number in text for number in claimed_numbers) for text in texts)
    return isinstance(spotted.content, OutputClaim) and any(
        all(line in text for line in spotted.content.lines) for text in texts
    )
