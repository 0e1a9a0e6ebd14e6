"""The results of the benchmark as tables."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import mean, median, stdev
from typing import Any

from benchmarks.wild.doctoring import DOCTORINGS
from benchmarks.wild.halves import HALVES
from benchmarks.wild.listed import LISTED
from benchmarks.wild.maximum import most_power
from gedanken.compare.stats.proportions import share_of

Result = dict[str, Any]


def clustered(by_style: dict[str, list[bool]]) -> tuple[float, float]:
    """Return the 95 % interval of a share: on either side the wider of Wilson's over all comparisons and
    Student's over the styles.
    """
    from scipy.stats import t

    every = [one for some in by_style.values() for one in some]
    pooled = share_of(sum(every), len(every))
    shares = [mean(some) for some in by_style.values()]
    if len(shares) < 2:
        return pooled.low, pooled.high
    half = float(t.ppf(0.975, len(shares) - 1)) * stdev(shares) / math.sqrt(len(shares))
    return max(0.0, min(pooled.low, mean(shares) - half)), min(1.0, max(pooled.high, mean(shares) + half))


def alarms_table(what: str, results: Sequence[Result]) -> str:
    """Return a table of false alarms, by style and in total."""
    lines = [f"## {what}", "", "| style | comparisons | false alarms | kinds |", "|---|---|---|---|"]
    by_style = _by(results, "style")
    for name, some in by_style.items():
        kinds = Counter(kind for one in some for kind in sorted(set(one["kinds"])))
        told = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
        lines.append(f"| {name} | {len(some)} | {sum(bool(one['kinds']) for one in some)} | {told} |")
    low, high = clustered({name: [bool(one["kinds"]) for one in some] for name, some in by_style.items()})
    alarms = sum(bool(one["kinds"]) for one in results)
    lines.append(
        f"| all | {len(results)} | {alarms}: {alarms / len(results):.1%} (95 % by style: {low:.1%} to {high:.1%}) | |"
    )
    return "\n".join(lines)


def power_table(results: Sequence[Result]) -> str:
    """Return a table of the power for each doctoring; for a metric other than the primary one, beside the largest
    possible power.
    """
    lines = [
        "## Power",
        "",
        "| doctoring | doctored | found | undecided | missed | target | missed or undecided in |",
        "|---|---|---|---|---|---|---|",
    ]
    kept = [one for one in results if (one["style"], one["doctoring"]) not in LISTED]
    by_doctoring = _by(kept, "doctoring")
    families = {style.name: len(style.metrics) - 1 for styles in HALVES.values() for style in styles}
    for doctoring in DOCTORINGS:
        for doctored in (3, 1):
            some = [one for one in by_doctoring.get(doctoring.name, []) if one["doctored"] == doctored]
            if not some:
                continue
            found = [one for one in some if is_found(one)]
            lost = [one for one in some if not is_found(one)]
            unsure = sum(bool(one["undecided"]) for one in lost)
            target = doctoring.target if doctored == 3 else doctoring.one
            asked = "" if target is None else f"{target:.0%}"
            if doctoring.of_another and doctored == 3:
                asked = f"at most {mean(most_power(families[one['style']], 4.0) for one in some):.0%}"
            where = ", ".join(
                f"{name} {count}" for name, count in Counter(one["style"] for one in lost).most_common()
            )
            lines.append(
                f"| {doctoring.name} | {doctored} of 3 | {len(found)} of {len(some)}: {len(found) / len(some):.0%} | "
                f"{unsure} | {len(lost) - unsure} | {asked} | {where} |"
            )
    pairs = {(one["style"], one["doctoring"]) for one in results}
    listed = len(pairs & set(LISTED))
    lines.append(f"\nLeft out, as listed before judging: {listed} of {len(pairs)} pairs of style and doctoring.")
    return "\n".join(lines)


def is_found(result: Result) -> bool:
    """Return whether there is a finding of a kind that did not occur before, or more findings of a kind."""
    return bool(Counter(result["kinds"]) - Counter(result["before"]))


def numbers_of_findings(results: Sequence[Result]) -> str:
    """Return how many findings one fault causes, if it is found and there was no finding before."""
    lines = [
        "## Findings of one fault",
        "",
        "| doctoring | doctored | median | 95th percentile | most |",
        "|---|---|---|---|---|",
    ]
    clean = [one for one in results if one["kinds"] and not one["before"]]
    rows = [(doctoring.name, doctored) for doctoring in DOCTORINGS for doctored in (3, 1)]
    for name, doctored in [*rows, ("all", 3), ("all", 1)]:
        counts = sorted(
            len(one["kinds"]) for one in clean if one["doctored"] == doctored and name in ("all", one["doctoring"])
        )
        if counts:
            high = counts[min(len(counts) - 1, math.ceil(0.95 * len(counts)) - 1)]
            lines.append(f"| {name} | {doctored} of 3 | {median(counts):g} | {high} | {counts[-1]} |")
    return "\n".join(lines)


def names_table(results: Sequence[Result]) -> str:
    """Return a table of how often the primary endpoint, and each metric, has the name that a practitioner would
    give it.
    """
    lines = [
        "## Names",
        "",
        "| style | primary endpoint as it should be | otherwise | metrics not named |",
        "|---|---|---|---|",
    ]
    plain = [one for one in results if one["what"] == "alarms 7:3"]
    for name, some in _by(plain, "style").items():
        others = Counter(str(one["primary"]) for one in some if not one["named"])
        lacking = Counter(metric for one in some for metric in one["unnamed"])
        told = [", ".join(f"{what} {count}" for what, count in one.most_common(3)) for one in (others, lacking)]
        lines.append(f"| {name} | {sum(one['named'] for one in some)} of {len(some)} | {told[0]} | {told[1]} |")
    right = sum(one["named"] for one in plain)
    lines.append(f"| all | {right} of {len(plain)} | | |")
    return "\n".join(lines)


def _by(results: Sequence[Result], field: str) -> dict[str, list[Result]]:
    groups: defaultdict[str, list[Result]] = defaultdict(list)
    for one in results:
        groups[one[field]].append(one)
    return dict(groups)
