"""Converts an audit to plain values, for `--json`."""

from dataclasses import asdict
from typing import Any

from gedanken.auditing.audited import STATUSES, Audit, AuditedSession, Rerun
from gedanken.auditing.rates import rate_of
from gedanken.experiment.execution import Execution
from gedanken.experiment.version import __version__


def audit_values(audit: Audit) -> dict[str, Any]:
    """Return all results of an audit, each with its place in the transcript."""
    return {
        "gedanken": __version__,
        "transcripts": [_session_values(audited) for audited in audit.audited],
        "agents": [
            {
                "agent": agent,
                "transcripts": len(sessions),
                "claims": sum(len(session.claims) for session in sessions),
                "rates": {status: rate_of(sessions, status)._asdict() for status in STATUSES},
            }
            for agent, sessions in audit.by_agent()
        ],
        "notes": list(audit.notes),
    }


def _session_values(audited: AuditedSession) -> dict[str, Any]:
    transcript = audited.transcript
    return {
        "name": transcript.name,
        "form": transcript.form,
        "agent": transcript.agent,
        "events": audited.events,
        "has_tools": transcript.has_tools,
        "complete": not transcript.gaps,
        "gaps": [asdict(gap) for gap in transcript.gaps],
        "unknown": transcript.unknown,
        "statuses": {status: audited.statuses[status] for status in STATUSES},
        "numbers": audited.numbers._asdict(),
        "numbers_of_the_last_message": audited.last_numbers._asdict(),
        "claims": [asdict(judged) for judged in audited.claims],
        "state": audited.state,
        "reruns": [_rerun_values(rerun) for rerun in audited.reruns],
    }


def _rerun_values(rerun: Rerun) -> dict[str, Any]:
    values = asdict(rerun)
    del values["is_line_by_line"]
    values["real"] = [_execution_values(execution) for execution in rerun.real]
    return values


def _execution_values(execution: Execution) -> dict[str, Any]:
    return {
        "seed": execution.seed,
        "exit_code": execution.exit_code,
        "cause": str(execution.cause),
        "seconds": execution.seconds,
        "terminal": execution.terminal,
        "notes": list(execution.notes),
    }
