"""The command `gedanken audit`: checks what agents claim to have run, against their transcripts and against real
runs.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli.completion import complete_kind, complete_rerun
from gedanken.cli.errors import handle_errors
from gedanken.cli.help_text import examples
from gedanken.cli.options import Json

CODES = (
    "Exit codes: 0 audited, whatever was found; 1 a kind named by --fail-on was found; 2 bad input; 3 no sandbox; "
    "130 interrupted."
)
EPILOG = (
    examples(
        "gedanken audit session.jsonl",
        "gedanken audit ~/.claude/projects/-my-project --json",
        "gedanken audit session.jsonl --fail-on misquoted too-early never-run",
        "gedanken audit rollout.jsonl --workspace . --rerun claimed",
        "gedanken audit chat.md --rerun claimed --no-tools --html audit.html",
    )
    + CODES
)
FAIL_ON = "--fail-on"


def audit(  # noqa: PLR0913 (its options)
    transcripts: Annotated[
        list[Path],
        typer.Argument(
            help="Agent sessions, in any format listed in docs/audit.md (also compressed), or folders of sessions. - "
            "reads standard input."
        ),
    ],
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            FAIL_ON,
            metavar="KIND…",
            help="Exit with code 1 if any of these kinds is found. Of claims: misquoted, too-early, stale, "
            "never-run, undecidable, supported; of commands that were run again: differs. Several kinds may follow, "
            "separated by spaces.",
            autocompletion=complete_kind,
        ),
    ] = None,
    no_tools: Annotated[
        bool, typer.Option("--no-tools", help="State that the agent of a plain chat had no tools at all.")
    ] = False,
    workspace: Annotated[
        Path | None,
        typer.Option(help="The folder in which the agent worked. Commands are run again on a copy of it."),
    ] = None,
    image: Annotated[
        str | None, typer.Option(help="Run commands again in this Docker or Podman image, instead of gedanken's own.")
    ] = None,
    setup: Annotated[
        str | None,
        typer.Option(
            metavar="CMD",
            help="A command that prepares the copy of --workspace before any command is run again. Only this command "
            "may use the network.",
        ),
    ] = None,
    rerun: Annotated[
        str,
        typer.Option(
            metavar="[none|claimed|all]",
            help="Which commands to run again, without a network: none, claimed (those that claims are about, and "
            "earlier ones that change files), or all.",
            autocompletion=complete_rerun,
        ),
    ] = "none",
    claims_by: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="A model that reads what the agents said and quotes claims that the rules may have missed. The "
            "model judges nothing, and inexact quotes are ignored.",
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report to this HTML file.")] = None,
    as_json: Json = False,
) -> None:
    """Check agents' claims about what they ran. Without --claims-by, no model is asked, and nothing leaves this
    machine.
    """
    with handle_errors():
        from gedanken.api.auditing import audit as audit_all
        from gedanken.experiment.escaping import harmless
        from gedanken.report.audit_writing import check_page, write_audit_page
        from gedanken.terminal.patience import show_if_slow
        from gedanken.terminal.screen import Screen

        kinds = _parse_kinds(fail_on or [])
        if html:
            check_page(html)
        audited = audit_all(
            transcripts,
            workspace=workspace,
            image=image,
            setup=setup,
            rerun=rerun,  # type: ignore[arg-type]  # audit_all checks it
            no_tools=no_tools,
            claims_by=claims_by,
            progress=Screen(),
            waiting=show_if_slow,
            keep_events=html is not None,
        )
        for note in audited.notes:
            print(harmless(f"gedanken: {note}"), file=sys.stderr)
        if html:
            with show_if_slow("writing the page"):
                write_audit_page(html, audited)
        if as_json:
            from gedanken.report.audit_values import audit_values
            from gedanken.terminal.screen import print_json

            print_json(audit_values(audited))
        else:
            from rich.console import Console

            from gedanken.report.audit_table import print_audit

            print_audit(audited, Console(highlight=False), html)
        if kinds & audited.kinds():
            raise typer.Exit(1)


def _parse_kinds(values: list[str]) -> set[str]:
    """Parse the values of `--fail-on`; one value may contain several kinds, separated by commas. Raises BadInput for
    an unknown kind."""
    from gedanken.auditing.audited import KINDS
    from gedanken.experiment.errors import BadInput

    kinds = {kind for value in values for kind in value.split(",")}
    for kind in sorted(kinds - KINDS.keys()):
        raise BadInput(f"{FAIL_ON} {kind}: must be one of {', '.join(KINDS)}")
    return kinds


def expand_fail_on(arguments: list[str]) -> list[str]:
    """Rewrite the command line so that `--fail-on` of `audit` accepts all kinds that follow it, as in `--fail-on
    stale never-run`.
    """
    if arguments[:1] != ["audit"]:
        return arguments
    from gedanken.auditing.audited import KINDS

    spread: list[str] = []
    for argument in arguments:
        is_further_kind = len(spread) > 1 and spread[-2] == FAIL_ON and argument in KINDS
        spread += [FAIL_ON, argument] if is_further_kind else [argument]
    return spread
