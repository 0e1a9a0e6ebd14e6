"""Checks whether a sentence plainly reports a claim, and is not a quotation, a rule or a wish."""

import re

from gedanken.compare.audit.language.message_parts import CODE_MARK
from gedanken.compare.audit.language.mood import last_clause

_ATTRIBUTION = re.compile(
    r"(?P<subject>[^\s,;:(]+) (?:\w+ly |now |also |still |all |both |then |just |has |have |had |que |dass ){0,2}"
    r"(?:says?|said|shows?|showed|reports?|reported|states?|stated|claims?|claimed|swears?|swore|insists?|argues?|"
    r"assures?|assured|writes?|wrote|mentions?|mentioned|believes?|thinks?|puts it|reads?|promise[sd]?|tells?|told|"
    r"indicates?|indicated|suggests?|announces?|announced|confirms?|confirmed|explains?|hopes?|guarantees?|notes?|noted|"
    r"meint|meinen|sagt|sagen|behauptet|schreibt|zeigt|versichert|steht|affirme\w*|dit|disent|montre|assure|prétend|"
    r"dice[n]?|afirma[n]?|muestra|asegura[n]?|diz|dizem|mostra|garante)(?!\w)",
    re.IGNORECASE,
)
"""Matches a subject with a verb of saying, showing or believing."""
_RUN_SUBJECTS = frozenset(
    re.findall(
        r"\S+",
        "i we it this that which run runs rerun re-run suite tests test testing pytest jest vitest mocha unittest "
        "output outputs result results command commands terminal console log logs summary script runner check "
        "checks build linter ruff mypy eslint tsc npm cargo make go everything ausgabe lauf ergebnis testlauf "
        "sortie résultat salida resultado saída ich wir je nous eu verification line report execution training "
        "evaluation session and also can have has had been",
    )
)
"""Subjects that report on a run of this session."""
_LABEL = re.compile(r"^\W{0,6}(?P<label>[^:：—–|]{1,48}?)\s?(?:[:：—–]|\s-\s|\s?\|)")
_RESULT_WORDS = re.compile(
    r"\b(?:results?|summary|verif\w+|status|tests?|testing|suite|run|runs|running|re-?ran|re-?run\w*|ran|done|outcome|"
    r"final\w*|update|confirm\w*|now|fix\w*|good|great|finished|output|outputs|checks?|checked|build|builds|built|lint\w*|"
    r"typ\w+|report|passed|works?|complet\w+|success|perfect|excellent|nice|yes|ok|okay|accuracy|loss|metrics?|"
    r"coverage|evaluation|training|trained|model|network|epochs?|score|version|size|pytest|jest|vitest|npm|cargo|make|"
    r"measured|benchmark\w*|timed|mean|latency|throughput|memory|heap|rss|loader|importer|imported|"
    r"ruff|mypy|in short|short version|overall|progress|change\w*|implement\w*|executed|"
    r"(?:I|we) (?:now )?(?:see|saw)|got|"
    r"after (?:the|my|this|these|that|both|all|its|\w+ing)|last run|latest|everything|installed|compil\w+|"
    r"code|program|script|app|crate|library|binary|(?:docker|container|oci) image|wheel|"
    r"(?:it|we|that|which|and|classifier) (?:reach\w*|achiev\w+|makes)|"
    r"ergebnis\w*|stand|fertig|zusammenfassung|geprüft|erledigt|fazit|l[aäi]+uf\w*|ausgeführt|durch|"
    r"résultat\w*|bilan|terminé|état|vérifi\w+|exécut\w+|lancé|ai|"
    r"resultad\w*|resumen|resumo|listo|pronto|hecho|verific\w+|ejecut\w+|execut\w+|rodei|corrí)\b|"
    r"[✅✔✓☑]|结果|总结|完成|测试|验证|状态|通过|运行",
    re.IGNORECASE,
)
"""Matches words about results, in a label such as `Test summary:` or in the words before a claim."""
_SENTENCE_START = re.compile(
    r"\W*(?:that|it|this|i|we|everything|all|there|alles|das|es|tout|c'est|todo|tudo)\b", re.IGNORECASE
)
"""Matches the beginning of a label that is a sentence, as in `Everything works: …`."""
_PLAN_WORDS = re.compile(
    r"\b(?:definition|criteri\w+|success looks|looks like|examples?|sample|scenario|reminder|rule|idea|goal|target|"
    r"expected|expectation|proposal|milestone|option|user story|contract|policy|bar|gate|story|template|format|"
    r"hypothe\w+|case \d+|way to \w+|what you|look for|you should)\b|期望|预期|目标|要求|条件",
    re.IGNORECASE,
)
_INTRODUCTION = re.compile(
    r"^\W{0,6}(?:in|on|at|with|given|by|for|under|per|without|during|within|sous|sur|chez|im|in der|"
    r"bei|auf|mit|en|no|na|em) (?P<where>[^,.;:]{1,60}?)(?:,| \Z| "
    r"(?=(?:all|the|both|every|\d|tests?|les|las|los|todas|todos|tous|os|alle|die)\b))",
    re.IGNORECASE,
)
_PHRASE_AFTER = re.compile(
    r"\s{1,3}(?:in|on|at|for|under|chez|bei|auf|en|no|na|em) (?P<where>(?!\d)[^,.;:]{1,60})|"
    r",? or so (?P<else>)",
    re.IGNORECASE,
)
_EXPLAINS_TERM = re.compile(r"(?:\bmeans?|\bstands for|\d\s?=)\s{0,3}(?:that |the )?\Z", re.IGNORECASE)
"""Matches words which show that the claim explains the meaning of a term."""
_THIS_SESSION = re.compile(
    r"\b(?:total|all|the end|end|this|these|that|our|my|summary|short|conclusion|fix|fixes|change\w*|"
    r"patch|edit\w*|sandbox|"
    r"run|rerun|re-run|now|last|latest|final|first|second|place|sum|addition|fact|record|both|result\w*|hand|"
    r"current|present|whole|entire|tip|(?:every|each) (?:package|module|crate|workspace|file|suite|folder)|"
    r"insgesamt|ende|summe|lauf|änderung\w*|résumé|tout|total|resumen|resumo|cambio\w*|corrección|correction|\d+)\b|"
    rf"{CODE_MARK}",
    re.IGNORECASE,
)
"""Matches words in an introductory phrase that refer to this session."""
_NOT_THIS_SESSION = re.compile(
    r"\b(?:tomorrow|soon|next (?:week|month|time|sprint)|by (?:mon|tues|wednes|thurs|fri|satur|sun)day|someday|"
    r"normally|ordinarily|as a rule|rule of thumb|for (?:instance|example)|say,|in principle|"
    r"once (?:merged|rebased|fixed|it|you|this|that)|the moment|as soon as|the day|"
    r"normalerweise|in der regel|theoretisch|üblicherweise|morgen|demnächst|im prinzip|"
    r"normalement|d'habitude|en (?:théorie|principe|général)|demain|une fois|bientôt|"
    r"normalmente|en (?:teoría|general)|mañana|una vez|pronto,|em (?:teoria|geral|princípio)|amanhã|geralmente|"
    r"uma vez|(?:last|two|three|some|many) (?:\w+ )?(?:week|month|year|time|night|\w+day|spring|fall|"
    r"summer|winter|release|days|weeks|months|years)s?|(?:letzte\w*|vorige\w*) (?:woche|monat|jahr)|gestern|"
    r"(?:semaine|année) dernière|mois dernier|hier,|(?:semana|año|mes|mês|ano) pas\w+|ayer|ontem|"
    r"por lo general|habitualmente|segundo [oa]s?|conforme)\b|"
    r"但愿|愿|理论上|通常|一般|正常情况|按照|根据|前提|明天|将来|原则上|假如|同事|据|上周|昨天|"
    r"去年|上次|上个月|(?:他|她|用户|文档|作者|对方|团队)[^，。]{0,6}(?:说|称|认为|表示)",
    re.IGNORECASE,
)
_OR_BETTER = re.compile(
    r"\s{0,3}(?:or|and) (?:better|more|less|above|below|higher|lower|up|over|fewer)\b", re.IGNORECASE
)
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\S+",
        "the all our my these those this that both now also still and so then of a an with only just currently again "
        "but here as is are was were has have had been it its we every full whole entire total of exactly "
        "der die das alle es sind ist auch nun jetzt und wieder le la les tous toutes et sont est maintenant aussi l "
        "las los el todas todos des du de ensemble ensuite enfin finale finaux au zum schluss zuletzt habe ich am "
        "ende there says us final overall end at on in altogether y son están ahora también o os as e são agora",
    )
)
_WORD = re.compile(r"[A-Za-zÀ-ÿ]{2,}")
_ENDS_WITH_AND = re.compile(r"(?:\b(?:and|und|et|y|e|so)|,)\s{1,3}\Z", re.IGNORECASE)
_TIME_PHRASE = re.compile(
    r"\W{0,6}(?:before (?:answering|replying|reporting)|afterwards|after (?:that|this)|danach|anschließend|zuvor|"
    r"puis|ensuite|après cela|luego|después|depois),?\s",
    re.IGNORECASE,
)
"""Matches words before a report that only say when something happened, such as `afterwards` in `afterwards I ran
make`.
"""
_I_RAN = re.compile(
    r"(?:I|we)(?:'ve| have)? (?:ran|run|executed)\b|haben? (?:ich|wir) |j'ai |(?:he|hemos) ejecutado", re.IGNORECASE
)
_CONDITION = re.compile(
    r"^\W{0,6}(?:after you|before|since|once|when|\w+ing)\b(?P<where>[^.;:]{0,80}?),", re.IGNORECASE
)
"""Matches an introductory clause that states a condition."""
_IS_SUBJECT = re.compile(
    r"\s{1,3}(?:first|before|over(?! (?:the |all )?(?:\d|two|three|four|five|ten|epochs?|course))|beats?|"
    r"or|and (?:above|up|more))\b|"
    r"\s{1,3}(?:is|are|was|were|would be|means?|meant|seems?|counts? as|remains?|becomes?) "
    r"(?:an?|the|not|our|my|your|what|one|only|enough|just|part|always|never|required|mandatory|optional|nothing|no)\b",
    re.IGNORECASE,
)
"""Matches words after a claim which show that the claim is only the subject of another statement."""
_INDEFINITE = re.compile(r"^\W{0,6}(?:an?|any|no|every|each|ein\w*|une?|una?|um|uma)\s", re.IGNORECASE)


def is_plain_report(before: str, claim: str, after: str, *, is_value: bool) -> bool:
    """Return whether a claim is the agent's own report. `before` and `after` are the rest of its sentence.

    `is_value` is True if the claim states a named value.
    """
    sentence = before + claim + after
    if (
        _NOT_THIS_SESSION.search(sentence)
        or (_IS_SUBJECT.match(after) and not is_value)
        or (is_value and _OR_BETTER.match(after))
        or (is_value and _INDEFINITE.match(before))
    ):
        return False
    if _INDEFINITE.match(before) and not _RESULT_WORDS.search(" ".join(before.split()[:4])):
        return False
    for attribution in _ATTRIBUTION.finditer(before):
        subject = attribution["subject"].strip("*_`'\"“”()").lower()
        if subject and CODE_MARK not in subject and not subject.startswith("-") and subject not in _RUN_SUBJECTS:
            return False
    label = _LABEL.match(before)
    is_known_label = label is not None and (_SENTENCE_START.match(label["label"]) or CODE_MARK in label["label"])
    if (
        label
        and not is_known_label
        and (_PLAN_WORDS.search(label["label"]) or not _RESULT_WORDS.search(label["label"]))
    ):
        return False
    if (condition := _CONDITION.match(before)) and not _RESULT_WORDS.search(condition[0]):
        return False
    is_timed_report = _TIME_PHRASE.fullmatch(before) and _I_RAN.match(claim)
    if not _ENDS_WITH_AND.search(before) and not is_timed_report and not _is_report_clause(last_clause(before)):
        return False
    if is_value:
        return True
    phrase_after = _PHRASE_AFTER.match(after)
    return all(
        phrase is None or _THIS_SESSION.search(" ".join((phrase["where"] or "").split()[:3]))
        for phrase in (_INTRODUCTION.match(before), phrase_after)
    )


def _is_report_clause(clause: str) -> bool:
    """Return whether the clause before a claim speaks of results or code, or consists only of function words."""
    if _EXPLAINS_TERM.search(clause):
        return False
    words = {word.lower() for word in _WORD.findall(clause)}
    return not words - _FUNCTION_WORDS or CODE_MARK in clause or _RESULT_WORDS.search(clause) is not None
