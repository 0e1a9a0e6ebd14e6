"""Reads chats as text: Markdown with a heading for each speaker, or plain lines such as `User: …`."""

import re
from collections.abc import Iterator
from dataclasses import replace

from gedanken.experiment.agent_transcript import Place, Speaker
from gedanken.experiment.errors import BadInput
from gedanken.records.importers.transcripts.builder import TranscriptBuilder, strip_empty_lines
from gedanken.records.importers.transcripts.commands import Edit
from gedanken.records.importers.transcripts.source import Source

FORM = "text"
_SPEAKERS_BY_NAME: dict[str, Speaker] = {
    **dict.fromkeys(("user", "human", "you", "me", "prompt", "question", "nutzer", "benutzer"), "user"),
    **dict.fromkeys(("assistant", "assistent", "agent", "model", "ai", "bot", "llm", "response", "answer"), "agent"),
    **dict.fromkeys(("chatgpt", "gpt", "claude", "gemini", "copilot", "codex", "grok", "llama", "qwen"), "agent"),
    **dict.fromkeys(("deepseek", "mistral", "cursor", "windsurf", "cascade", "planner response"), "agent"),
    **dict.fromkeys(("github copilot",), "agent"),
    "user input": "user",
    "system": "system",
    **dict.fromkeys(("tool", "tool result", "tool output", "observation"), "tool"),
}
_CALL_PREFIX = "calls "
"""Prefix that marks a message as a tool call: its speaker is then, for example, `calls bash`."""
_NAME_PATTERN = "|".join(sorted(map(re.escape, _SPEAKERS_BY_NAME), key=len, reverse=True))
_DETAIL = r"(?:[ -]?[\w.]{0,24}\d[\w.-]{0,24})?(?: said)?(?:\s*\([^)\n]{0,80}\))?"
_HEADING = re.compile(rf"\s{{0,3}}#{{1,6}}\s*\W{{0,6}}({_NAME_PATTERN}){_DETAIL}\W{{0,4}}$", re.IGNORECASE)
_BOLD = re.compile(
    rf"\s{{0,3}}_?(?:\*\*|__)\W{{0,4}}({_NAME_PATTERN}){_DETAIL}\s*:?\s*(?:\*\*|__)_?\s*:?\s?(.*)$", re.IGNORECASE
)
_COLON = re.compile(rf"({_NAME_PATTERN}){_DETAIL}\s?:(?:\s(.*))?$", re.IGNORECASE)
_TEMPLATE = re.compile(r"<\|(?:im_start|start_header_id)\|>\s*(\w+)\s*(?:<\|end_header_id\|>)?(.*)$")
_QUESTION_LETTER = re.compile(r"\s{0,3}(?:\*\*|__)(Q|A)\s?(?::\s?(?:\*\*|__)|(?:\*\*|__)\s?:)\s?(.*)$")
"""Matches a line that begins with a bold `Q:` or `A:`, as questions and answers do."""
_NAMES_BY_LETTER = {"q": "question", "a": "answer"}
_BOLD_NAME = re.compile(r"\s{0,3}\*\*([A-Z][\w .()-]{0,40})\*\*\s*$")
"""Matches a line that consists of a name in bold, which may be a speaker's name that is missing in
`_SPEAKERS_BY_NAME`.
"""
_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_MESSAGE_FENCE = re.compile(r"\s{0,3}(?:`{3,}|~{3,})(user|human|assistant|agent|ai|model|system)\s*$", re.IGNORECASE)
"""Matches the beginning of a code fence that contains a message."""
_TOOL_HEADING = re.compile(
    r"\s{0,3}(?:#{1,6}\s*)?(?:\*\*|__)?\W{0,4}Tool(?: use| call)?\s*:\s*(?:\*\*|__)?\s*`?([\w.-]{1,60})`?(?:\*\*|__)?"
    r"\s*(?:`([^`\n]{1,400})`)?\s*$",
    re.IGNORECASE,
)
"""Matches the heading of a tool call, whose arguments are in the code fence below."""
_OUTPUT_SUMMARY = re.compile(
    r"\s{0,3}<details>\s*<summary>[^<]{0,60}\b(?:output|result)s?\b[^<]{0,60}</summary>\s*$", re.IGNORECASE
)
_FENCED_CONTENT = re.compile(r"\s{0,3}(?:`{3,}|~{3,})[\w-]*\s*\n(.*?)\n\s{0,3}(?:`{3,}|~{3,})", re.DOTALL)
_SHELLS = ("bash", "shell", "terminal", "sh", "execute_bash", "run")
_RULE = re.compile(r"\s*(?:-{3,}|\*{3,}|_{3,}|<\|(?:im_end|eot_id)\|>)\s*$")


def read(source: Source) -> list[TranscriptBuilder]:
    """Return the chat in a text. Without named speakers, the text is one message of the agent.

    Raises BadInput if speakers are named, but no agent among them.
    """
    builder = TranscriptBuilder(source.path.name, FORM, source.name)
    builder.has_tools = False
    lines = _unfence_messages(source.text.splitlines())
    turns = list(_turns(lines))
    if not any(speaker == "agent" for speaker, _name, _first_line, _message_lines in turns):
        raise BadInput(
            f"{source.name}: this text names a user but no agent: put “Assistant:” before each message of the agent"
        )
    builder.agent = (
        next(
            (
                name
                for speaker, name, _first_line, _message_lines in turns
                if speaker == "agent" and not name.startswith(_CALL_PREFIX)
            ),
            "",
        )
        or "assistant"
    )
    for speaker, name, first_line, message_lines in turns:
        text, place = strip_empty_lines("\n".join(message_lines), Place(source.name, first_line))
        if name.startswith(_CALL_PREFIX):
            _add_call(builder, name.removeprefix(_CALL_PREFIX), text, place)
        elif speaker == "tool":
            content, lines_above = _fenced_content(text)
            builder.result(content, replace(place, line=place.line + lines_above), None, is_line_by_line=True)
        else:
            builder.say(speaker, text, place, is_line_by_line=True)
    if any(event.kind in ("call", "edit") for event in builder.events):
        builder.has_tools = True
        builder.gap(
            "the session was exported as text, which may lack some tool calls and parts of outputs",
            Place(source.name, 1),
        )
    return [builder]


def _add_call(builder: TranscriptBuilder, name: str, text: str, place: Place) -> None:
    tool, _space, path = name.partition(" ")
    if tool.lower() in _SHELLS:
        builder.call(tool, {}, place, None, _fenced_content(text)[0])
    elif path and tool.lower() in ("edit", "write", "multiedit", "update"):
        builder.edit(tool, Edit(path, "", ""), place, None)
    else:
        builder.call(tool, {"path": path} if path else {"input": text[:2000]}, place, None)


def _fenced_content(text: str) -> tuple[str, int]:
    """Return the content of the first code fence, and the number of lines above this content.

    Without a fence, return the text itself.
    """
    if match := _FENCED_CONTENT.search(f"{text}\n"):
        return match[1], text.count("\n", 0, match.start(1))
    content = text.replace("</details>", "")
    return content.strip("\n"), len(content) - len(content.lstrip("\n"))


def _turns(lines: list[str]) -> Iterator[tuple[Speaker, str, int, list[str]]]:
    """Yield for each message: the kind of speaker, the speaker's name, the number of the message's first line, and
    its lines.
    """
    fence_flags = _fence_flags(lines)
    speaker: Speaker = "agent"
    name, first_line = "", 1
    message_lines: list[str] = []
    below_rules = _lines_below_rules(lines)
    has_names = any(not in_fence and _parse_speaker(line) for line, in_fence in zip(lines, fence_flags, strict=True))
    if has_names:
        speaker = "system"  # of the text before the first name: a title, or a note on the export
    for number, (line, in_fence) in enumerate(zip(lines, fence_flags, strict=True), start=1):
        speaker_and_text = None if in_fence else _parse_speaker(line) or _unlisted_speaker(line, below_rules)
        if speaker_and_text is None:
            if not message_lines and (not line.strip() or (has_names and not in_fence and _RULE.match(line))):
                first_line = number + 1
            else:
                # An empty line replaces a rule, so that the lines below keep their numbers.
                is_rule = has_names and not in_fence and _RULE.match(line) is not None
                message_lines.append("" if is_rule else line)
            continue
        if message_lines:
            yield speaker, name, first_line, message_lines
        name, rest = speaker_and_text
        speaker, first_line = _SPEAKERS_BY_NAME.get(name, "agent"), number if rest else number + 1
        message_lines = [rest] if rest else []
    if message_lines:
        yield speaker, name, first_line, message_lines


def _parse_speaker(line: str) -> tuple[str, str] | None:
    """Return the name of the speaker whom a line names, and the text after the name.

    None if the line names no known speaker.
    """
    if len(line) > 1 << 16:
        return None
    if tool := _TOOL_HEADING.match(line):
        return f"{_CALL_PREFIX}{tool[1]} {tool[2] or ''}".rstrip(), ""
    if _OUTPUT_SUMMARY.match(line):
        return "tool output", ""
    if question := _QUESTION_LETTER.match(line):
        return _NAMES_BY_LETTER[question[1].lower()], question[2].strip()
    for pattern in (_HEADING, _BOLD, _COLON, _TEMPLATE):
        match = pattern.match(line)
        if match and match[1].lower() in _SPEAKERS_BY_NAME:
            return match[1].lower(), (match[2] or "").strip() if match.re.groups > 1 else ""
    return None


def _lines_below_rules(lines: list[str]) -> set[str]:
    """Return the lines directly below rules such as `---`. The set is empty if any line outside it names a known
    speaker.
    """
    below, is_below = set(), False
    for line in lines:
        if line.strip():
            if is_below:
                below.add(line)
            elif _parse_speaker(line):
                return set()
            is_below = _RULE.match(line) is not None
    return below


def _unlisted_speaker(line: str, below_rules: set[str]) -> tuple[str, str] | None:
    """If `line` is in `below_rules` and consists of a name in bold, return the name and an empty text.

    None otherwise.
    """
    match = _BOLD_NAME.match(line) if line in below_rules else None
    return (match[1].lower(), "") if match else None


def _unfence_messages(lines: list[str]) -> list[str]:
    """Replace each code fence around a message by a heading with its speaker."""
    result = list(lines)
    for index, line in enumerate(lines):
        if (spoken := _MESSAGE_FENCE.match(line)) and (opening := _FENCE.match(line)):
            end = _closing_index(lines, index, opening[1])
            if end is not None:
                result[index], result[end] = f"## {spoken[1]}", ""
    return result


def _fence_flags(lines: list[str]) -> list[bool]:
    """Return for each line whether it belongs to a closed code fence."""
    flags = [False] * len(lines)
    unclosed: dict[str, int] = {}
    index = 0
    while index < len(lines):
        opening = _FENCE.match(lines[index])
        if opening and len(opening[1]) < unclosed.get(opening[1][0], 1 << 30):
            end = _closing_index(lines, index, opening[1])
            if end is None:
                unclosed[opening[1][0]] = len(opening[1])
            else:
                flags[index : end + 1] = [True] * (end + 1 - index)
                index = end
        index += 1
    return flags


def _closing_index(lines: list[str], opening: int, fence: str) -> int | None:
    for index in range(opening + 1, len(lines)):
        line = lines[index].strip()
        if line.startswith(fence) and not line.strip(fence[0]):
            return index
    return None
