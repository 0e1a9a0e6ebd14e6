"""The results of the benchmark as tables."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import mean, median, stdev
from typing import Any

from benchmarks.wild.doctoring import DOCTORINGS
from benchmarks.wild.halves import HALVES
from benchmarks.wild.listed import UNDETECTABLE
from benchmarks.wild.maximum import most_power
from gedanken.compare.stats.proportions import wilson_share

Result = dict[str, Any]


def clustered_interval(by_style: dict[str, list[bool]]) -> tuple[float, float]:
    """Return a 95 % interval for the share of true flags, which are grouped by style.

    Wilson's interval over all flags and Student's over the styles' shares are joined: the result covers both.
    """
    from scipy.stats import t

    all_flags = [flag for flags in by_style.values() for flag in flags]
    pooled = wilson_share(sum(all_flags), len(all_flags))
    shares = [mean(flags) for flags in by_style.values()]
    if len(shares) < 2:
        return pooled.low, pooled.high
    half = float(t.ppf(0.975, len(shares) - 1)) * stdev(shares) / math.sqrt(len(shares))
    return max(0.0, min(pooled.low, mean(shares) - half)), min(1.0, max(pooled.high, mean(shares) + half))


def alarms_table(title: str, results: Sequence[Result]) -> str:
    """Return a table of false alarms, for each style of logs (such as `catboost`) and in total."""
    lines = [f"## {title}", "", "| style | comparisons | false alarms | kinds |", "|---|---|---|---|"]
    by_style = _group_by(results, "style")
    for name, style_results in by_style.items():
        kinds = Counter(kind for result in style_results for kind in sorted(set(result["kinds"])))
        kinds_text = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
        lines.append(
            f"| {name} | {len(style_results)} | "
            f"{sum(bool(result['kinds']) for result in style_results)} | {kinds_text} |"
        )
    low, high = clustered_interval(
        {name: [bool(result["kinds"]) for result in style_results] for name, style_results in by_style.items()}
    )
    alarms = sum(bool(result["kinds"]) for result in results)
    lines.append(
        f"| all | {len(results)} | {alarms}: {alarms / len(results):.1%} (95 % by style: {low:.1%} to {high:.1%}) | |"
    )
    return "\n".join(lines)


def power_table(results: Sequence[Result]) -> str:
    """Return a table: how often the fault of each doctoring is found, and the target.

    If a metric other than the primary one is doctored, the highest possible power is shown in place of a target.
    Pairs of style and doctoring in `UNDETECTABLE` are left out.
    """
    lines = [
        "## Power",
        "",
        "| doctoring | doctored | found | undecided | missed | target | missed or undecided in |",
        "|---|---|---|---|---|---|---|",
    ]
    unlisted = [result for result in results if (result["style"], result["doctoring"]) not in UNDETECTABLE]
    by_doctoring = _group_by(unlisted, "doctoring")
    families = {style.name: len(style.metrics) - 1 for styles in HALVES.values() for style in styles}
    for doctoring in DOCTORINGS:
        for doctored in (3, 1):
            selected = [result for result in by_doctoring.get(doctoring.name, []) if result["doctored"] == doctored]
            if not selected:
                continue
            found = [result for result in selected if is_found(result)]
            not_found = [result for result in selected if not is_found(result)]
            unsure = sum(bool(result["undecided"]) for result in not_found)
            target = doctoring.target if doctored == 3 else doctoring.one
            target_text = "" if target is None else f"{target:.0%}"
            if doctoring.of_another and doctored == 3:
                target_text = f"at most {mean(most_power(families[result['style']], 4.0) for result in selected):.0%}"
            styles_text = ", ".join(
                f"{name} {count}" for name, count in Counter(result["style"] for result in not_found).most_common()
            )
            lines.append(
                f"| {doctoring.name} | {doctored} of 3 | "
                f"{len(found)} of {len(selected)}: {len(found) / len(selected):.0%} | "
                f"{unsure} | {len(not_found) - unsure} | {target_text} | {styles_text} |"
            )
    pairs = {(result["style"], result["doctoring"]) for result in results}
    listed = len(pairs & set(UNDETECTABLE))
    lines.append(f"\nLeft out, as listed before judging: {listed} of {len(pairs)} pairs of style and doctoring.")
    return "\n".join(lines)


def is_found(result: Result) -> bool:
    """Return whether doctoring led to findings of a new kind, or to more findings of some kind."""
    return bool(Counter(result["kinds"]) - Counter(result["before"]))


def numbers_of_findings(results: Sequence[Result]) -> str:
    """Return a table: how many findings one fault causes, in comparisons that had none before doctoring."""
    lines = [
        "## Findings of one fault",
        "",
        "| doctoring | doctored | median | 95th percentile | most |",
        "|---|---|---|---|---|",
    ]
    clean = [result for result in results if result["kinds"] and not result["before"]]
    rows = [(doctoring.name, doctored) for doctoring in DOCTORINGS for doctored in (3, 1)]
    for name, doctored in [*rows, ("all", 3), ("all", 1)]:
        counts = sorted(
            len(result["kinds"])
            for result in clean
            if result["doctored"] == doctored and name in ("all", result["doctoring"])
        )
        if counts:
            high = counts[min(len(counts) - 1, math.ceil(0.95 * len(counts)) - 1)]
            lines.append(f"| {name} | {doctored} of 3 | {median(counts):g} | {high} | {counts[-1]} |")
    return "\n".join(lines)


def names_table(results: Sequence[Result]) -> str:
    """Return a table: how often the primary endpoint and each metric have the name that practitioners use."""
    lines = [
        "## Names",
        "",
        "| style | primary endpoint as it should be | otherwise | metrics not named |",
        "|---|---|---|---|",
    ]
    alarm_results = [result for result in results if result["what"] == "alarms 7:3"]
    for name, style_results in _group_by(alarm_results, "style").items():
        other_names = Counter(str(result["primary"]) for result in style_results if not result["named"])
        unnamed = Counter(metric for result in style_results for metric in result["unnamed"])
        cells = [
            ", ".join(f"{label} {count}" for label, count in counter.most_common(3))
            for counter in (other_names, unnamed)
        ]
        lines.append(
            f"| {name} | {sum(result['named'] for result in style_results)} of {len(style_results)} | "
            f"{cells[0]} | {cells[1]} |"
        )
    named_count = sum(result["named"] for result in alarm_results)
    lines.append(f"| all | {named_count} of {len(alarm_results)} | | |")
    return "\n".join(lines)


def _group_by(results: Sequence[Result], field: str) -> dict[str, list[Result]]:
    groups: defaultdict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[result[field]].append(result)
    return dict(groups)
