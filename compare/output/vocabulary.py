"""Infers from a number's name what the number is, such as a metric, a counter or a setting."""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from gedanken.compare.output.foreign_words import is_foreign_word, separate_words, translate_word


class Role(StrEnum):
    """What kind of number a name stands for."""

    METRIC = "metric"
    COUNTER = "counter"
    """Steps, batches, rounds: how far a run is, not how well it does."""
    ENVIRONMENT = "environment"
    """Times, speeds, memory, dates, source line numbers: values that differ between machines."""
    SETTING = "setting"
    """A value chosen before the run, such as a learning rate."""
    OTHER = "other"


class Measures(StrEnum):
    """What a metric measures. The measures that programs most likely optimize come first."""

    RETURN = "return"
    LOSS = "loss"
    ERROR = "error"
    """Perplexity, bits per byte, RMSE, log loss and the like: minimized, but not called loss."""
    ACCURACY = "accuracy"
    QUALITY = "quality"
    PART = "part of a loss"
    """One part of the loss, such as `box_loss`, not the whole loss that is minimized."""


class Split(StrEnum):
    """The data on which a metric is measured."""

    TRAIN = "train"
    VALIDATION = "val"
    TEST = "test"


class Meaning(NamedTuple):
    """What a name such as `val_loss` stands for."""

    role: Role
    measures: Measures | None = None
    split: Split | None = None
    is_summary: bool = False
    """True for the best or the mean of earlier values."""
    is_always_held_out: bool = False
    """True for BLEU, mAP and similar metrics, which are always measured on held-out data."""

    @property
    def is_held_out(self) -> bool:
        """True if the name says that the metric is measured on validation or test data."""
        return self.split in (Split.VALIDATION, Split.TEST)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LETTERS = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_SPLITS = {
    Split.TRAIN: "train training trn tr learn",
    Split.VALIDATION: "val valid valids validation validate validating vali eval evaluation evaluating dev heldout "
    "holdout oof cv",
    Split.TEST: "test testing tst",
}
SHORT_SPLITS = {"va": Split.VALIDATION, "te": Split.TEST}
"""Words for held-out data that are too short to be understood alone; they must stand beside the name of a metric."""
_ENVIRONMENT = (
    "time times took takes elapsed duration eta sec secs second seconds msec ms minute minutes min_left hours "
    "speed throughput fps ips wps ups tps qps sps runtime mem memory vram rss ram mfu hfu flops tflops gflops "
    "utilization util wall walltime timestamp date latency remaining lineno pid port gpu cpu device devices "
    "clock hour day uptime watts power megabytes gigabytes mb gb mib gib kb bytes"
)
_COUNTERS = (
    "step steps iter iters iteration iterations batch batches minibatch round rounds fold folds update "
    "updates epoch epochs episode episodes timestep timesteps trial generation generations gen frames tokens samples "
    "examples idx index seen consumed it progress"
)
_SHORT_COUNTERS = frozenset(
    ["ep", "up", "sen", "i", "n", "t", "ts", "e", "b", "rank", "local rank", "global rank", "node rank"]
)
"""Short names of counters, and names for the number of a process, such as `local rank`."""
_SETTINGS = (
    "lr rate seed momentum decay wd params param parameters size sizes dim dims layers heads hidden classes "
    "tol patience threshold warmup scale dropout gamma epsilon eps beta alpha temperature vocab total count "
    "num number support shot shots nshot fewshot images workers version level port clip every interval freq frequency"
)
_LOSSES = "loss losses cost objective obj elbo"
_ERRORS = (
    "nll ppl perplexity bpb bpc bpp bits xent ce bce rmse mse mae mape smape rmsle msle rmspe error errors "
    "err oob merror logloss mlogloss deviance huber wape mase crps energy toteng poteng etotal nllloss ece brier"
)
_HELD_OUT_QUALITY = (
    "bleu sacrebleu rouge rougel rougelsum meteor cider spice chrf ter wer cer per map ap ar miou hr ndcg mrr "
    "hit hits fid kid em exact pass lddt gdt"
)
_QUALITY = (
    "top prec precision recall f fscore fbeta p dcf mindcf auc auroc auprc roc iou dice psnr ssim lpips is kappa mcc "
    "r corr pearson spearman score scores success win elo ari nmi silhouette purity eer jaccard specificity "
    "sensitivity quality hd"
)
_RETURNS = "reward rewards rew rews return returns ret epret fitness"
_WHOLE_LOSS = _words(
    "total avg average mean running smoothed epoch batch step final last overall best min lowest iter the "
    "sum main model set minibatch per token tokens current ema function value de du des di del da la le el на"
)
"""Words that may stand beside `loss` in a name of the whole loss, such as `total loss`. A name with any other word,
such as `box loss`, means only a part of the loss.
"""
_SUMMARY = _words("best min max highest lowest peak running ema smoothed cumulative overall improved")
_SETTING_MARKERS = _words(
    "lr scale threshold tol weight patience size num number every interval freq decay fn type std stddev stderr var "
    "variance sd"
)
"""Words that make a metric's name the name of something else: `loss_scale`, `val_loss_every`, `acc_stderr`."""
_RATE_WORDS = _words("per samples tokens images words steps it items examples imgs frames")

_SPLIT_OF = {word: split for split, words in _SPLITS.items() for word in words.split()}
DATA_WORDS = frozenset(_SPLIT_OF)
"""All words that name the data on which a metric is measured."""
_ENVIRONMENT_WORDS, _COUNTER_WORDS, _SETTING_WORDS = map(_words, (_ENVIRONMENT, _COUNTERS, _SETTINGS))
_MEASURES: tuple[tuple[Measures, frozenset[str]], ...] = (
    (Measures.RETURN, _words(_RETURNS)),
    (Measures.ACCURACY, _words("acc accuracy accuracies")),
    (Measures.QUALITY, _words(_HELD_OUT_QUALITY)),
    (Measures.ERROR, _words(_ERRORS)),
    (Measures.QUALITY, _words(_QUALITY)),
)
_PART_OF_REWARD = re.compile(r"(?<![a-z])(?:rewards?|rews?)/(?P<part>[\w-]+)")
"""Matches one of several rewards, such as `rewards/chosen`, as opposed to the whole return that is maximized."""
_KNOWN_WORDS = frozenset(_SPLIT_OF).union(
    _ENVIRONMENT_WORDS, _COUNTER_WORDS, *(words for _measures, words in _MEASURES)
)
_HELD_OUT_WORDS = _words(_HELD_OUT_QUALITY)
_AT_RANK = re.compile(r"(?<![a-z])(?:p|r|precision|recall)@ ?\d")
"""Matches precision or recall among the first results, such as `P@1`."""
_CLASSIFIED_SHARE = re.compile(r"(?<![a-z])(?P<wrong>in)?correctly[ _]classified", re.IGNORECASE)
_RATE = re.compile(
    r"(?:error|word|success|win|hit|character|solve) ?_?-?rate|bits[ _]per[ _](?:byte|char)|cross[ _-]?entropy|"
    r"log[ _-]?likelihood"
)
_METRIC_BEFORE_SIGN = {"f": "12", "r": "2@", "p": "@", "l": "12", "top": "1235", "hit": "@", "hits": "@", "pass": "@"}
"""Short words that name a metric only if one of the given characters follows, as in `f1` or `hits@10`."""
_METRIC_IF_ALONE = _words("is per top oob")
_HELD_OUT_TOP = re.compile(r"(?<![a-z])(?:val|valid|validation|eval|test|dev)[/_-]top[ _-]?\d{0,3}$")
"""Matches the end of a name such as `imagenet-val-top1`; the number may be missing."""
_METRIC_IF_LAST = _words("map ap ar hr")


@lru_cache(maxsize=4096)
def words_in(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case, however they are joined: `valLoss`, `val_loss`, `Validation loss`."""
    words: list[str] = []
    for letters in _LETTERS.findall(separate_words(name)):
        # `mAP` and `IoU` are words; `valLoss` is two.
        parts = (
            [letters]
            if letters.lower() in _KNOWN_WORDS or is_foreign_word(letters.lower())
            else _CAMEL.findall(letters.replace("IoU", "Iou").replace("mAP", "Map"))
        )
        words += [word for part in parts for word in translate_word(part.lower())]
    return tuple(
        _expand_short_split(word, words[max(index - 1, 0) : index], words[index + 1 :])
        for index, word in enumerate(words)
    )


def _expand_short_split(word: str, before: Sequence[str], after: Sequence[str]) -> str:
    """Return `val` for `va`, and `test` for `te`, beside the name of a metric, as in `va_loss`. Return any other word
    unchanged. `before` holds the previous word, `after` all following words.
    """
    is_short = word in SHORT_SPLITS and not _FULL_NAMES.isdisjoint(after[:2] or before)
    return str(SHORT_SPLITS[word]) if is_short else word


@lru_cache(maxsize=4096)
def find_split(text: str) -> Split | None:
    """Return the data split that a text names, such as `test` for `Test set:`. If it names several, return the last
    one; if it names none, return None.
    """
    return next((_SPLIT_OF[word] for word in reversed(words_in(text)) if word in _SPLIT_OF), None)


def name_key(name: str) -> tuple[str, ...]:
    """Return a key that is equal for all spellings of a name: `val_loss`, `Validation loss` and `valLoss`."""
    abbreviations = {"accuracy": "acc", "accuracies": "acc", "losses": "loss", "average": "avg", "perplexity": "ppl"}
    words = [_SPLIT_OF.get(word, abbreviations.get(word, word)) for word in words_in(name)]
    return (*(str(word) for word in words if word not in ("the", "of", "is", "set")), *re.findall(r"\d+", name))


@lru_cache(maxsize=4096)
def meaning_of(name: str) -> Meaning:
    """Return what a printed name such as `val_loss` stands for: its role, what it measures, and on which data."""
    name = name.removesuffix(" in brackets")
    words = words_in(name)
    word_set = frozenset(words)
    split = find_split(name)
    measures = _measures(name, words)
    is_rate = _is_rate(name, word_set)
    # `best fitness` is the best of a population, not of earlier values.
    is_summary = bool(word_set & _SUMMARY) and "fitness" not in word_set
    if is_rate or words == ("data",) or word_set & _ENVIRONMENT_WORDS:
        return Meaning(Role.ENVIRONMENT, None, split)
    if measures is not None and not word_set & _SETTING_MARKERS:
        lower = name.lower()
        is_named = any(word in _HELD_OUT_WORDS and _is_metric_word(word, lower, words) for word in words)
        is_of_task = is_named or word_set >= {"mean", "iou"} or _AT_RANK.search(lower) is not None
        is_held_out = measures is Measures.QUALITY and is_of_task
        return Meaning(Role.METRIC, measures, split, is_summary, is_held_out)
    if " ".join(words) in _SHORT_COUNTERS:
        return Meaning(Role.COUNTER, None, split)
    if word_set & _SETTING_WORDS:
        # `num_updates`, `epoch_num` count; `batch_size` was chosen.
        is_counter = word_set & _COUNTER_WORDS and (
            words[-1] in _COUNTER_WORDS or word_set & {"num", "number", "total", "count"}
        )
        role = Role.COUNTER if is_counter else Role.SETTING
        return Meaning(role, None, split)
    return Meaning(Role.COUNTER if word_set & _COUNTER_WORDS else Role.OTHER, None, split, is_summary)


def _is_rate(name: str, word_set: frozenset[str]) -> bool:
    """Return whether a name stands for a speed, which depends on the machine: `samples_per_second`, `tok/s`,
    `it/s`."""
    lower = name.lower()
    per_time = re.search(r"(?:/|\bper[ _]|_per_)(?:s|sec|second|min|hour|h)\b", lower)
    return bool(per_time) or (
        "per" in word_set and bool(word_set & _RATE_WORDS) and bool(word_set & {"sec", "second", "s"})
    )


def _measures(name: str, words: tuple[str, ...]) -> Measures | None:
    lower = name.lower()
    if classified := _CLASSIFIED_SHARE.search(lower):
        return Measures.ERROR if classified["wrong"] else Measures.ACCURACY
    if (part := _PART_OF_REWARD.search(lower)) and not _WHOLE_LOSS.issuperset(words_in(part["part"])):
        return Measures.ACCURACY if not _ACCURACIES.isdisjoint(words_in(part["part"])) else Measures.QUALITY
    if any(word in _LOSS_WORDS or (word.endswith("loss") and word not in _ERROR_WORDS) for word in words):
        words = tuple(word for word in words if "cross" not in words or word not in ("cross", "entropy"))
        other_words = [word for word in words if word not in _LOSS_WORDS and word not in _SPLIT_OF]
        is_whole = all(word in _WHOLE_LOSS for word in other_words) and not _LOSS_PART.search(name)
        if (
            not is_whole
            and "/" in lower
            and (inner := lower.rpartition("/")[2])
            and _LOSS_WORDS.isdisjoint(words_in(inner))
        ):
            inner_measure = _measures(inner, words_in(inner))
            return inner_measure if inner_measure in (Measures.RETURN, Measures.ACCURACY) else Measures.PART
        return Measures.LOSS if is_whole else Measures.PART
    if _RATE.search(lower):
        return Measures.QUALITY if re.search("success|win|hit|solve", lower) else Measures.ERROR
    if re.search(r"(?:^|[_ '/-])l[12]$", lower):
        return Measures.ERROR
    if not _RETURN_PART_WORDS.isdisjoint(words) and not _RETURN_WORDS.isdisjoint(words):
        return Measures.QUALITY
    for measures, metric_words in _MEASURES:
        if any(word in metric_words and _is_metric_word(word, lower, words) for word in words):
            return measures
    return None


def _is_metric_word(word: str, name: str, words: tuple[str, ...]) -> bool:
    """Return whether `word`, such as `is` (inception score) or `top`, means a metric in a name, and not an ordinary
    word. `name` is in lower case; `words` are all its words.
    """
    required_signs = _METRIC_BEFORE_SIGN.get(word)
    if required_signs is not None and not re.search(rf"(?<![a-z]){word}[ _-]?[{required_signs}]", name):
        return word in ("hit", "hits") and "rate" in words
    if word == "top" and _HELD_OUT_TOP.search(name):
        return True
    if word in _METRIC_IF_ALONE:
        other_words = [
            other_word
            for other_word in words
            if other_word != word and other_word not in _SPLIT_OF and other_word not in _SUMMARY
        ]
        return not other_words
    return (
        word not in _METRIC_IF_LAST
        or word in (words[-1], words[0])
        or f"({word})" in name
        or re.search(rf"{word}(?:[@\d]|_?(?:s|m|l|small|medium|large)$)", name) is not None
    )


_LOSS_WORDS = _words(_LOSSES)
_FULL_NAMES = _LOSS_WORDS.union(*(words for _measures, words in _MEASURES)) - _words(
    "is per top map hit pass r p em kid"
)
"""Words that name a metric and cannot be mistaken for an ordinary word, unlike `is` or `top`."""
_RETURN_WORDS, _RETURN_PART_WORDS = _words(_RETURNS), _words("non no kl penalty bonus margin margins")
_ACCURACIES = _words("acc accuracy accuracies")
_LOSS_PART = re.compile(
    r"loss\d|loss[ _-]?[dgDG]\b|(?<![a-z])value[ _-]?(?:function[ _])?loss|loss(?:es)?/value", re.IGNORECASE
)
"""Matches the loss of one of several networks, such as a critic's `value_loss`; `loss value` is the whole loss."""
_ERROR_WORDS = _words(_ERRORS)
