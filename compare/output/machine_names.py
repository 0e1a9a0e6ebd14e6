"""Recognizes numbers about the machine and its software, such as `num_workers`, which may differ between runs."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gedanken.compare.output.named_numbers import Named
from gedanken.compare.output.number_lists import name_before, number_lists
from gedanken.compare.output.packages import COMMON, UNMISTAKABLE
from gedanken.compare.output.phrases import STOPS
from gedanken.compare.output.vocabulary import Role, words_in


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_COUNTED = _words("gpu cpu vcpu tpu npu xpu core thread worker job proc device")
"""Parts of a machine that are counted, so that an `n` may stand before the word: `ngpus`."""
_PARTS = _words(
    "sm multiprocessor processor socket numa machine replica driver capability compiler ram vram mem memory rss disk "
    "storage port pid ppid tid uid gid host hostname gomaxprocs maxprocs terminal screen tty os platform lineno date "
    "timestamp nvidia geforce rtx gtx quadro tesla radeon amd intel xeon epyc ryzen"
)
_SOFTWARE = UNMISTAKABLE | _words(
    "version cudart cublas cufft nvcc hip miopen mkl mkldnn onednn openmp omp openblas blas lapack mpi openmpi gloo "
    "libc libstdc clang llvm cmake linux ubuntu debian centos macos conda pip jdk julia scikit pyarrow seaborn "
    "tensorboard safetensors huggingface peft trl bitsandbytes megatron fairseq fairscale mmcv mmengine mmdet "
    "detectron ultralytics mlflow omegaconf optuna paddlepaddle mindspore theano chainer cupy numba cython nltk "
    "spacy gensim opencv einops tqdm gradio streamlit fsspec sentencepiece tiktoken psutil protobuf onnx onnxruntime "
    "tensorrt vllm"
)
_ALONE = COMMON | _words(
    "tf ray hydra haiku java paddle pillow pil diffusers evaluate caffe gluon build revision env environment slots "
    "nslots go golang rustc"
)
"""Words that name the machine or its software only if a name has no other words."""
_NODES = _words("node nodes nnodes rank process processes")
_OF_NODES = _NODES | _words("n num number no of the total count local global world my per")
"""Words of names such as `num_nodes` or `local_rank`. A name with any other word, such as `lora_rank`, belongs to the
program."""
_PAIRS = (
    *(("world", "size"), ("parallel", "size"), ("flash", "attn"), ("flash", "attention")),
    *((kind, "parallel") for kind in ("tensor", "pipeline", "data", "model", "expert", "context", "sequence")),
    *((short, "size") for short in ("tp", "pp", "dp", "cp", "fsdp")),
)
_SHORT_PAIRS = _words("tp pp dp cp")
"""Short names for ways to share work among parts of a machine. `tp` alone may stand for true positives."""
_POSITIVES = _words("fp fn tn")
_OF_PROGRAM = _words(
    "seed seeds batch batches minibatch lr epoch epochs step steps iter iteration iterations loss dropout hidden "
    "heads layers params parameters lora dim dims"
)
"""A name with one of these words belongs to the program: `batch_size_per_gpu`, `torch_seed`."""
_OF_SCREEN = _words("window display monitor console viewport desktop")
_LISTS_SOFTWARE = _words(
    "versions packages libs libraries requirements dependencies software hardware env environment"
)
_WORDS = _COUNTED | _PARTS | _SOFTWARE
_TAG = re.compile(r"\s*(?:\[(?P<inner>[A-Za-z ]{2,30})\]|(?P<plain>[A-Za-z ]{2,30}):)\s")
"""Matches a label at the beginning of a line, such as `[env]` or `versions:`."""
_PLURAL_OF_CAPITALS = re.compile(r"(?<=[A-Z]{2})s(?![a-z])")
_LETTERS = re.compile(r"[^\W\d_]+")
_BETWEEN = _words("x by and or to of")
_JOINS = re.compile(r"[\s,;(){}'\"/.+x×-]*|\s(?:by|and|or|to|of)\s")
"""Matches the text between two numbers if it says nothing about the second number, as in `80 x 24`."""
_NOUN = re.compile(
    r"\s?(?P<first>[A-Za-z]{2,30})(?: (?P<second>[A-Za-z]{2,30}))?"
    r"(?=\s*(?:$|[,;|)\]]|(?:and|on|in|with|per|available|visible|found|detected|used)\b))"
)
"""Matches one or two words behind a number, at the end of their phrase: `8 gpus`, `16 data workers`."""
_WORDS_BEFORE = 3
"""Maximum number of words that are read before a number without a name."""


@lru_cache(maxsize=4096)
def is_of_machine(name: str, *, is_size: bool = False) -> bool:
    """Return whether a name says what the machine or its software is: `cuDNN`, `num_workers`, `torch`.

    `is_size` is true for a number such as `1920x1080`: `window` then means a screen. A name such as `nodes`, which
    may also belong to the program, counts too.
    """
    name = _PLURAL_OF_CAPITALS.sub("", name)
    words = words_in(name)
    known = frozenset((*words, *map(str.lower, _LETTERS.findall(name))))
    if not known.isdisjoint(_OF_PROGRAM):
        return False
    if any(map(_names_part, known)) or any(known.issuperset(pair) for pair in _PAIRS):
        return True
    is_node = not known.isdisjoint(_NODES) and _OF_NODES.issuperset(words)
    return is_node or _are_all(words, _ALONE) or (is_size and not known.isdisjoint(_OF_SCREEN))


def _are_all(words: Sequence[str], known: frozenset[str]) -> bool:
    return bool(words) and known.issuperset(words)


def _names_part(word: str) -> bool:
    one = word if word in _WORDS else word.removesuffix("s")
    return one in _WORDS or (one.startswith("n") and one.removeprefix("num").removeprefix("n") in _COUNTED)


def machine_columns(line: str, spans: Sequence[tuple[int, int]], named: Sequence[Named]) -> frozenset[int]:
    """Return the indices of the values in a line that say what the machine or its software is.

    `spans` holds the start and end of each value, `named` the name and role. A value without a name is judged by the
    words or the value before it.
    """
    tag = _TAG.match(line)
    lists_software = tag is not None and _are_all(words_in(tag["inner"] or tag["plain"]), _LISTS_SOFTWARE)
    lists = {listed.columns[0]: listed for listed in number_lists(line, spans)}
    found = set(_shares(named[: len(spans)]))
    for at, one in enumerate(named[: len(spans)]):
        before = line[spans[at - 1][1] if at else 0 : spans[at][0]]
        is_beside = at > 0 and _BETWEEN.issuperset(words_in(one.name)) and _JOINS.fullmatch(before) is not None
        if is_beside and not (named[at - 1].is_part_of_name and " " in before):
            is_found = at - 1 in found
        else:
            name = one.name or (name_before(line, spans, lists[at]) if at in lists else "")
            name = name or " ".join(_LETTERS.findall(before)[-_WORDS_BEFORE:])
            is_found = is_of_machine(name) or (lists_software and (not one.name or one.role is Role.OTHER))
        if is_found or (one.role is Role.OTHER and _counts_parts(line, *spans[at])):
            found.add(at)
    return frozenset(found)


def _shares(named: Sequence[Named]) -> Iterator[int]:
    """Yield the indices of the values that say how the work is shared among parts of a machine: `dp=4 tp=2`."""
    names = [one.name.lower() for one in named]
    if len(_SHORT_PAIRS.intersection(names)) > 1 and _POSITIVES.isdisjoint(names):
        yield from (at for at, name in enumerate(names) if name in _SHORT_PAIRS)


def _counts_parts(line: str, start: int, end: int) -> bool:
    """Return whether a number counts parts of a machine, by the words behind the number: `world: 8 gpus`."""
    noun = _NOUN.match(line, end) if line[:start].rstrip()[-1:] != "=" else None
    if noun is None or noun["first"].lower() in STOPS:
        return False
    return is_of_machine(noun["first"]) or (noun["second"] is not None and is_of_machine(noun["second"]))
