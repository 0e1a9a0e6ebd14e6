"""Prints the result of a run, and chooses its exit code."""

from typing import TYPE_CHECKING, Any

from gedanken.cli.errors import EXIT_NO_REPORT

if TYPE_CHECKING:
    from gedanken.runner import RunResult


def print_run(run_result: "RunResult", as_json: bool) -> None:
    """Print the result of a run, for a person or as JSON."""
    from gedanken.analysis.probe_result import probe_result
    from gedanken.report.plain_words import plain_words
    from gedanken.terminal.screen import print_json

    folder, analysis = run_result.log.folder, run_result.analysis
    if run_result.log.spec and run_result.log.spec.probe:
        print_probe(probe_result(run_result.log), as_json)
    elif as_json:
        from gedanken.records.run_view import run_view
        from gedanken.report.values import values_of

        result = run_view(run_result.log, analysis.findings if analysis else (), prefix=f"{folder}/")
        conclusions = {**values_of(analysis), **plain_words(analysis)._asdict()} if analysis else {}
        print_json({**result, **conclusions, "folder": str(folder)})
    elif analysis and folder:
        from rich.console import Console

        from gedanken.experiment.budget import format_usage
        from gedanken.report.effects import print_effects
        from gedanken.report.summary import print_plain_words, print_summary

        console = Console(highlight=False)
        print_summary(analysis, console, has_page=bool(run_result.page))
        print_effects(analysis.effects, console)
        console.print(
            f"model: {format_usage(run_result.log.tokens, run_result.log.price)}", markup=False, soft_wrap=True
        )
        print_plain_words(plain_words(analysis), console, run_result.page, folder)


def exit_code_of(run_result: "RunResult") -> int:
    """Return the exit code of a run: 1 if its outcome is not `done`, EXIT_NO_REPORT if it has no report, otherwise
    0.
    """
    from gedanken.experiment.run_log import DONE

    if run_result.log.outcome != DONE:
        return 1
    is_probe = run_result.log.spec is not None and run_result.log.spec.probe is not None
    return 0 if run_result.page or is_probe else EXIT_NO_REPORT


def print_probe(result: dict[str, Any], as_json: bool) -> None:
    """Print the result of a probe of small programs, for a person or as JSON."""
    from rich.console import Console

    from gedanken.probing.print_result import print_result
    from gedanken.terminal.screen import print_json

    if as_json:
        print_json(result)
    else:
        print_result(result, Console(highlight=False))
