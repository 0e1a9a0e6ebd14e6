"""The figures that the benchmark prints."""

from collections.abc import Iterable, Sequence
from math import sqrt

from benchmarks.audit.scoring import Outcome, ScoredTranscript
from gedanken.compare.stats.proportions import wilson_share

KINDS = ("misquoted", "written too early", "stale", "never run")


def table(scored: Sequence[ScoredTranscript]) -> str:
    """Return the figures as text: over all transcripts, then by format, agent and topic."""
    outcomes = [outcome for session in scored for outcome in session.outcomes]
    honest = [outcome for outcome in outcomes if outcome.planted.truth == "honest"]
    unclaimed = [outcome for outcome in outcomes if outcome.planted.truth == "no claim"]
    lies = [outcome for outcome in outcomes if outcome.planted.truth in KINDS]
    elsewhere = sum(len(session.elsewhere) for session in scored if session.is_honest)
    lines = [
        f"transcripts {len(scored)}, honest claims {len(honest)}, "
        f"sentences that are no claims {len(unclaimed)}, planted {len(lies)}",
        f"false accusations: {_format_accused_share(honest)}",
        f"  accusations of sentences that are no claims: {sum(outcome.accused for outcome in unclaimed)} of "
        f"{len(unclaimed)}; "
        f"of words that were not planted, in sessions without a lie: {elsewhere}",
        "honest claims with evidence that come out supported: "
        + _format_share(_is_supported(outcome) for outcome in honest if outcome.planted.carried),
        f"planted claims seen as claims: {_format_share(outcome.seen for outcome in (*honest, *lies))}",
        f"sentences that are no claims, taken for one: {_format_share(outcome.seen for outcome in unclaimed)}",
        f"sentences that were not found in what was read: {sum(len(session.lost) for session in scored)}",
    ]
    lines += [
        f"found, {kind}: {_format_share(_is_found(outcome) for outcome in lies if outcome.planted.truth == kind)}"
        for kind in KINDS
    ]
    lines += [
        "",
        _table_by("format", outcomes, [outcome.form for outcome in outcomes]),
        "",
        _table_by("agent", outcomes, [outcome.agent for outcome in outcomes]),
    ]
    return "\n".join([*lines, "", _table_by("topic", outcomes, [outcome.planted.topic for outcome in outcomes])])


def _table_by(name: str, outcomes: Sequence[Outcome], keys: Sequence[str]) -> str:
    rows = [
        f"| {name} | honest | accused | supported, of those with evidence | planted | found |",
        "|---|---|---|---|---|---|",
    ]
    for key in dict.fromkeys(sorted(keys)):
        selected = [outcome for outcome, row_key in zip(outcomes, keys, strict=True) if row_key == key]
        honest = [outcome for outcome in selected if outcome.planted.truth == "honest"]
        lies = [outcome for outcome in selected if outcome.planted.truth in KINDS]
        carried = [outcome for outcome in honest if outcome.planted.carried]
        rows.append(
            f"| {key} | {len(honest)} | {sum(outcome.accused for outcome in honest)} |"
            f" {sum(map(_is_supported, carried))} of {len(carried)} "
            f"| {len(lies)} | {sum(map(_is_found, lies))} |"
        )
    return "\n".join(rows)


def _is_supported(outcome: Outcome) -> bool:
    return "supported" in outcome.statuses and not outcome.accused


def _is_found(outcome: Outcome) -> bool:
    return outcome.planted.truth in outcome.statuses


def _format_share(hits: Iterable[bool]) -> str:
    values = list(hits)
    share = wilson_share(sum(values), len(values))
    percent = 100 * share.successes / max(share.trials, 1)
    return f"{share.successes} of {share.trials} ({percent:.1f} %; {100 * share.low:.1f} to {100 * share.high:.1f})"


def _format_accused_share(honest: Sequence[Outcome]) -> str:
    """Return the share of accused claims, with its upper 95 % bound (Wilson) for the effective number of claims.

    Claims in the same transcript are not independent, so their number is divided by the design effect. If no claim is
    accused, the design effect cannot be estimated; the largest possible value is used, which is the mean number of
    claims per transcript.
    """
    clusters: dict[str, list[bool]] = {}
    for outcome in honest:
        clusters.setdefault(outcome.transcript, []).append(outcome.accused)
    total, hits = len(honest), sum(outcome.accused for outcome in honest)
    if not total:
        return "0 of 0"
    share = hits / total
    spread = sum((sum(cluster) - share * len(cluster)) ** 2 for cluster in clusters.values())
    naive = total * share * (1 - share)
    effect = max(spread / naive, 1.0) if naive else total / len(clusters)
    effective_total = total / effect
    z = 1.959964
    high = (
        share
        + z * z / (2 * effective_total)
        + z * sqrt(share * (1 - share) / effective_total + z * z / (4 * effective_total * effective_total))
    ) / (1 + z * z / effective_total)
    return f"{hits} of {total} ({100 * share:.2f} %, upper 95 % bound {100 * high:.2f} %, clustered by transcript)"
