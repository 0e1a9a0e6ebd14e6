"""Recognizes numbers about the machine and its software, such as `num_workers`, which may differ between runs."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gedanken.compare.output.named_numbers import NamedNumber
from gedanken.compare.output.number_lists import name_before, number_lists
from gedanken.compare.output.packages import COMMON, UNMISTAKABLE
from gedanken.compare.output.phrases import STOP_WORDS
from gedanken.compare.output.vocabulary import Role, words_in


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_COUNTED_PARTS = _words("gpu cpu vcpu tpu npu xpu core thread worker job proc device")
"""Parts of a machine that are counted. A name may therefore have an `n` before such a word, as in `ngpus`."""
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
_ONLY_ALONE = COMMON | _words(
    "tf ray hydra haiku java paddle pillow pil diffusers evaluate caffe gluon build revision env environment slots "
    "nslots go golang rustc"
)
"""Words that name the machine or its software only if the name consists of nothing else."""
_NODE_WORDS = _words("node nodes nnodes rank process processes")
_NODE_NAME_WORDS = _NODE_WORDS | _words("n num number no of the total count local global world my per")
"""Words of which names such as `num_nodes` or `local_rank` consist. A name with any other word, such as
`lora_rank`, belongs to the program.
"""
_PAIRS = (
    *(("world", "size"), ("parallel", "size"), ("flash", "attn"), ("flash", "attention")),
    *((kind, "parallel") for kind in ("tensor", "pipeline", "data", "model", "expert", "context", "sequence")),
    *((short, "size") for short in ("tp", "pp", "dp", "cp", "fsdp")),
)
_SHORT_PAIRS = _words("tp pp dp cp")
"""Short names for the sizes of parallel groups, such as `tp` for tensor parallelism. They count only in pairs,
because a single `tp` may mean true positives.
"""
_CONFUSION_COUNTS = _words("fp fn tn")
_PROGRAM_WORDS = _words(
    "seed seeds batch batches minibatch lr epoch epochs step steps iter iteration iterations loss dropout hidden "
    "heads layers params parameters lora dim dims"
)
"""If a name contains one of these words, it belongs to the program: `batch_size_per_gpu`, `torch_seed`."""
_SCREEN_WORDS = _words("window display monitor console viewport desktop")
_LIST_LABELS = _words("versions packages libs libraries requirements dependencies software hardware env environment")
_WORDS = _COUNTED_PARTS | _PARTS | _SOFTWARE
_TAG = re.compile(r"\s*(?:\[(?P<inner>[A-Za-z ]{2,30})\]|(?P<plain>[A-Za-z ]{2,30}):)\s")
"""Matches a label at the beginning of a line, such as `[env]` or `versions:`."""
_PLURAL_OF_CAPITALS = re.compile(r"(?<=[A-Z]{2})s(?![a-z])")
_LETTERS = re.compile(r"[^\W\d_]+")
_JOIN_WORDS = _words("x by and or to of")
_JOIN_TEXT = re.compile(r"[\s,;(){}'\"/.+x×-]*|\s(?:by|and|or|to|of)\s")
"""Matches the text between two numbers if it says nothing about the second number, as in `80 x 24`."""
_NOUN = re.compile(
    r"\s?(?P<first>[A-Za-z]{2,30})(?: (?P<second>[A-Za-z]{2,30}))?"
    r"(?=\s*(?:$|[,;|)\]]|(?:and|on|in|with|per|available|visible|found|detected|used)\b))"
)
"""Matches one or two words after a number if their phrase ends there: `8 gpus`, `16 data workers`."""
_MAX_WORDS_BEFORE = 3
"""Maximum number of words that are examined before a number without a name."""


@lru_cache(maxsize=4096)
def is_machine_name(name: str, *, is_size: bool = False) -> bool:
    """Return whether a name says what the machine or its software is: `cuDNN`, `num_workers`, `torch`.

    A name that may also belong to the program, such as `nodes`, counts, too. `is_size` is True for a number such as
    `1920x1080`; a `window` is then that of a screen.
    """
    name = _PLURAL_OF_CAPITALS.sub("", name)
    words = words_in(name)
    word_set = frozenset((*words, *map(str.lower, _LETTERS.findall(name))))
    if not word_set.isdisjoint(_PROGRAM_WORDS):
        return False
    if any(map(_is_machine_part, word_set)) or any(word_set.issuperset(pair) for pair in _PAIRS):
        return True
    is_node = not word_set.isdisjoint(_NODE_WORDS) and _NODE_NAME_WORDS.issuperset(words)
    return is_node or _is_subset(words, _ONLY_ALONE) or (is_size and not word_set.isdisjoint(_SCREEN_WORDS))


def _is_subset(words: Sequence[str], allowed: frozenset[str]) -> bool:
    return bool(words) and allowed.issuperset(words)


def _is_machine_part(word: str) -> bool:
    singular = word if word in _WORDS else word.removesuffix("s")
    return singular in _WORDS or (
        singular.startswith("n") and singular.removeprefix("num").removeprefix("n") in _COUNTED_PARTS
    )


def machine_columns(
    line: str, spans: Sequence[tuple[int, int]], number_names: Sequence[NamedNumber]
) -> frozenset[int]:
    """Return the indices of the values in a line that say what the machine or its software is.

    `spans` are the start and end of each value; `number_names` are their names and roles. A value without a name is
    judged by the words or the value before it.
    """
    tag = _TAG.match(line)
    lists_software = tag is not None and _is_subset(words_in(tag["inner"] or tag["plain"]), _LIST_LABELS)
    lists = {listed.columns[0]: listed for listed in number_lists(line, spans)}
    machine_indices = set(_parallel_sizes(number_names[: len(spans)]))
    for index, named_number in enumerate(number_names[: len(spans)]):
        before = line[spans[index - 1][1] if index else 0 : spans[index][0]]
        is_beside = (
            index > 0
            and _JOIN_WORDS.issuperset(words_in(named_number.name))
            and _JOIN_TEXT.fullmatch(before) is not None
        )
        if is_beside and not (number_names[index - 1].is_part_of_name and " " in before):
            is_machine = index - 1 in machine_indices
        else:
            name = named_number.name or (name_before(line, spans, lists[index]) if index in lists else "")
            name = name or " ".join(_LETTERS.findall(before)[-_MAX_WORDS_BEFORE:])
            is_machine = is_machine_name(name) or (
                lists_software and (not named_number.name or named_number.role is Role.OTHER)
            )
        if is_machine or (named_number.role is Role.OTHER and _is_part_count(line, *spans[index])):
            machine_indices.add(index)
    return frozenset(machine_indices)


def _parallel_sizes(number_names: Sequence[NamedNumber]) -> Iterator[int]:
    """Yield the indices of the values that are sizes of parallel groups of processes, as in `dp=4 tp=2`."""
    names = [named_number.name.lower() for named_number in number_names]
    if len(_SHORT_PAIRS.intersection(names)) > 1 and _CONFUSION_COUNTS.isdisjoint(names):
        yield from (index for index, name in enumerate(names) if name in _SHORT_PAIRS)


def _is_part_count(line: str, start: int, end: int) -> bool:
    """Return whether a number is a number of parts of a machine, judging by the words after it, as in `world: 8
    gpus`.
    """
    noun = _NOUN.match(line, end) if line[:start].rstrip()[-1:] != "=" else None
    if noun is None or noun["first"].lower() in STOP_WORDS:
        return False
    return is_machine_name(noun["first"]) or (noun["second"] is not None and is_machine_name(noun["second"]))
