"""The command `gedanken report`: writes the report of a run again, from the contents of its folder."""

from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli.errors import handle_errors
from gedanken.cli.help_text import examples
from gedanken.cli.options import Primary, parse_metrics

EPILOG = (
    examples(
        "gedanken report runs/article-20261123-190200 --open",
        "gedanken report runs/mnist --markdown",
    )
    + "Exit codes: 0 done; 2 bad input; 130 interrupted."
)


def report(
    run: Annotated[Path, typer.Argument(help="A run folder; the run may be unfinished.")],
    open_it: Annotated[bool, typer.Option("--open", help="Open the report in the browser.")] = False,
    primary: Primary = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Also write RUN/report.md, to paste into an issue.")
    ] = False,
) -> None:
    """Write RUN/report.html, a single file that opens without a server, and print its path."""
    with handle_errors():
        from gedanken.analysis.analyze import ComparisonCache, analyze
        from gedanken.analysis.inputs import check_primary
        from gedanken.analysis.probe_verdict import verdict_of
        from gedanken.experiment.escaping import harmless
        from gedanken.records.read_run import read_run
        from gedanken.report.writing import PAGE, write_markdown, write_page, write_probe_page
        from gedanken.terminal.patience import show_if_slow

        with show_if_slow(f"making the report of {run}"):
            log = read_run(run)
            if log.items:
                paths = [write_probe_page(run / PAGE, [(log, verdict_of(log))])]
            else:
                comparison_options = parse_metrics(primary, None)
                analysis = analyze(log, ComparisonCache(comparison_options))
                check_primary(analysis, comparison_options)
                paths = [write_page(run, analysis)]
                if markdown:
                    paths.append(write_markdown(run, analysis))
        for path in paths:
            print(harmless(str(path)))
        if open_it:
            import webbrowser

            webbrowser.open(paths[0].resolve().as_uri())
