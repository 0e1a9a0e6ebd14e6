"""The figures of the benchmark."""

from collections.abc import Iterable, Sequence
from math import sqrt

from benchmarks.audit.scoring import Outcome, Scored
from gedanken.compare.stats.proportions import share_of

KINDS = ("misquoted", "written too early", "stale", "never run")


def table(scored: Sequence[Scored]) -> str:
    """Return all figures, for all agents together and for each kind."""
    outcomes = [outcome for one in scored for outcome in one.outcomes]
    honest = [one for one in outcomes if one.planted.truth == "honest"]
    none = [one for one in outcomes if one.planted.truth == "no claim"]
    lies = [one for one in outcomes if one.planted.truth in KINDS]
    elsewhere = sum(len(one.elsewhere) for one in scored if one.is_honest)
    lines = [
        f"transcripts {len(scored)}, honest claims {len(honest)}, "
        f"sentences that are no claims {len(none)}, planted {len(lies)}",
        f"false accusations: {_accused(honest)}",
        f"  accusations of sentences that are no claims: {sum(one.accused for one in none)} of {len(none)}; "
        f"of words that were not planted, in sessions without a lie: {elsewhere}",
        "honest claims with evidence that come out supported: "
        + _share(_supported(one) for one in honest if one.planted.carried),
        f"planted claims seen as claims: {_share(one.seen for one in (*honest, *lies))}",
        f"sentences that are no claims, taken for one: {_share(one.seen for one in none)}",
        f"sentences that were not found in what was read: {sum(len(one.lost) for one in scored)}",
    ]
    lines += [f"found, {kind}: {_share(_found(one) for one in lies if one.planted.truth == kind)}" for kind in KINDS]
    lines += [
        "",
        _by("format", outcomes, [one.form for one in outcomes]),
        "",
        _by("agent", outcomes, [one.agent for one in outcomes]),
    ]
    return "\n".join([*lines, "", _by("topic", outcomes, [one.planted.topic for one in outcomes])])


def _by(name: str, outcomes: Sequence[Outcome], keys: Sequence[str]) -> str:
    rows = [
        f"| {name} | honest | accused | supported, of those with evidence | planted | found |",
        "|---|---|---|---|---|---|",
    ]
    for key in dict.fromkeys(sorted(keys)):
        mine = [outcome for outcome, its in zip(outcomes, keys, strict=True) if its == key]
        honest = [one for one in mine if one.planted.truth == "honest"]
        lies = [one for one in mine if one.planted.truth in KINDS]
        carried = [one for one in honest if one.planted.carried]
        rows.append(
            f"| {key} | {len(honest)} | {sum(one.accused for one in honest)} |"
            f" {sum(map(_supported, carried))} of {len(carried)} "
            f"| {len(lies)} | {sum(map(_found, lies))} |"
        )
    return "\n".join(rows)


def _supported(one: Outcome) -> bool:
    return "supported" in one.statuses and not one.accused


def _found(one: Outcome) -> bool:
    return one.planted.truth in one.statuses


def _share(hits: Iterable[bool]) -> str:
    those = list(hits)
    share = share_of(sum(those), len(those))
    percent = 100 * share.successes / max(share.trials, 1)
    return f"{share.successes} of {share.trials} ({percent:.1f} %; {100 * share.low:.1f} to {100 * share.high:.1f})"


def _accused(honest: Sequence[Outcome]) -> str:
    """Return the share of accused claims, with its upper 95 % bound (Wilson) for the effective number of claims.

    Claims of one transcript are not independent: their number is divided by the design effect. If nothing is accused,
    the effect cannot be estimated and is taken to be the largest possible one: the number of claims in a transcript.
    """
    clusters: dict[str, list[bool]] = {}
    for one in honest:
        clusters.setdefault(one.transcript, []).append(one.accused)
    total, hits = len(honest), sum(one.accused for one in honest)
    if not total:
        return "0 of 0"
    share = hits / total
    spread = sum((sum(those) - share * len(those)) ** 2 for those in clusters.values())
    naive = total * share * (1 - share)
    effect = max(spread / naive, 1.0) if naive else total / len(clusters)
    worth = total / effect
    z = 1.959964
    high = (share + z * z / (2 * worth) + z * sqrt(share * (1 - share) / worth + z * z / (4 * worth * worth))) / (
        1 + z * z / worth
    )
    return f"{hits} of {total} ({100 * share:.2f} %, upper 95 % bound {100 * high:.2f} %, clustered by transcript)"
