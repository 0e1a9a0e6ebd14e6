"""Measurements of the sandbox: as JSON with all times, and as a Markdown table."""

import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

import psutil

if TYPE_CHECKING:
    from docker import DockerClient

OURS = "gedanken"


class Check(NamedTuple):
    """Something that a benchmark checked besides its times, such as the peak memory, with the result."""

    what: str
    found: str
    target: str
    met: bool


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement, with all its times; a group of rows in the table."""

    name: str
    what: str
    seconds: dict[str, list[float]] = field(default_factory=dict)
    """The times of each sandbox, by name. The other sandboxes are compared with the first, turn by turn."""
    kind: Literal["time", "speed"] = "time"
    """`time` if the table shows ratios of times, where less is better; `speed` if it shows ratios of speeds."""
    target: float | None = None
    checks: list[Check] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    machine: str = ""

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Parse what `to_json` wrote."""
        fields = json.loads(line)
        return cls(**{**fields, "checks": [Check(*check) for check in fields["checks"]]})

    def to_json(self) -> str:
        """Return everything in one line of JSON."""
        return json.dumps(asdict(self))

    def ratio(self, sandbox: str) -> float:
        """Return the median ratio of a sandbox to the first one.

        Only times from the same turn are divided, because a temporary slowdown affects both equally.
        """
        reference = next(iter(self.seconds.values()))
        pairs = zip(self.seconds[sandbox], reference, strict=False)
        return statistics.median(
            seconds / reference_seconds if self.kind == "time" else reference_seconds / seconds
            for seconds, reference_seconds in pairs
        )


def describe_machine(client: "DockerClient") -> str:
    """Describe the machine on which the figures were measured."""
    engine = client.version()
    info = client.info()
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, Linux {platform.release()}, "
        f"Docker {engine['Version']} ({info['Driver']}, cgroup v{info.get('CgroupVersion', '1')}), "
        f"Python {platform.python_version()}"
    )


def markdown(measurements: list[Measurement]) -> str:
    """Return all measurements as one table, with the notes and the machines below it."""
    lines = [
        "| measured | samples | median (quartiles) | against the first | target | |",
        "|---|---|---|---|---|---|",
    ]
    for measurement in measurements:
        lines += _rows(measurement)
    notes = [f"- {measurement.what}: {note}" for measurement in measurements for note in measurement.notes]
    machines = dict.fromkeys(measurement.machine for measurement in measurements)
    return "\n".join([*lines, "", *notes, "", *(f"Machine: {machine}." for machine in machines)])


def _rows(measurement: Measurement) -> list[str]:
    lines = [f"| **{measurement.what}** | | | | | |"]
    for index, (sandbox, samples) in enumerate(measurement.seconds.items()):
        ratio, target, verdict = "1", "", ""
        if index:
            ratio = f"{measurement.ratio(sandbox):.2f} × the {measurement.kind}"
        if sandbox == OURS and measurement.target is not None:
            value = measurement.ratio(sandbox)
            target = f"{'≤' if measurement.kind == 'time' else '≥'} {measurement.target:g}"
            met = value <= measurement.target if measurement.kind == "time" else value >= measurement.target
            verdict = _format_verdict(met)
        lines.append(f"| {sandbox} | {len(samples)} | {_format_median(samples)} | {ratio} | {target} | {verdict} |")
    for check in measurement.checks:
        lines.append(f"| {check.what} | | {check.found} | | {check.target} | {_format_verdict(check.met)} |")
    return lines


def _format_verdict(met: bool) -> str:
    return "met" if met else "**missed**"


def _format_median(samples: list[float]) -> str:
    middle = statistics.median(samples)
    digits = 3 if middle < 1 else 2
    if len(samples) < 4:
        return f"{middle:.{digits}f} s"
    low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
    return f"{middle:.{digits}f} s ({low:.{digits}f}–{high:.{digits}f})"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
