"""Finds statements about tests: that all passed, or how many passed, failed or were skipped."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import TestsClaim
from gedanken.compare.audit.claims.test_labels import labels_tests
from gedanken.compare.audit.commands.programs import word_set
from gedanken.compare.audit.language.languages import languages_in
from gedanken.compare.audit.language.message_parts import CODE_MARK, Sentence, allow_more_spaces
from gedanken.compare.audit.language.mood import asserts
from gedanken.compare.audit.language.mood_words import HEDGES_IN_CLAUSE, Language
from gedanken.compare.audit.language.numerals import COUNT_OR_WORD as ANY_COUNT_OR_WORD
from gedanken.compare.audit.language.numerals import COUNT_PATTERN as ANY_COUNT
from gedanken.compare.audit.language.numerals import parse_count

_NOT_IN_NAME = r"(?<![A-Za-z0-9_.])"
"""Pattern in front of a number that excludes numbers within names, such as `codec_03`."""
COUNT, COUNT_OR_WORD = _NOT_IN_NAME + ANY_COUNT, _NOT_IN_NAME + ANY_COUNT_OR_WORD
_KIND = r"(?:tests?(?: ?cases?| ?suites?| files?)?|testcases?|specs?|test functions?)"
_NO_ADJECTIVE = (
    r"\b(?!(?:that|this|the|all|and|or|says?|said|makes?|made|making|to|of|in|with|for|if|when|are|is|was|were|be|will|should|would|can|could|"
    r"my|our|it|you|has|have|had|but|so|no|not|most|some|run|ran|running|gets?|getting|ensures?|until|before|why|how|whether|because|after|by|"
    r"dass|que|qui|die|der|das|les|des|las|los|expected|which|while|where|keeps?|now|then|from|than|as|at|on)\b)"
)
_ADJECTIVES = rf"(?:{_NO_ADJECTIVE}[a-z][\w-]{{1,14}} ){{0,3}}?"
_LINKING_WORDS = r"(?:(?:continues? to|had been|has been|have been|used to|are|is|were|was|now|all|still|have|has|both|currently|successfully|also|again|to be|came back|run|ran|and) ){0,4}"
_SUCCESS_WORD = r"(?:pass(?:ed|es|ing)?|green|succeed(?:ed|s)?|successful|successfully|ok|OK|clean)"
_FAILURE_WORD = r"(?:fail(?:ed|s|ing|ures?)?|errors?|errored|broken|red)"
_PATTERNS: list[tuple[Language, str]] = [
    ("en", rf"(?:\b(?P<all>all|every|the full|the whole|the entire|entire|full)\b (?:of )?(?:the |our |my )?)?(?P<n>{COUNT_OR_WORD})?(?: ?(?:/|of|out of) ?(?P<of>{COUNT}))?\s?(?:of (?:the |our |these )?)?(?P<adj>{_ADJECTIVES})\b{_KIND} (?:(?:in|for|from|under|of) [{CODE_MARK}]{{3,150}} |(?:in|across|over|from) (?:all |both |the ){{0,2}}(?:{COUNT_OR_WORD} )?(?:files|suites|packages|crates|modules|projects|workspaces|classes) )?{_LINKING_WORDS}(?P<good>{_SUCCESS_WORD})\b"),
    ("en", rf"(?P<n>{COUNT})(?: ?(?:/|of|out of) ?(?P<of>{COUNT}))? (?P<adj>{_ADJECTIVES})(?:{_KIND} )?(?:(?:are|were|have|now|all) ){{0,2}}(?P<good>passed|passing|pass|succeeded|green)\b"),
    ("en", rf"\b(?P<good>pass(?:es|ed|ing)?) (?P<all>all|both|every)? ?(?:of )?(?:the |its |our )?(?:all )?(?P<n>{COUNT_OR_WORD})?(?:/(?P<of>{COUNT}))? ?(?P<adj>{_ADJECTIVES}){_KIND}\b"),
    ("en", rf"(?:\b(?P<all>all|full|entire|whole)\b )?(?P<n>{COUNT})?\s?(?P<adj>{_ADJECTIVES})\b{_KIND}(?: \((?P<of>{COUNT}) tests?\))?\s?(?::|—|–|→|->|=)\s*(?:[✅✔✓☑]\s*)?(?P<good>pass(?:ed|ing|es)?|green|ok)\b"),
    ("en", rf"\b{_KIND}(?: results?| status| run)?\s?(?::|=|→|->|—|–|\|)\s*(?:[✅✔✓☑]\s*)?(?P<all>all )?(?P<n>{COUNT})?(?: ?(?:/|of) ?(?P<of>{COUNT}))?\s?(?P<good>pass(?:ed|ing|es)?|green|ok|✅|✔|✓)"),
    ("en", rf"(?P<all>\ball )?(?P<n>{COUNT_OR_WORD}) (?P<good>passing|passed|green|successful) {_KIND}\b"),
    ("en", rf"(?P<n>{COUNT}) {_KIND} (?:(?:were|was) )?(?:ran|run|executed),? (?:and )?(?P<all>all)(?: of them)? (?P<good>pass(?:ed)?|succeeded)\b"),
    ("en", rf"\b(?:ran|run) (?P<n>{COUNT}) {_KIND},? (?:and )?(?P<all>all)(?: of them)? (?P<good>pass(?:ed)?|succeeded)\b"),
    ("en", r"\b(?:they|all of (?:them|these|those)) (?:(?:all|now|both|still) ){0,2}(?P<all>)(?P<good>pass(?:ed)?)\b"),
    ("en", rf"(?P<n>{COUNT})(?:/(?P<of>{COUNT}))? (?P<adj>{_ADJECTIVES}){_KIND},? (?P<all>all) (?P<good>passing|passed|pass|green)\b"),
    ("en", rf"[✅✔✓]\s*(?:the |all )?(?P<n>{COUNT})?(?P<adj> ){_KIND}(?P<good>\s*$)"),
    ("en", rf"(?P<n>{COUNT_OR_WORD}|\bnone\b) (?:out )?of (?:the |our |my |these )?(?:(?P<of>{COUNT}) )?(?P<adj>{_ADJECTIVES}){_KIND} (?:(?:are|is|were|was|have|has|now|still) ){{0,2}}(?P<bad>{_FAILURE_WORD})\b"),
    ("en", rf"(?P<n>{COUNT_OR_WORD}) ?(?:/|of|out of) ?(?P<of>{COUNT}) (?:(?:are|is|were|was|have|has|now|still) ){{0,2}}(?P<bad>{_FAILURE_WORD})\b"),
    ("en", rf"(?P<n>{COUNT_OR_WORD}|\b(?:no|zero)\b) (?P<bad>failures?|failing tests?|failed tests?|red tests?) (?:out of|of|in|among) (?:the |all |a total of )?(?P<of>{COUNT})(?: {_KIND})?(?=\W|$)"),
    ("en", rf"(?P<n>{COUNT_OR_WORD}|\b(?:no|zero)\b) (?P<adj>{_ADJECTIVES})(?:{_KIND} )?(?:(?:are|is|was|were|have|had been|had|still|now) ){{0,2}}(?P<bad>{_FAILURE_WORD})\b"),
    ("en", rf"(?P<n>{COUNT_OR_WORD}|\b(?:no|zero)\b) (?:{_KIND} )?(?:(?:are|were) )?(?P<skip>skipped|skips|skip|xfailed|ignored|pending|deselected)\b"),
    ("en", r"\b(?:test suite|the suite|full suite|entire suite|whole suite|unit tests|pytest|tests) (?:run )?(?:(?:is|are|now|also|still|all|comes back|finishes|finished|completes|completed) ){0,3}(?P<all>)(?P<good>green|passes|passed|passing|successfully|clean)\b"),
    ("en", r"\b(?P<all>everything|all) (?:is |are |now |still ){0,2}(?P<good>passes|passed|passing|green)(?=\s*(?:now|again|here)?\s*(?:[.!,;):—–]|$|✅))"),
    ("de", rf"(?:\b(?P<all>alle|sämtliche)\b )?(?P<n>{COUNT_OR_WORD})? ?(?P<adj>{_ADJECTIVES})(?:Tests?|Testfälle|Prüfungen) (?:(?:sind|waren|wurden|haben|laufen|jetzt|nun|alle|erfolgreich|wieder) ){{0,3}}(?P<good>bestanden|grün|erfolgreich|durch(?:gelaufen)?|bestehen)\b"),
    ("de", rf"(?P<n>{COUNT_OR_WORD}|\b(?:kein|keine)\b) (?:Tests? )?(?:(?:sind|ist) )?(?P<bad>fehlgeschlagen|Fehler(?= in den Tests)|gescheitert|schlägt fehl|schlugen fehl|schlagen fehl)\b"),
    ("de", rf"(?P<n>{COUNT_OR_WORD}) (?:Tests? )?(?:(?:wurden|wurde) )?(?P<skip>übersprungen)\b"),
    ("fr", rf"(?:\b(?P<all>tous|toutes|l'ensemble de)\b )?(?:les |des )?(?P<n>{COUNT_OR_WORD})? ?(?:tests?|cas de test) (?:(?:est|sont|ont|maintenant|tous|été|unitaires) ){{0,3}}(?P<good>passent|passés?|réussis?|réussissent|verts?|au vert)(?!\w)"),
    ("fr", rf"(?P<n>{COUNT_OR_WORD}|\baucun) (?:tests? )?(?:(?:ont|a|en) ){{0,2}}(?P<bad>échoué|échouent|échec|échecs)(?!\w)"),
    ("fr", rf"(?P<n>{COUNT_OR_WORD}) (?:tests? )?(?P<skip>ignorés?|sautés?)(?!\w)"),
    ("es", rf"(?:\b(?P<all>todas|todos)\b )?(?:las |los )?(?P<n>{COUNT_OR_WORD})? ?(?:pruebas|tests?) (?:(?:han|están|ahora|todas|todos|unitarias|unitarios) ){{0,3}}(?P<good>pasan|pasaron|pasado|pasadas|superadas|exitosas|en verde|aprobadas)\b"),
    ("es", rf"\b(?P<good>pasan|pasaron|han pasado) (?P<all>todas |todos )?(?:las |los )?(?P<n>{COUNT_OR_WORD})? ?(?:pruebas|tests?)\b"),
    ("es", rf"(?P<n>{COUNT_OR_WORD}|\b(?:ninguna|ningún)\b) (?:(?:pruebas?|tests?) )?(?:han )?(?P<bad>fallaron|fallan|fallado|falló|fallos?|fallidas?)\b"),
    ("es", rf"(?P<n>{COUNT_OR_WORD}) (?:(?:pruebas?|tests?) )?(?:fueron )?(?P<skip>omitid[ao]s?|saltad[ao]s?)\b"),
    ("zh", rf"(?P<all>所有|全部)?\s?(?:的)?\s?(?P<n>{COUNT})?\s?(?:个|项|条)?\s?(?:单元)?(?:测试用例|测试)\s?(?:现在|均|都|全部|已经|已|也){{0,3}}\s?(?P<good>通过|成功)"),
    ("zh", rf"共?\s?(?P<n>{COUNT})\s?(?:个|项|条)?\s?(?:单元)?测试\s?[，,]\s?(?P<all>全部|均|都)(?:已)?\s?(?P<good>通过|成功)"),
    ("zh", rf"(?P<n>{COUNT})\s?(?:个|项|条)?\s?(?:测试)?\s?(?P<good>通过)"),
    ("zh", rf"(?P<n>{COUNT})\s?(?:个|项|条)?\s?(?:测试)?\s?(?P<bad>失败)"),
    ("zh", rf"(?P<n>{COUNT})\s?(?:个|项|条)?\s?(?:测试)?\s?(?:被)?(?P<skip>跳过)"),
]  # fmt: skip
_COMPILED = [(language, re.compile(allow_more_spaces(pattern), re.IGNORECASE)) for language, pattern in _PATTERNS]
_HINT = re.compile(r"test|spec|suite|pass|fail|skip|green|prüf|prueb|测试|通过|失败|bestanden|réussi", re.IGNORECASE)
_NEUTRAL_ADJECTIVES = frozenset(
    [
        "unit",
        "complete",
        "entire",
        "whole",
        "full",
        "existing",
        "automated",
        "total",
        "pytest",
        "junit",
        "testng",
        "nunit",
        "xunit",
        "catch2",
        "gtest",
        "googletest",
        "minitest",
        "jest",
        "vitest",
        "mocha",
        "ctest",
        "rspec",
        "phpunit",
        "python",
        "current",
        "project",
    ]
)
"""Adjectives that do not limit a statement about tests, such as `unit`.

With any other adjective, the statement may be about only some of the tests.
"""
EXCEPTION_WORDS = re.compile(
    r"\b(?:except|without (?:the|these|those|that|them)|ohne (?:die|den)|sans (?:les|le)|sin (?:los|las)|other than|apart from|aside from|besides|unrelated|pre-?existing|excluding|but (?:one|two|the|\d+)|only (?:one|two|\d+)|"
    r"known (?:failures?|issue)|flaky|environment(?:al)?|still fail\w*|außer|bis auf|sauf|hormis|excepto|salvo|remaining fail\w*|already fail\w*|"
    r"also fail\w*|failed before|fail(?:s|ed|ing)? (?:on|without|before|even|due|because|for))\b|除了",
    re.IGNORECASE,
)
_LIMITING_PHRASE = re.compile(
    r"\s?(?:in|for|of|from|covering|related to) "
    r"(?!total|all|both|every|each|the (?:suite|project|repo|current|present|whole|entire)|\d|[\d.]+ ?s|python)",
    re.IGNORECASE,
)


_FAILURE_ADJECTIVES = word_set(
    "test tests unit integration new more other known flaky existing pre-existing unrelated remaining of them such"
)
HANDS_OVER = re.compile(
    r"\s{1,3}(?:an?|the|it|its|them|this|that|his|each|every|\w+ (?:to|on|into|through|as)) ?\b", re.IGNORECASE
)
"""Matches words after `passes`, such as `a` in `the test passes a list`.

They show that the test hands something over, not that it succeeds.
"""
_CONTINUES = re.compile(r"\bcontinues? to\b", re.IGNORECASE)
_WHOLE_WORDS = re.compile(
    r"\b(?:all|every|full|entire|whole|complete|suite|everything|existing|alle|sämtliche|tous|toutes|ensemble|todas|todos)\b|所有|全部",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"they|all of (?:them|these|those)|all (?:is |are )?green", re.IGNORECASE)
"""Matches words, such as `they`, that mean tests only if the text mentions tests."""
_MENTIONS_TESTS = (
    r"(?i:test(?!(?:s|ing)? (?:set|split|data|images?|samples?|accuracy|acc|loss|errors?|scores?)\b)|suite)"
)
_ABOUT_TESTS = re.compile(r"\btests?\b|\bsuite\b|\bspecs?\b", re.IGNORECASE)
_NOT_SINGLE_TESTS = re.compile(
    r"\btest ?(?:suites|files|modules|classes|groups)\b|\bsuites\b|\bspecs\b", re.IGNORECASE
)
_COUNT_AFTER = re.compile(
    rf"\s?[(:–—]\s?(?P<n>{COUNT})(?:\s?(?:/|of)\s?(?P<of>{COUNT}))?(?: (?:tests?|passed|passing|total|in total|ok|en total|au total|insgesamt)\b|(?=\)))\)?",
    re.IGNORECASE,
)
"""Matches a number after a statement, as in `all tests pass (12 tests)` or `all tests pass (12/12)`."""


class TestHit(NamedTuple):
    """A statement about tests, with its position in the sentence."""

    start: int
    end: int
    says: TestsClaim
    numbers: tuple[str, ...]


def find_test_claims(sentence: Sentence) -> Iterator[TestHit]:
    """Yield the statements about tests in a sentence; adjacent statements are merged into one."""
    if not _HINT.search(sentence.plain):
        return
    hits: list[tuple[int, int, re.Match[str]]] = []
    languages = languages_in(sentence.plain)
    for language, pattern in _COMPILED:
        if language not in languages:
            continue
        for match in pattern.finditer(sentence.plain):
            if not match[0].strip() or any(
                taken_start < match.end() and match.start() < taken_end for taken_start, taken_end, _ in hits
            ):
                continue
            if _is_asserted(sentence, match, language) and not _is_not_about_tests(sentence, match):
                hits.append((match.start(), match.end(), match))
    for group in _group_adjacent(sorted(hits, key=lambda hit: hit[0]), sentence.plain):
        yield _build_hit(sentence, group)


def _is_asserted(sentence: Sentence, match: re.Match[str], language: Language) -> bool:
    """Return whether the sentence asserts the matched statement; `all tests must pass` asserts nothing."""
    groups = match.groupdict()
    is_bad = bool(groups.get("bad"))
    if is_bad and set((groups.get("adj") or "").lower().split()) - _FAILURE_ADJECTIVES:
        return False
    if (is_bad or groups.get("skip")) and labels_tests(sentence, match):
        return False
    if HANDS_OVER.match(sentence.plain, match.end()) and re.search(r"\btest passes$", match[0], re.IGNORECASE):
        return False
    if not is_bad and HEDGES_IN_CLAUSE[language].search(_CONTINUES.sub("", match[0])):
        return False
    if _PRONOUN.match(match[0].strip()) and not _ABOUT_TESTS.search(
        sentence.plain + sentence.previous + sentence.introduction
    ):
        return False
    is_present = re.search(r"\bpass(?:es)?$", match[0].strip()) is not None
    if is_present and re.search(
        r"\b(?:then|after|until|as soon as)\s*$", sentence.plain[: match.start()], re.IGNORECASE
    ):
        return False  # the statement depends on something else
    return asserts(sentence, match.start(), match.end(), language)


def _is_not_about_tests(sentence: Sentence, match: re.Match[str]) -> bool:
    """Return whether the matched number counts failures or skips of something else: `2 errors` may be a
    compiler's.
    """
    groups = match.groupdict()
    if groups.get("bad") and re.search("error", groups["bad"], re.IGNORECASE):
        return (
            re.search(_MENTIONS_TESTS, sentence.plain[max(0, match.start() - 60) : match.end() + 40], re.IGNORECASE)
            is None
        )
    if groups.get("of") and re.search("failure", groups.get("bad") or "", re.IGNORECASE):
        return False
    return bool(groups.get("bad") or groups.get("skip")) and not re.search(
        r"test|suite|spec|pass|prueb|prüf|测试|通过|réussi|bestanden",
        sentence.plain
        + sentence.introduction
        + sentence.heading
        + (sentence.previous if sentence.kind == "item" else ""),
        re.IGNORECASE,
    )


def _group_adjacent(hits: list[tuple[int, int, re.Match[str]]], plain: str) -> Iterator[list[re.Match[str]]]:
    group: list[re.Match[str]] = []
    for start, _end, match in hits:
        gap = plain[group[-1].end() : start] if group else ""
        if group and (len(gap) > 16 or re.search(r"[^\s,;()|&+–—/\w]|\d", gap) or _counts_twice(group, match)):
            yield group
            group = []
        group.append(match)
    if group:
        yield group


def _counts_twice(group: list[re.Match[str]], match: re.Match[str]) -> bool:
    kinds = ("good", "bad", "skip")
    match_kinds = {kind for kind in kinds if match.groupdict().get(kind)}
    return any(earlier.groupdict().get(kind) for earlier in group for kind in match_kinds)


def _build_hit(sentence: Sentence, group: list[re.Match[str]]) -> TestHit:
    start, end = group[0].start(), group[-1].end()
    while start < end and sentence.plain[start] in " |✅✔✓":
        start += 1
    passed = failed = skipped = total = None
    all_pass = is_limited = False
    numbers: list[str] = []
    for match in group:
        groups = {
            name: match.groupdict().get(name) or "" for name in ("all", "n", "of", "adj", "good", "bad", "skip")
        }
        is_label = labels_tests(sentence, match)
        number = None if is_label else parse_count(groups["n"])
        is_limited = is_limited or is_label
        if not is_label:
            numbers += [text for text in (groups["n"], groups["of"]) if text and text[0].isdigit()]
        is_limited = is_limited or bool(set(groups["adj"].lower().split()) - _NEUTRAL_ADJECTIVES)
        if groups["good"] or ("good" in match.groupdict() and not groups["bad"] and not groups["skip"]):
            passed = number
            total = parse_count(groups["of"]) if groups["of"] else total
            all_pass = all_pass or number is None or bool(groups["all"]) or (total is not None and total == number)
        elif groups["bad"]:
            failed = number
            total = parse_count(groups["of"]) if groups["of"] else total
        else:
            skipped = number
    if passed is None and all_pass and failed is None and (tail := _COUNT_AFTER.match(sentence.plain, end)):
        passed, total = parse_count(tail["n"]), parse_count(tail["of"] or "")
        numbers += [text for text in (tail["n"], tail["of"]) if text]
        end = tail.end()
    if failed:
        all_pass = False
    is_limited = (
        is_limited or _is_limited(sentence, start, end) or bool(_NOT_SINGLE_TESTS.search(sentence.plain[start:end]))
    )
    return TestHit(
        start,
        end,
        TestsClaim(
            passed, failed, skipped, total, all_pass, bool(_WHOLE_WORDS.search(sentence.plain[start:end])), is_limited
        ),
        tuple(numbers),
    )


def _is_limited(sentence: Sentence, start: int, end: int) -> bool:
    plain = sentence.plain
    if EXCEPTION_WORDS.search(plain) or EXCEPTION_WORDS.search(sentence.previous[-200:]):
        return True
    before = plain[max(0, start - 40) : start]
    return (
        bool(_LIMITING_PHRASE.match(plain, end))
        or (CODE_MARK in plain[start : end + 4])
        or bool(
            re.search(
                r"\b(?:these|those|my|new|its|most|some|many|several|few|only|half|both|other)(?: of)?(?: the)?\s*$",
                before,
                re.IGNORECASE,
            )
        )
        or bool(
            re.search(
                r"(?<!every )(?<!each )(?<!\bno )(?<!single )\btest\b(?! (?:suite|run|results?|files?))",
                plain[start:end],
                re.IGNORECASE,
            )
            and not re.match(r"\d", plain[start:end])
        )
    )
