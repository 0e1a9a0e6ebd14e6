"""Checks whether a claim such as `the cache tests pass` means the test file that a run names."""

import re
from dataclasses import replace

from gedanken.compare.audit.claims.claim_contents import TestsClaim
from gedanken.compare.audit.claims.firmness import is_firm
from gedanken.compare.audit.claims.test_results import EXCEPTION_WORDS
from gedanken.compare.audit.commands.command_lines import is_narrowed
from gedanken.compare.audit.commands.file_changes import languages_of
from gedanken.compare.audit.commands.programs import word_set
from gedanken.compare.audit.numbers.name_mismatches import claim_sentence
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.verdicts import Case

_TEST_KIND = re.compile(r"\A(?:(?:all|the|of|\d+) ){0,4}(?P<kind>[a-z][\w-]{1,30}) tests?\b", re.IGNORECASE)
_TEST_FILE = re.compile(r"[\w./-]*\.(?:py|[mc]?[jt]sx?|rb|php|go|java|kt|cs)(?:\Z|::)")
_COMMON_WORDS = word_set(
    "test tests spec specs unit integration new other more old py js ts tsx mjs rb go java kt cs php"
)
_LANGUAGES = {
    **dict.fromkeys(("go", "golang"), "go"),
    **dict.fromkeys(("rust", "cargo"), "rust"),
    **dict.fromkeys(("django", "python"), "py"),
    **dict.fromkeys(("java", "maven", "gradle", "kotlin"), "java"),
    **dict.fromkeys(("javascript", "typescript", "js", "ts", "node"), "js"),
    **dict.fromkeys(("ruby", "rails"), "ruby"),
    "php": "php",
}
_CLAUSE_END = re.compile(r"\W{0,3}\Z|\s?[.,;:!)]|\s(?:now|again|too|as well|and|here)\b")


def ran_exactly_claimed_tests(case: Case, run: Run | None) -> bool:
    """Return whether exactly the claimed tests were run.

    For `all cache tests pass`, these are the tests of one file; for `the Go tests pass`, those of one language.
    """
    claim, sentence = case.spotted.claim, claim_sentence(case)
    match = _TEST_KIND.match(claim.quote)
    if run is None or match is None or sentence is None or EXCEPTION_WORDS.search(case.message):
        return False
    language = _LANGUAGES.get(match["kind"].lower())
    if language is not None:
        languages = languages_of([step.program for step in run.steps if step.family == "tests"])
        is_django = any(step.program == "manage.py" for step in run.steps)
        return (languages == (language,) or (not languages and is_django)) and not any(map(is_narrowed, run.steps))
    arguments = [word for step in run.steps if step.family == "tests" for word in step.words[1:]]
    files = [word for word in arguments if _TEST_FILE.match(word)]
    other_arguments = [word for word in arguments if word not in files and not word.startswith("-")]
    if len(files) != 1 or other_arguments or "::" in files[0] or not any(map(is_narrowed, run.steps)):
        return False
    name_words = {part for part in re.split(r"[\W_]+", files[0].rsplit("/", 1)[-1].lower()) if part} - _COMMON_WORDS
    return name_words == set(re.split(r"[\W_]+", match["kind"].lower()))


def is_certain_kind_claim(case: Case) -> bool:
    """Return whether the sentence of a claim about one kind of tests certainly reports a run of this session."""
    says, sentence, quote = case.spotted.content, claim_sentence(case), case.spotted.claim.quote
    if not isinstance(says, TestsClaim) or sentence is None or sentence.raw.count(quote) != 1:
        return False
    start = sentence.raw.find(quote)
    end = start + len(quote)
    return _CLAUSE_END.match(sentence.raw, end) is not None and is_firm(
        sentence, start, end, replace(says, is_limited=False)
    )
