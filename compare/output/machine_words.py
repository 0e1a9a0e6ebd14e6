"""Masks words that say on which machine and software a run was made: `Tesla V100`, `cuda:0`, `aarch64`."""

import re

from gedanken.compare.output.edited_line import EditableLine, Rule
from gedanken.compare.output.packages import LONG_VERSIONED, SHORT_VERSIONED, parts_of, pattern_of
from gedanken.compare.output.word_search import word_predicate


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MASK = "\x1a"
_ANY_CASE = re.IGNORECASE | re.ASCII
# No pattern may depend on which digits a line has (see `mask_digits`): `A200` is masked as `A100` is.
_MODEL = r"[A-Z]{1,3}\d{1,4}[A-Za-z]{0,3}(?:-[A-Z\d.]+)*"
_TRADEMARK = r"(?:\((?:r|tm|c)\))?"
_REST_OF_NAME = (
    r"(?:[ \t-]{1,3}(?:nvidia|geforce|quadro|tesla|radeon|instinct|titan|xp|amd|intel|core|xeon|epyc|ryzen"
    r"|threadripper|rtx|gtx|cpu|gpu|processor|graphics|laptop|super|ti|max-q|pcie|sxm|nvl|ada|generation|gold|silver"
    r"|platinum|bronze|pro|max|ultra|v\d|i\d-\d+[a-z]*|[a-z]\d-\d+[a-z]?|\d+-core|@|\d\.\d+ghz|\d{2,3} ?gi?b"
    rf"|\d(?= \d{{4}})|\d{{3,5}}[a-z]{{0,3}}\d?|{_MODEL}){_TRADEMARK}(?![\w.]))"
)
_CHIPS = Rule(
    re.compile(
        r"(?<![\w./@-])(?:\d\d[a-z]{2} gen )?(?:"
        rf"(?:nvidia|geforce|quadro|radeon|xeon|epyc|ryzen|threadripper)(?![\w/]|-smi){_TRADEMARK}{_REST_OF_NAME}{{0,12}}"
        rf"|(?:amd|intel|tesla|instinct|titan){_TRADEMARK}{_REST_OF_NAME}{{1,12}}"
        r"|[rg]tx[ -]?\d{3,4}[a-z]{0,2}(?:[ -](?:ti|super|laptop|ada|max-q))*(?!\w)"
        r"|(?:mi|gh|gb)\d{3}[a-z]?(?!\w)|apple m\d(?: (?:pro|max|ultra))?(?!\w)"
        r"|[abhlptv]\d{1,3}[a-z]?-(?:sxm|pcie|\d+gb)[a-z\d-]*"
        r")",
        _ANY_CASE,
    ),
    (_MASK,),
)
_SYSTEMS = Rule(
    re.compile(
        r"(?<![\w./@-])(?:(?i:linux|darwin|macos|windows)-\d[\w.+-]*"
        r"|(?:(?:GNU/)?Linux|Darwin|macOS|Windows(?= \d)|Ubuntu|Debian|CentOS|Fedora)(?![\w/=:-])"
        r"(?: (?:v?\d+(?:\.\d+)*[\w.+-]*|LTS|GNU/Linux|\([A-Z]?[a-z ]{2,20}\)|Linux|Stream)(?!\w)){0,4}"
        r"|x\d\d_\d\d|aarch\d\d|arm\d\d|amd\d\d|ppc\d\d(?:le)?)(?!\w)",
        re.ASCII,
    ),
    (_MASK,),
)
_DEVICE_KEY = (
    r"(?<![a-z])(?:devices?|gpus?|cpu|accelerator|hardware|platform|machine|os|operating system)"
    r"(?:[ _](?:name|type|model|kind|used))?(?: ?#?\[?\d{1,2}\]?)?[\"']?[ ]{0,2}(?:[:=]|is|->)[ ]{0,2}[\"']?"
)
_DEVICE = r"(?:cuda|cpu|gpu|mps|xpu|tpu|hpu|npu|rocm|metal)(?::\d{1,2})?"
_DEVICES = Rule(
    re.compile(
        rf"({_DEVICE_KEY}|(?<![a-z])(?:using|use|on|to|device|accelerator) (?:the )?(?:device[ :=]{{1,3}})?)"
        rf"(?:{_DEVICE}|(?-i:[AHBVP]\d{{3}}[A-Z]?|L\d\d[A-Z]?))(?![\w:=.-]| {{0,2}}[:=])",
        _ANY_CASE,
    ),
    (1, _MASK),
)
_NAMED_DEVICES = Rule(
    re.compile(rf"({_DEVICE_KEY})(?-i:{_MODEL}|linux|darwin|windows|win\d\d)(?![\w:=.-])", _ANY_CASE), (1, _MASK)
)
_DEVICE_CALLS = Rule(
    re.compile(rf"(?<![\w.])device\(type=[\"']{_DEVICE}[\"'](?:, ?index=\d+)?\)", _ANY_CASE), (_MASK,)
)
_INDEX = r"[\"']?(?:(?:cuda|gpu|cpu):)?\d{1,3}[\"']?"
_INDICES = Rule(
    re.compile(
        r"((?<![a-z])(?:(?:gpu|device|cuda|cpu|core)(?:s|_?ids?|_?list)?|visible[ _]devices)[\"']?[ ]{0,2}[:=]?"
        rf"[ ]{{0,2}})(?:\[ ?{_INDEX}(?:,? {{0,2}}{_INDEX})* ?\]|\({_INDEX},(?: ?{_INDEX},?)*\)"
        r"|[\"']?\d{1,2}(?:, ?\d{1,2})+[\"']?)(?![\w.])",
        _ANY_CASE,
    ),
    (1, _MASK),
)
_VISIBLE_DEVICES = Rule(
    re.compile(r"(visible[_ ]devices[\"']?[ ]{0,2}[:=][ ]{0,2}[\"']?)\d{1,2}(?![\w.])", _ANY_CASE), (1, _MASK)
)
_AVAILABILITY = Rule(
    re.compile(
        r"((?<![a-z\d])(?:cuda|gpu|tpu|mps|hpu|ipu|npu|xpu|rocm|cudnn)(?:[ _.]?(?:is|are|was))?"
        r"(?:[ _.]?(?:available|enabled|used|found|present|supported))?(?:\(\))?[\"']?[ ]{0,2}(?:[:=]|is)[ ]{0,2})"
        r"(?:true|false|yes|no|none)(?: \(\w{2,5}\))?(?:, used: (?:true|false))?(?!\w)",
        _ANY_CASE,
    ),
    (1, _MASK),
)
_PLURALS = Rule(re.compile(r"(?<=\d )([GTC]PU|device)(?:s|\(s\))(?!\w)"), (1,))
"""Makes `4 GPUs` look like `1 GPU`."""
_VERSION = r"(?:[.+-]?[a-z]\w*(?:[.+]\w+)*)?(?![\w.]*\w)"
_VERSIONS = Rule(
    re.compile(
        r"((?<![\w./-])(?:"
        rf"(?:{pattern_of(SHORT_VERSIONED)})(?P<is_short>)|{pattern_of(LONG_VERSIONED)})"
        r"(?:[ _]version)?[\"']?(?: ?[:=]{1,2} ?| |-|/)[\"']?v?)"
        rf"(?:\d+\.\d+(?:\.\d+)+{_VERSION}|\d+\.\d+\+{_VERSION}|(?(is_short)\d+\.\d+{_VERSION}|(?!)))",
        _ANY_CASE,
    ),
    (1, _MASK),
)
_PORTS = Rule(
    re.compile(r"((?<![a-z])(?:on|at|listening|serving|bind|localhost) ?):\d{2,5}(?![\w.:])", _ANY_CASE), (1, _MASK)
)
_CHIP_WORDS = _words(
    "nvidia geforce quadro radeon xeon epyc ryzen threadripper amd intel tesla instinct titan rtx gtx apple sxm "
    "pcie gb"
)
_SYSTEM_WORDS = _words("linux darwin macos windows ubuntu debian centos fedora aarch arm ppc x86 amd")
_DEVICE_WORDS = _words(
    "device gpu cpu tpu cuda mps npu xpu hpu ipu accelerator hardware platform machine system using os"
)
_PACKAGE_WORDS = parts_of(SHORT_VERSIONED | LONG_VERSIONED)
_SHORT_CODES = re.compile(r"mi\d|g[hb]\d|on [ahbvpl]\d|x\d\d_", re.ASCII)
_RULES = (
    (_CHIP_WORDS, (_CHIPS,)),
    (_SYSTEM_WORDS, (_SYSTEMS,)),
    (_DEVICE_WORDS, (_DEVICE_CALLS, _DEVICES, _NAMED_DEVICES, _INDICES, _VISIBLE_DEVICES, _AVAILABILITY, _PLURALS)),
    (_PACKAGE_WORDS, (_VERSIONS,)),
)
"""Groups of words, each with its rules. A rule is tried only on a line that contains one of the words or that
`_SHORT_CODES` matches.
"""


def mask_machine(line: EditableLine) -> None:
    """Mask chips, devices, systems, versions and ports in a line, such as `Tesla V100` and `cuda:0`."""
    lower = line.text.lower()
    has_codes = _SHORT_CODES.search(lower) is not None
    contains_word = word_predicate(lower)
    for words, rules in _RULES:
        for rule in rules if has_codes or any(map(contains_word, words)) else ():
            line.replace(rule)
    if " :" in lower or "localhost:" in lower:
        line.replace(_PORTS)
