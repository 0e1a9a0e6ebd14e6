"""Words which show that a sentence does not assert something, by language."""

import re
from typing import Literal

Language = Literal["en", "de", "fr", "es", "zh"]

_BEFORE = {
    "en": (
        r"only after|promis\w+|release notes?|guarantee\w*|advertis\w*|boasts?|predict\w*|hypothes\w+|"
        r"nobody|no one|none of us|ideally|in theory|theoretically|confident|i'm sure|am sure|guess|"
        r"reported that|told|wants?|"
        r"needs?|has to|have to|had better|"
        r"(?:designed|meant|intended|aiming|going|about) to|badge|commit message|unclear|unknown|"
        r"doubt|wonder|fear|wish|idea|"
        r"previous (?:agent|session|developer)|in order to|the point is|imagine|dream|demands?|"
        r"insists?|specification|spec says|"
        r"will|won't|shall|gonna|should|shouldn't|would|wouldn't|could|couldn't|can|can't|cannot|may|might|must|"
        r"(?:am|is|are|was|were|be|been) (?:now |still )?(?:going|about|ready|supposed|expected) to|"
        r"(?:need|has|have|had|want|wanted|remain|try|trying|tried|attempt|attempted|aim|like|hope|"
        r"plan|planned|want)s? to|"
        r"let me|let's|let us|lets|letting|in order|so that|such that|"
        r"to (?:be |fully |also |re-?|double-?)?(?:sure|ensure|verify|confirm|check|see|make|validate|test|get|run|"
        r"reproduce|fix|pass|have|keep|know|prove|show|demonstrate)|"
        r"(?<!that )mak(?:e(?! (?:finished|took|takes|ran|succeeded|passed|completed|exited|reported)\b)|es|ing)|"
        r"made sure|ensur(?:e|es|ed|ing)|until|whether|unless|provided|assum(?:e|es|ed|"
        r"ing)|suppos(?:e|ing|edly)|"
        r"expect(?:s|ed|ing)?|expectation|hopefully|hoping|planning|please|likely|probably|presumably|perhaps|maybe|possibly|"
        r"seems?|seemed|seemingly|appears?|appeared|apparently|looks? like|not|never|\w{2,6}n't|"
        r"neither|nor|without|unable|"
        r"fail(?:s|ed|ing)? to|wait(?:s|ing)?|todo|for example|for instance|e\.g\.|imagine|instead of|rather than|"
        r"requires?|required|requirements?|goal|target|criteria|"
        r"criterion(?! (?:reports|says|shows|measure[sd]|gives)\b)|"
        r"objective|believe|think|thought|guess|"
        r"claim(?:s|ed)?|allegedly|pretend(?:ed)?|if|in case|you|users?|colleague|somebody|someone|"
        r"CI|GitHub Actions|upstream|readme|documentation|docs? says?|ticket|issue says|task (?:says|"
        r"states)|changelog|"
        r"next step|still to|yet to|only (?:if|when)|how|why|what|checking (?:if|that|whether)|"
        r"verifying (?:that|if|whether)|"
        r"when|whenever|once|before(?! \w+ing,?\s*\Z)"
        r"(?! (?:the|my|this|that|any|our) (?:\w+ )?(?:fix|change|edit|patch|refactor|refactoring|rewrite|"
        r"upgrade|update|bump|migration|merge|rebase)\b)|solution|get(?:s|ting)? (?:the|all|those|"
        r"these|our|both|it)|keep(?:s|ing)?|"
        r"suggest(?:s|ed|ing)?|impl(?:y|ies|ied)|allow(?:s|ing)?|(?:check|look|watch|wait|ask|aim|"
        r"hope)(?:s|ed|ing)? for|so long as|as long as|baseline of|paper"
    ),
    "de": (
        r"prüfen?|überprüfen?|stellen? (?:Sie )?sicher|führen? Sie|warten? Sie|testen? Sie|"
        r"hätten?|wären?|sollen|müssten?|idealerweise|theoretisch|"
        r"werden?|wird|wirst|würden?|sollten?|soll|könnten?|können|kann|müssen?|muss|damit|wenn|falls|sobald|ob|bevor|"
        r"nicht|niemals|nie|keine?n?|lass|bitte|um zu|sicherstellen|dürften?|möchten?|wahrscheinlich|vermutlich|bis|"
        r"erwarte[nt]?|hoff\w{1,4}|glaub\w{1,3}|denke|wünsch\w{1,3}|angeblich|laut|du|ihr|möglicherweise|eventuell|vielleicht"
    ),
    "fr": (
        r"vérifi(?:ez|e|er)|assur\w+|lancez|exécutez|testez|essayez|attendez|faites|"
        r"faut|faudrait|voulons|veulent|voudrions|idéalement|que les tests soient|"
        r"devraient|devrait|vais|allons|va|vont|doit|doivent|peut|peuvent|pourrait|si|quand|lorsque|afin|pour|ne|pas|"
        r"assurer|j'espère|espèr\w{1,4}|espérons|souhait\w{1,4}|pens\w{1,4}|crois|croyons|"
        r"suppos\w{1,4}|voudrais|veux|vérifier que|veuillez|jusqu'à|avant|peut-être|probablement|vous|"
        r"tu|seront|sera|il faut"
    ),
    "es": (
        r"comprueb\w+|comprobar|verific\w+|revis[ae]\w*|ejecuta|ejecute|haz|espera|confirma|"
        r"hace falta|tienen? que|queremos|idealmente|conviene|"
        r"debería[ns]?|voy a|vamos a|va a|van a|debe[n]?|puede[n]?|podría[n]?|si|cuando|para|no|sin|asegur\w{1,6}|"
        r"hasta|esper\w{1,5}|creo|creemos|pienso|supon\w{1,5}|quier\w{1,3}|ojalá|antes|quizás?|"
        r"quando|assim que|caso|se|não|sem|deve[m]?|deveria[m]?|pode[m]?|poderia[m]?|espero|esperamos|acho|suponho|"
        r"talvez|provavelmente|tomara|oxalá|vou|vamos|vai|até|quer\w{0,4}|precisa\w{0,4}|você|serão|"
        r"una vez que|en cuanto|"
        r"probablemente|usted|tú|será[n]?|hay que|tal vez"
    ),
}
_CHINESE = (
    "等到?|直到|必须|想要|想|将|会|应该|应当|可能|如果|若|一旦|请|需要|确保|是否|没有|未能|尚未|不|别|假设|打算|"
    "认为|觉得|相信|计划|希望|让我|之前|例如|比如|以便|为了|您|你|预期"
)
HEDGES_IN_CLAUSE: dict[Language, re.Pattern[str]] = {
    "zh": re.compile(_CHINESE),
    "en": re.compile(rf"(?<![\w'-])(?:{_BEFORE['en']})(?!\w)|'ll\b", re.IGNORECASE),
    "de": re.compile(rf"(?<!\w)(?:{_BEFORE['de']})(?!\w)", re.IGNORECASE),
    "fr": re.compile(rf"(?<!\w)(?:{_BEFORE['fr']})(?!\w)|\bn'", re.IGNORECASE),
    "es": re.compile(rf"(?<!\w)(?:{_BEFORE['es']})(?!\w)", re.IGNORECASE),
}
"""Words before a statement, in the same clause, which show that the statement is not asserted."""
HEDGES_IN_SENTENCE = re.compile(
    r"(?<!\w)(?:if|unless|assuming|suppose|provided that|in case|once(?! I | we )|imagine|"
    r"according to|selon|laut|según|wenn|falls|"
    r"ziel|vorgabe|bedingung|anforderung|objectif|objetivo|requisito|"
    r"könnten?|würden?|müssten?|zum beispiel|beispielsweise|par exemple|pourrai(?:t|ent)|devrai(?:t|ent)|"
    r"por ejemplo|podría[n]?|debería[n]?|por exemplo|poderia[m]?|deveria[m]?|"
    r"quando|assim que|depois que|en cuanto|una vez que|dès que|une fois que|"
    r"sobald|si|cuando|lorsque)(?!\w)|"
    r"例如|比如|例えば|たとえば|如果|一旦|假设|目标|要求|"
    r"\A\W*(?:had|were) (?:the|all|any|one|this|that|there|it|we|I)\b|"
    r"\b(?:expect(?:ed|s|ations?)?|hypothesis|prediction|guess|estimate|wish|idea|proposal|suggestion|assumption|condition|rule|aim|goals?|targets?|gate|criteri(?:a|on)|requirements?|todo|plan|should|must|acceptance)\b[^:.]{0,40}:|"
    r"\A\W*(?:now |next |first |finally |then )?(?:let me|let's|verify|verifying|check|checking|"
    r"confirm|confirming|make sure|"
    r"ensure|ensuring)\b[^:.]{0,40}:",
    re.IGNORECASE,
)
"""Matches words before a statement, anywhere in its sentence, which show that the statement is not asserted."""
HEDGES_AFTER = re.compile(
    r"[\s,]{0,3}(?:(?:if|once(?! more| again)|when|whenever|unless|until|assuming|provided|as long as|before (?:you|"
    r"we|I|merging|committing|"
    r"pushing|the|my)|or (?:not|fail)|is (?:required|expected|needed|the goal)|would|should|must|"
    r"remains?|needs?|may|might|could|can be|on (?:failure|error|"
    r"success)|means|indicates|"
    r"wenn|falls|sobald|si|cuando)\b|[?？]|吗|之?后[再才]?|才|再)",
    re.IGNORECASE,
)
"""Matches words directly after a statement which show that the statement is not asserted."""
JAPANESE_HEDGES = re.compile(
    r"必要|べき|たら|れば|なら|場合|予定|つもり|でしょう|だろう|はず|ください|ましょう|かもしれ|ない|ません(?!でした。?$)(?<!ありません)|"
    r"ますか|ですか|か。?$|前に|まで|たい|目標|例えば|たとえば|によると|によれば|とのこと|そうです|らしい|意味|期待|よう(?:に|です)|これから|次に|後で"
)
"""Matches words anywhere in a Japanese sentence which show that its statement is not asserted."""
IMPERATIVES = re.compile(
    r"(?:please |then |first |next |finally |now |also |and )?(?:run|re-?run|execute|make|ensure|"
    r"verify|check|add|fix|update|confirm|try|use|"
    r"install|wait|see|create|write|implement|validate|review|note that you|remember|consider|do|don't|"
    r"merge|commit|push|deploy|ship|submit|rerun|restart|revert|replace|rebuild|bump|upgrade|configure|enable|disable|remove|"
    r"delete|apply|never|always|ask|tell|think|look|verifying|checking|confirming|validating|making|ensuring|start|expect|aim|keep|help|get|let|imagine|suppose|assume)\s"
    r"(?!(?:is|are|was|were|has|had|took|takes|went|goes|runs|ran|needed|allocates?|costs?|drops?|dropped|fell|rose|"
    r"passes|passed|fails|failed|succeeds|succeeded|finishe[sd]|completed|exit(?:s|ed)|report(?:s|ed)|shows|showed|"
    r"prints|printed|times?|latency|results?|output)\b)",
    re.IGNORECASE,
)
"""Matches the beginning of an order, such as `run` or `please check`."""
PLAN_WORDS = re.compile(
    r"\b(?:next steps?|usage|how to|examples?|to[- ]?do|plan|planned|instructions?|expected|"
    r"getting started|quick ?start|test plan|"
    r"requirements?|acceptance|criteria|goals?|what you|remaining|future|recommendations?|suggest\w*|"
    r"steps to|installation|"
    r"nächste schritte|beispiele?|prochaines étapes|exemples?|próximos pasos|ejemplos?)\b|下一步|示例|计划|用法",
    re.IGNORECASE,
)
"""Matches words in a heading, or in the introduction of a list, which show that nothing is reported below."""
EARLIER_STATE_WORDS = re.compile(
    r"\b(?:previously|originally|initially|at first|earlier|before (?:the|my|this|that|any)|prior to|"
    r"baseline|at the (?:start|beginning)|beforehand|"
    r"first (?:run|time|attempt)|used to|on (?:the )?(?:original|main|master|unmodified)|"
    r"at that (?:point|time)|back then|by then|"
    r"zuvor|ursprünglich|zunächst|anfangs|vorher|auparavant|au départ|d'abord|antes|al principio|"
    r"inicialmente)\b|最初|原先|此前|起初",
    re.IGNORECASE,
)
"""Matches words which show that a statement is about an earlier state."""
REPORTING_PHRASES = re.compile(
    r"\b(?:(?:can|could|able to|happy to|pleased to) (?:now |also )?(?:confirm|report|verify|say)|made sure)\b",
    re.IGNORECASE,
)
"""Matches phrases with a modal verb that still report something, such as `can confirm`."""
