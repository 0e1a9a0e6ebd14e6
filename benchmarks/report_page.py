"""How large is the page of a long comparison, and how soon is it on the screen?

    python -m benchmarks.report_page [--lines 1000000] [--rounds 3]

Two logs of a training, as in `benchmarks.compare_scale`, are compared once. The table shows the bytes of the page,
and the median seconds until it is rendered, until Chromium fires `load`, and until the first paint.
"""

import argparse
import shutil
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.compare_scale import make_log

_TIMES = """() => [performance.timing.loadEventStart - performance.timing.navigationStart,
    performance.getEntriesByName("first-paint")[0]?.startTime ?? NaN]"""


def main(arguments: argparse.Namespace) -> None:
    """Measure, and print the table."""
    from gedanken.analysis.inputs import compare_inputs
    from gedanken.report.page import render

    with TemporaryDirectory() as folder:
        files = [Path(folder) / f"{name}.log" for name in ("real", "imagined")]
        for seed, file in enumerate(files):
            file.write_text(make_log(arguments.lines, seed))
        analysis = compare_inputs(files[:1], files[1:])
        rendered = []
        for _round in range(arguments.rounds):
            started = time.monotonic()
            page = render(analysis)
            rendered.append(time.monotonic() - started)
        path = Path(folder) / "report.html"
        path.write_text(page)
        times = _measure_opening(path, arguments.rounds)
    loads, paints = zip(*times, strict=True)
    print(f"{'lines':>9} {'page':>10} {'rendered':>10} {'load':>8} {'first paint':>12}")
    print(
        f"{arguments.lines:>9} {len(page.encode()) / 1e3:>7.0f} kB {median(rendered):>8.2f} s "
        f"{median(loads) / 1e3:>6.2f} s {median(paints) / 1e3:>10.2f} s"
    )


def _measure_opening(path: Path, rounds: int) -> list[tuple[float, float]]:
    """Return the milliseconds until `load` and until the first paint, for each of several times that the page is
    opened in a new browser.
    """
    from playwright.sync_api import sync_playwright

    times = []
    with sync_playwright() as playwright:
        for _round in range(rounds):
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page: Any = browser.new_page()
            page.goto(path.as_uri())
            page.wait_for_function("performance.getEntriesByName('first-paint').length > 0")
            load, paint = page.evaluate(_TIMES)
            times.append((load, paint))
            browser.close()
    return times


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    main(parser.parse_args())
