"""Finds statements about tests that `find_test_claims` does not find.

These statements name a command in backticks, state a fraction, or are in other languages.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import TestsClaim
from gedanken.compare.audit.claims.test_results import EXCEPTION_WORDS, HANDS_OVER
from gedanken.compare.audit.commands.command_lines import parse_steps
from gedanken.compare.audit.language.languages import languages_in
from gedanken.compare.audit.language.message_parts import CODE_MARK, Sentence, allow_more_spaces
from gedanken.compare.audit.language.mood import asserts
from gedanken.compare.audit.language.mood_words import Language
from gedanken.compare.audit.language.numerals import COUNT_OR_WORD, COUNT_PATTERN, parse_count

_FILLERS = (
    r"(?:(?:now|then|also|still|all|again|finally|too|is|are|was|comes?|came|back|ends?|ended|exits?|exited|goes|went|"
    r"finishe[sd]|completes?|completed|ran|runs|läuft|ist|wieder|passe|est|está|现在|は|が) ){0,3}"
)
_SUCCESS_WORD = (
    r"(?P<good>pass(?:es|ed|ing)?|ok|green|clean(?:ly)?|succeed(?:s|ed)?(?! (?:to|in) )|successful(?:ly)?|through|without (?:any )?(?:failures?|errors?)|"
    r"grün|durch|fehlerfrei|réussit|passe|au vert|verde|pasa|pasó|passou|通过|成功(?:しました)?|通りました)"
)
_TEST_NOUN = r"(?:tests?|test ?cases?|specs?|examples)"
_SUITE_NOUN = r"(?:(?:full |whole |entire |unit )?(?:test )?suite|test ?run|tests? run|test ?suite|Testsuite|Testlauf|suite de tests|suite de pruebas|batería de pruebas)"
_RUNNER = (
    r"(?P<bare>(?<![\w/.-])(?:python3? -m )?(?:pytest|unittest|jest|vitest|mocha|phpunit|rspec|ctest|node --test|cargo nextest(?: run)?|"
    r"(?:go|cargo|dotnet|mix|swift|mvn|gradle|\./gradlew|npm|yarn|pnpm|make|bun|deno|flutter|dart|zig|sbt|rails) (?:run )?test)"
    r"(?: (?:-{1,2}[\w=./-]+|\./[\w./-]+))*)"
)
_RUNNER_SUCCESS = (
    r"(?P<good>ok|pass(?:es|ed|ing)?|green|clean|succe(?:eds|eded|ss|ssful)|BUILD SUCCESS(?:FUL)?)(?!\w)"
)
_TEST_COUNT = rf"(?:,? (?:with )?\(?(?:all )?(?P<n>{COUNT_PATTERN}) {_TEST_NOUN}\)?)?"
_PATTERNS: list[tuple[Language, str]] = [
    ("en", rf"{_RUNNER} {_FILLERS}{_RUNNER_SUCCESS}(?: everywhere)?{_TEST_COUNT}"),
    ("en", rf"(?:{_RUNNER}|(?P<code>[{CODE_MARK}]{{3,120}}))\s?(?:[:=→—–]|->) ?(?:[✅✔✓] ?)?{_RUNNER_SUCCESS}{_TEST_COUNT}"),
    ("en", rf"\bthe (?P<bare>(?:gradle|maven|npm|cargo) test)(?: task| run| target)? {_FILLERS}{_RUNNER_SUCCESS}{_TEST_COUNT}"),
    ("en", rf"(?P<code>[{CODE_MARK}]{{3,120}}) {_FILLERS}{_SUCCESS_WORD}(?!\w)(?: with (?:all )?(?P<n>{COUNT_PATTERN})(?: {_TEST_NOUN})?(?: pass\w*)?)?(?: \((?P<m>{COUNT_PATTERN}) {_TEST_NOUN}\)|(?:: |, )(?:all )?(?P<counted>{COUNT_PATTERN}) {_TEST_NOUN}\b(?!,? (?:were|was|are|is|had|have|skipped|failed|ignored|pending|excluded|added|new|fewer|more|less)))?"),
    ("en", rf"(?P<code>[{CODE_MARK}]{{3,120}}) (?:now )?(?P<bad>(?:fails?|failed)(?= |$|[.,;!])|(?:ends?|ended|exits?|comes back|shows?|reports?|has) (?:with )?(?P<n>{COUNT_PATTERN}) (?:failures?|failing|failed|errors?))"),
    ("en", rf"\b(?P<whole>{_SUITE_NOUN})(?: \((?:of )?(?P<m>{COUNT_PATTERN})(?: {_TEST_NOUN})?\))? {_FILLERS}{_SUCCESS_WORD}(?!\w)(?: \((?P<n>{COUNT_PATTERN}) {_TEST_NOUN}\))?"),
    ("en", rf"\b(?P<whole>{_SUITE_NOUN})\s?(?:[:=→—–]|->) ?(?:[✅✔✓] ?)?(?P<good>success(?:ful)?|passed|passes|ok|green|clean)\b"),
    ("en", rf"\b(?P<whole>suite|run)(?:'s|:| is)? (?:\w+: )?(?P<n>{COUNT_PATTERN}) (?:of|out of|von|sur|de) (?P<of>{COUNT_PATTERN})(?= pass\w*|\W*$)(?P<good>(?: pass\w*)?)"),
    ("en", rf"\b(?:ran|executed|run of) (?:all )?(?P<n>{COUNT_PATTERN}) {_TEST_NOUN},? (?:and )?(?P<whole>all(?: of them)?|every one|everything) (?P<good>good|ok|fine|green|pass\w*|well)\b"),
    ("en", rf"(?<![\w.,/-])(?P<n>{COUNT_PATTERN}) {_TEST_NOUN}(?: (?:in total|ran|run|executed|were run|were executed))?,? (?:and |with )?(?:there (?:is|are|were) )?(?P<good>no failures?(?: among them)?|none failed|0 failures|nothing failed|zero failures|without (?:a )?failures?)\b"),
    ("en", rf"[{CODE_MARK}]{{3,150}} (?:is|was|remains|has been|had been) (?:now |still )?(?:the )?(?P<one>only|sole|lone|single|one) (?P<bad>(?:failing|failed|red|broken)(?: tests?| one)?|failure)(?:,? (?:out of|of|among|in) (?:the |all )?(?P<of>{COUNT_PATTERN})(?: {_TEST_NOUN})?)?(?!\w)"),
    ("en", rf"\bthe (?P<one>only|sole|lone|single|one) (?P<bad>(?:failing|failed|red|broken) test|(?:test )?failure)(?:,? (?:out of|of|among|in) (?:the |all )?(?P<of>{COUNT_PATTERN})(?: {_TEST_NOUN})?)? (?:is|was|remains) (?=[{CODE_MARK}])"),
    ("en", rf"\b(?P<one>a single|exactly one|just one|only one) (?:of (?:the |all )?(?P<of>{COUNT_PATTERN}) )?{_TEST_NOUN} (?:now |still |currently )?(?P<bad>fail(?:s|ed)?|is (?:red|failing|broken)|breaks|broke)\b"),
    ("en", rf"\b(?P<zero>not (?:one|a single one)) (?:out )?of (?:the |our |its |all )?(?P<of>{COUNT_PATTERN}) {_TEST_NOUN} (?:fail(?:s|ed)?|breaks|broke|is (?:red|failing))\b"),
    ("en", rf"(?:^\W*|[,;.(|]\s?)(?:skipped|ignored|pending)(?: {_TEST_NOUN})?\s?[:=] ?(?P<skip>{COUNT_PATTERN})(?![\w%]|[.,/]\d)"),
    ("en", rf"(?:^\W*|[,;.(|]\s?)(?P<good>ok|passed|passing|pass)\s?[:=] ?(?P<n>{COUNT_PATTERN}),? (?:and )?(?:failed|failures?|failing|fail)\s?[:=] ?(?P<failed>{COUNT_PATTERN})(?![\w%]|[.,/]\d)"),
    ("en", rf"\b(?P<unskipped>(?:none|nothing|no {_TEST_NOUN})(?: (?:is|are|was|were))? (?:skipped|ignored))\b"),
    ("en", rf"\bran? skipped (?P<skip>{COUNT_PATTERN}) {_TEST_NOUN}|\b(?:run|suite|runner|it) (?:also )?skip(?:s|ped) (?P<skip2>{COUNT_PATTERN}) {_TEST_NOUN}\b"),
    ("en", rf"(?<![\w.,/-])(?P<n>{COUNT_PATTERN}) ?(?P<good>[✓✔✅])(?:, (?P<skip>{COUNT_PATTERN}) (?:skipped|pending|ignored))?(?:, (?P<none>none|no|0|zero) (?:failed|failures?|failing|red))?"),
    ("en", rf"(?:\btests?|\bsuite|\bspecs|テスト|测试|Tests)\s?(?:[:：=→—–]|->)\s?(?P<n>{COUNT_PATTERN}) ?/ ?(?P<of>{COUNT_PATTERN})(?P<good>)(?![\d/])"),
    ("en", r"\b(?P<bad>(?:some|several|a few|many|most) (?:of the )?tests? (?:(?:currently|now|still) )?(?:fail|are failing|are red|failed|break|broke))\b"),
    ("en", rf"\b(?P<bad>tests? (?:(?:currently|now|still) )?(?:fail|are failing|are red|break)) \((?P<n>{COUNT_OR_WORD})(?: of them| failures?| failed)?\)"),
    ("en", rf"(?<![\w.,/-])(?P<n>{COUNT_OR_WORD}) of (?:the )?(?P<of>{COUNT_PATTERN}) {_TEST_NOUN} (?:now |currently )?(?P<bad>break|broke|fail|failed|are (?:broken|failing|red))\b"),
    ("en", rf"\b(?:went|go|gone|down) from (?P<was>{COUNT_OR_WORD}) (?:test )?(?:failures?|failing(?: tests?)?|failed(?: tests?)?) (?:down )?to (?P<good>none|zero|0|no failures?)\b"),
    ("en", rf"\b(?P<whole>all )?(?:the )?(?P<was>{COUNT_OR_WORD}) (?:previously |formerly )?(?:failing|failed|broken|red) {_TEST_NOUN} (?:(?:are|is|now|all|have been|were) ){{0,3}}(?P<good>pass(?:es|ing)?|fixed|green|repaired)\b"),
    ("de", rf"\b(?P<whole>{_SUITE_NOUN}|Tests) (?:läuft|laufen|lief|liefen|ist|sind)(?: jetzt| nun| alle| komplett| wieder)* (?P<good>fehlerfrei durch|fehlerfrei|durch|grün|ohne Fehler(?: durch)?)(?:\s?[:(] ?(?P<n>{COUNT_PATTERN}) (?:von|/) (?P<of>{COUNT_PATTERN}))?"),
    ("de", rf"\bTests (?:ausgeführt|laufen lassen|gestartet|durchlaufen lassen)[,:;]? (?:und )?(?:(?:sie |es |alle )(?:sind |waren |laufen )?(?:alle )?)?(?P<whole>(?:alle )?)(?P<n>{COUNT_PATTERN})? ?(?:sind |waren |laufen )?(?P<good>grün|bestanden|erfolgreich|durch|fehlerfrei)\b"),
    ("de", rf"\b(?:Stand|Code|Version|Branch|Projekt) (?:\w+ )?(?P<good>besteht|bestand) (?P<whole>alle|sämtliche) (?P<n>{COUNT_PATTERN})? ?Tests\b"),
    ("de", rf"\b(?P<whole>alle )(?P<n>{COUNT_PATTERN}) ?(?:Tests )?(?:(?:sind|laufen|wieder|jetzt) )*(?P<good>grün|bestanden|durch)\b"),
    ("de", rf"(?<![\w.,/-])(?P<n>{COUNT_PATTERN}) Tests (?:sind|waren) (?P<bad>rot|kaputt)\b"),
    ("fr", r"\bexécuté (?:tous )?les tests(?: unitaires)?[,:;]? (?:et )?(?P<whole>ils |tout |tous )?(?P<good>passent|passe|réussissent|sont (?:tous )?(?:verts|au vert)|tous verts)(?: tous)?(?!\w)"),
    ("fr", rf"\bles (?P<n>{COUNT_PATTERN}) (?:tests )?(?P<good>passent|réussissent|sont verts)(?: maintenant| désormais| tous)?(?!\w)"),
    ("fr", r"\b(?P<whole>les tests )(?P<good>passent|réussissent)(?: tous| toutes)(?!\w)"),
    ("fr", rf"(?<![\w.,/-])(?P<n>{COUNT_PATTERN}) tests? (?P<bad>échouaient|échouent|ont échoué|en échec)(?!\w)"),
    ("es", r"\bejecutado (?:todos )?(?:los|las) (?:tests|pruebas)[,:;]? (?:y )?(?P<whole>todos |todas )?(?P<good>pasan|pasaron|han pasado|en verde)\b"),
    ("es", rf"\b(?P<whole>todos? |todas? )?(?:los |las )(?P<n>{COUNT_PATTERN})? ?(?:tests|pruebas) (?:han |ya )?(?P<good>pasan|pasaron|pasado)\b"),
    ("es", rf"\b(?P<bad>fallan|fallaron|han fallado|falham|falharam) (?P<n>{COUNT_OR_WORD}) (?:de (?:los|las) )?(?:pruebas|tests|testes)\b"),
    ("es", rf"\b(?P<whole>todos os |todas as )?(?:os |as )?(?P<n>{COUNT_PATTERN})? ?testes (?:agora )?(?P<good>passam|passaram|passando|aprovados)\b"),
    ("zh", rf"(?P<whole>所有|全部)?的?\s?(?P<n>{COUNT_PATTERN})?\s?(?:个|项|条)?\s?(?:单元)?(?:测试用例|用例|测试)\s?(?:现在|仍然|仍|依然|均|都|全部|已经|已|也|全){{0,3}}\s?(?P<good>通过|成功)(?!率)"),
    ("zh", r"(?:运行|执行|跑)了?(?:所有|全部)?(?:单元)?测试\s?[，,:：。]?\s?(?:结果)?(?P<whole>全部|均|都|所有|全)(?:都|已)?\s?(?P<good>通过|成功)"),
    ("zh", rf"(?<!\d)(?P<n>{COUNT_PATTERN})\s?(?:个|项|条)?\s?(?P<whole>全部|均|都)\s?(?P<good>通过)"),
    ("zh", rf"(?:测试(?:结果)?)[：:]\s?(?P<n>{COUNT_PATTERN})\s?(?:个|项|条)?(?:测试)?(?:用例)?\s?(?P<good>通过)"),
    ("zh", rf"(?<![\d中])(?P<n>{COUNT_PATTERN})\s?(?:個|件|本|つ)?の?\s?(?:ユニット)?テスト(?:ケース)?(?:は|が|も)?\s?(?P<whole>すべて|全て|全部|全件)?\s?(?P<good>成功(?:しました)?|通りました|通過しました|合格(?:しました)?|パス(?:しました)?)"),
    ("zh", rf"(?<![\d中])(?P<n>{COUNT_PATTERN})\s?(?:個|件|本|つ)?の?\s?(?:ユニット)?テスト(?:ケース)?(?:は|が|も)?\s?(?P<bad>失敗(?:しました|しています)?)"),
    ("zh", rf"(?<![\d中])(?P<n>{COUNT_PATTERN})\s?(?:件|個|本)(?:は|が|とも)?\s?(?P<whole>すべて|全て|全部)\s?(?P<good>パス(?:しました)?|成功(?:しました)?|通りました|合格)"),
    ("zh", r"(?<![件個本つ]の)(?<!件)テスト(?:を実行し(?:、|ました。?|て、?)|スイート)?(?:は|が|も|結果は)?\s?(?P<whole>すべて|全て|全部|全件)?\s?(?P<good>成功(?:しました)?|通りました|通過しました|合格しました|パスしました)"),
]  # fmt: skip
_COMPILED = [(language, re.compile(allow_more_spaces(pattern), re.IGNORECASE)) for language, pattern in _PATTERNS]
_TEST_FILE = re.compile(
    r"(?:[\w.-]+/)*(?:test_[\w-]+\.py|[\w-]+_(?:test|spec)\.\w{2,3}|[\w.-]+\.(?:test|spec)\.[cm]?[jt]sx?|[\w-]+Tests?\.\w{2,5})(?:::\w+)*\Z"
)
_MENTIONS_TESTS = re.compile(
    r"\d ?[✓✔✅].*none failed|failures? to (?:none|zero|0)|test|suite|spec|テスト|测试|prueb|用例", re.IGNORECASE
)
_HINT = re.compile(
    rf"test|suite|spec|skipped|ignored|\bok: ?\d|pass(?:ed)?: ?\d|prueb|テスト|测试|用例|failures?|[✓✔✅]|{CODE_MARK}|alle |les \d|\brun\b|通过|[件個本]",
    re.IGNORECASE,
)
_NONE_FAILED = re.compile(r"no failures?|none failed|0 failures|nothing failed|zero failures|without", re.IGNORECASE)
_TABLE_ROW = re.compile(allow_more_spaces(r"^\|?\W*(?P<subject>(?:unit |all )?tests?|test suite|suite)\W*\| ?(?:[✅✔✓] ?)?(?P<good>(?:all )?(?:pass(?:ing|ed|es)?|green|ok|succeeded))\b"), re.IGNORECASE)  # fmt: skip
_FOR_SOME = re.compile(r"\s{1,3}for (?!\d|all|both|every|each|the (?:whole|full|entire))", re.IGNORECASE)
_ALL_WORDS = re.compile(r"\ball\b|every|alle|tous|todos|todas|全|均|都|所有|すべて", re.IGNORECASE)


class OtherTestHit(NamedTuple):
    """A statement about tests, with its position in the sentence."""

    start: int
    end: int
    says: TestsClaim
    numbers: tuple[str, ...]
    command: str | None = None


def find_other_test_claims(sentence: Sentence, taken: list[tuple[int, int]]) -> Iterator[OtherTestHit]:
    """Yield the statements about tests that `find_test_claims` does not find.

    Spans in `taken` are skipped, because other rules have found statements there. The spans of the yielded statements
    are added to `taken`.
    """
    plain = sentence.plain
    if not _HINT.search(plain):
        return
    patterns = [("en", _TABLE_ROW), *_COMPILED] if sentence.kind == "row" else _COMPILED
    languages = languages_in(plain)
    for language, pattern in patterns:
        if language not in languages:
            continue
        for match in pattern.finditer(plain):
            start, end = match.span()
            if any(taken_start < end and start < taken_end for taken_start, taken_end in taken):
                continue
            command = _named_command(sentence, match)
            if command and HANDS_OVER.match(plain, end) and match[0].endswith("passes"):
                continue
            has_failed_count = bool(match.groupdict().get("failed"))
            if command == "" or (command is None and not has_failed_count and not _is_about_tests(sentence, match)):
                continue
            if asserts(sentence, start, end, language):
                taken.append((start, end))
                hit = _build_hit(match, command)
                is_for_some = command is not None and _FOR_SOME.match(plain, end)
                is_limited = hit.says.is_limited or bool(
                    is_for_some or EXCEPTION_WORDS.search(plain) or EXCEPTION_WORDS.search(sentence.previous[-200:])
                )
                yield hit._replace(says=replace(hit.says, is_limited=is_limited))


def _named_command(sentence: Sentence, match: re.Match[str]) -> str | None:
    """Return the test command or test file that a statement names.

    The result is None if the statement names no command, and an empty string if it names one that runs no tests.
    """
    if runner := match.groupdict().get("bare"):
        return runner.lower().replace("maven", "mvn")
    if not match.groupdict().get("code"):
        return None
    code = sentence.raw[match.start("code") : match.end("code")].strip("`").strip().removeprefix("$ ")
    if _TEST_FILE.match(code):
        return code
    steps = [step for step in parse_steps(code) if step.family != "quiet"]
    return code if steps and all(step.family == "tests" for step in steps) else ""


def _is_about_tests(sentence: Sentence, match: re.Match[str]) -> bool:
    return bool(
        _MENTIONS_TESTS.search(match[0])
        or _MENTIONS_TESTS.search(f"{sentence.plain} {sentence.previous} {sentence.introduction} {sentence.heading}")
    )


def _build_hit(match: re.Match[str], command: str | None) -> OtherTestHit:
    groups = {name: value or "" for name, value in match.groupdict().items()}
    passed_text = groups.get("n") or groups.get("m") or ""
    skipped_text = groups.get("skip") or groups.get("skip2") or ""
    numbers = tuple(
        text
        for text in (passed_text, groups.get("of", ""), groups.get("counted", ""), skipped_text)
        if text[:1].isdigit()
    )
    total = parse_count(groups.get("of") or groups.get("counted", ""))
    skipped = parse_count(skipped_text)
    if groups.get("bad"):
        return OtherTestHit(
            *match.span(),
            TestsClaim(
                failed=1 if groups.get("one") else parse_count(passed_text),
                total=total,
                is_limited=not passed_text,
                names_command=command is not None,
            ),
            numbers,
            command,
        )
    if groups.get("zero"):
        return OtherTestHit(*match.span(), TestsClaim(failed=0, total=total), numbers, command)
    if groups.get("unskipped"):
        return OtherTestHit(*match.span(), TestsClaim(skipped=0), numbers, command)
    if "good" not in groups:
        return OtherTestHit(*match.span(), TestsClaim(skipped=skipped), numbers, command)
    if groups.get("failed"):
        failed = parse_count(groups["failed"])
        says = TestsClaim(parse_count(passed_text), failed, all_pass=not failed, is_limited=True)
        return OtherTestHit(*match.span(), says, (passed_text, groups["failed"]), command)
    if passed_text and _NONE_FAILED.match(groups["good"]):
        return OtherTestHit(*match.span(), TestsClaim(failed=0, total=parse_count(passed_text)), numbers, command)
    passed = parse_count(passed_text)
    all_pass = (
        passed is None
        or total == passed
        or bool(_ALL_WORDS.search(match[0]))
        or not skipped
        or bool(groups.get("none"))
    )
    is_limited = (
        bool(groups.get("was")) and not groups.get("whole") and groups.get("good") not in ("none", "zero", "0")
    )
    says = TestsClaim(
        passed,
        0 if groups.get("none") else None,
        skipped,
        total,
        all_pass=all_pass,
        is_whole_suite=bool(groups.get("whole")) and command is None,
        is_limited=is_limited,
        names_command=command is not None,
    )
    return OtherTestHit(*match.span(), says, numbers, command)
