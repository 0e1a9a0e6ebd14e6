"""Judges claims in transcripts without tool calls: plain chats, and chats in which the agent plays a terminal."""

import re

from gedanken.compare.audit.claims.claim_contents import FiguresClaim, FileClaim, InterpretedClaim
from gedanken.compare.audit.verdicts import RERUN_HINT, Verdict
from gedanken.experiment.agent_transcript import AgentTranscript

NOT_SHOWN = "a chat export does not show which commands ran"
_ASKS_TO_PLAY = re.compile(
    r"\b(?:act as|pretend|role-?play|simulate|imagine|behave (?:like|as)|you are|be) (?:to be |"
    r"that you are |as )?(?:an? |the |my )?"
    r"(?:(?!(?:with|in|on|at|of|that|which|who|whose|has|have|having|using|running|for|inside|via|and|to)\b)"
    r"[\w.-]+ ){0,4}?"
    r"(?:terminal|shell|console|bash|linux|unix|"
    r"python interpreter|interpreter|repl|machine|computer|ubuntu|virtual machine)\b"
    r"(?!s? (?:learning|vision|science|scientist|tools?|experts?|engineers?|specialists?|agents?|assistants?|"
    r"admin\w*|users?|wizard|guru|script\w*|program\w*|developers?|command[- ]line expert|sysadmin))|"
    r"\bi will type commands\b|\breply with what the (?:terminal|shell|console|interpreter) should show\b|"
    r"\bwhat (?:would|does|will) (?:this|the (?:following )?(?:program|script|code|"
    r"command))\b[^.?!\n]{0,60}\b(?:print|output|show)|"
    r"(?:spiele|sei|du bist) [^.\n]{0,30}(?:terminal|konsole)|(?:agis|joue)[^.\n]{0,40}terminal|"
    r"(?:actúa|haz)[^.\n]{0,40}terminal|(?:扮演|充当|作为)[^。\n]{0,20}终端",
    re.IGNORECASE,
)


def plays_a_terminal(transcript: AgentTranscript) -> bool:
    """Return whether the user asked the agent to play a terminal, or to say what a program would print."""
    return any(
        event.kind == "message" and event.speaker in ("user", "system") and _ASKS_TO_PLAY.search(event.text[:20_000])
        for event in transcript.events
    )


_ANNOUNCES_CHAT = re.compile(
    r"[:：]\s*\Z|\b(?:chat|conversation|transcript|exchange|dialog(?:ue)?|discussion|log|session)s?\b|Gespräch|Verlauf|对话|聊天",
    re.IGNORECASE,
)
"""Matches words with which a user announces a copied chat. The headings of that chat may look like those of the
chat itself.
"""


_SHOWS_TOOLS = re.compile(
    r"^[\W_]{0,4}(?:Ran (?:terminal )?command|User accepted the command|Executed command|"
    r"Tools? (?:call|use|result|output)(?:s|d)?)\b|^(?:Bash|Shell|Terminal): \S|"
    r"^[\W_]{0,4}(?:Permission request|Subagent)\b|"
    r"^(?:Read|Created|Edited|Checked|Viewed|Searched) \[[^\]\n]{0,200}\]\(|^Made changes\.\s*$|^Ran `|"
    r"^Checked background terminal|^Searched for (?:files|regex|text)\b|^Using \"[\w -]{1,60}\"\s*$|"
    r"^<(?:tool-use|execute_command|tool_call|function_calls?|invoke|tool_use|command_output)\b",
    re.MULTILINE | re.IGNORECASE,
)
"""Matches signs of tool calls in a chat that was exported from an agent with tools."""


def shows_tools(transcript: AgentTranscript) -> bool:
    """Return whether any message shows signs of tool calls. They refute the user's statement `--no-tools`."""
    return any(event.kind == "message" and _SHOWS_TOOLS.search(event.text) for event in transcript.events)


def is_known_speaker(transcript: AgentTranscript, event: int) -> bool:
    """Return whether a message certainly consists of the agent's own words.

    In a copied text, it must follow a message of the user that quotes no other chat.
    """
    if transcript.form != "text":
        return True
    user_messages = [
        message for message in transcript.events[:event] if message.kind == "message" and message.speaker == "user"
    ]
    return bool(user_messages) and not _ANNOUNCES_CHAT.search(user_messages[-1].text)


def judge_unrecorded(
    spotted: InterpretedClaim, *, no_tools: bool, told: bool, is_known_speaker: bool, shows_tools: bool
) -> Verdict:
    """Return the verdict on a claim in a transcript without tool calls.

    `no_tools` is True if the user stated that the agent had no tools; only then can the verdict be accusing. `told`
    is True if another person had said the same before. `is_known_speaker` and `shows_tools` are what the functions
    with these names return.
    """
    if shows_tools:
        return Verdict("undecidable", f"the chat shows that tools were used, but not what they printed; {RERUN_HINT}")
    if not no_tools:
        return Verdict("undecidable", f"{NOT_SHOWN}; --rerun claimed or --no-tools can decide")
    if not is_known_speaker:
        return Verdict("undecidable", f"the text does not show for certain that the agent said this; {RERUN_HINT}")
    if isinstance(spotted.content, FileClaim):
        return Verdict("undecidable", "a chat does not show what a file contains; only the file itself does")
    if isinstance(spotted.content, FiguresClaim):
        return Verdict("undecidable", f"a chat does not show what these numbers count; {RERUN_HINT}")
    if told:
        return Verdict("undecidable", f"another person had said this before; {RERUN_HINT}")
    return Verdict("never run", "you stated (--no-tools) that the agent had no tools, so nothing was run")
