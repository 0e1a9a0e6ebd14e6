"""Imports for names, such as `Counter`, that LiveCodeBench's functions and answers may use without importing them."""

import re

_NAMES_OF_MODULE = {
    "bisect": "bisect_left bisect_right insort",
    "collections": "Counter OrderedDict defaultdict deque",
    "copy": "deepcopy",
    "functools": "cache lru_cache partial reduce",
    "heapq": "heapify heappop heappush merge",
    "itertools": "accumulate chain combinations count cycle groupby islice permutations product repeat zip_longest",
    "math": "ceil comb floor gcd inf isqrt log log10 log2 prod sqrt",
    "operator": "iand itemgetter sub",
    "os.path": "commonprefix",
    "random": "randrange shuffle",
    "string": "ascii_lowercase",
    "typing": "Any Callable Dict Generator Iterable Iterator List Optional Set Tuple Union",
}
_MODULES = "bisect collections copy functools heapq itertools math operator random re string sys"
_IMPORTS = {
    **{name: f"from {module} import {name}" for module, names in _NAMES_OF_MODULE.items() for name in names.split()},
    **{name: f"import {name}" for name in _MODULES.split()},
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "re_search": "from re import search as re_search",
}
_NAME = re.compile(r"[^\W\d]\w*")


def imports_for(text: str) -> str:
    """Return the import statements, one per line, for the known names in a text, such as `Counter` or `math`."""
    return "".join(f"{_IMPORTS[name]}\n" for name in sorted({*_NAME.findall(text)} & _IMPORTS.keys()))
