"""An audit as plain values, for `--json`."""

from dataclasses import asdict
from typing import Any

from gedanken.auditing.audited import STATUSES, Audit, Audited, Rerun
from gedanken.auditing.rates import rate_of
from gedanken.experiment.execution import Execution
from gedanken.experiment.version import __version__


def audit_values(audit: Audit) -> dict[str, Any]:
    """Return all results, each with its places."""
    return {
        "gedanken": __version__,
        "transcripts": [_session(one) for one in audit.audited],
        "agents": [
            {
                "agent": agent,
                "transcripts": len(sessions),
                "claims": sum(len(one.claims) for one in sessions),
                "rates": {status: rate_of(sessions, status)._asdict() for status in STATUSES},
            }
            for agent, sessions in audit.by_agent()
        ],
        "notes": list(audit.notes),
    }


def _session(one: Audited) -> dict[str, Any]:
    transcript = one.transcript
    return {
        "name": transcript.name,
        "form": transcript.form,
        "agent": transcript.agent,
        "events": one.events,
        "has_tools": transcript.has_tools,
        "complete": not transcript.gaps,
        "gaps": [asdict(gap) for gap in transcript.gaps],
        "unknown": transcript.unknown,
        "statuses": {status: one.statuses[status] for status in STATUSES},
        "numbers": one.numbers._asdict(),
        "numbers_of_the_last_message": one.last_numbers._asdict(),
        "claims": [asdict(judged) for judged in one.claims],
        "state": one.state,
        "reruns": [_rerun(rerun) for rerun in one.reruns],
    }


def _rerun(rerun: Rerun) -> dict[str, Any]:
    values = asdict(rerun)
    values["real"] = [_execution(execution) for execution in rerun.real]
    return values


def _execution(execution: Execution) -> dict[str, Any]:
    return {
        "seed": execution.seed,
        "exit_code": execution.exit_code,
        "cause": str(execution.cause),
        "seconds": execution.seconds,
        "terminal": execution.terminal,
        "notes": list(execution.notes),
    }
