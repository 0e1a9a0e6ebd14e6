"""Start-up hook of every Python process in the sandbox: sets seeds and the data folder.

`GEDANKEN_SEED` seeds `random`, NumPy and torch. `GEDANKEN_RESEED` is added to every seed that the program sets
itself; each call that sets a seed is recorded in the file `explicit_seeds` in the session's folder. Engines that
cannot mount this folder and the data folder at fixed paths name them in `GEDANKEN_SESSION` and `GEDANKEN_DATA`.
"""

import importlib.abc
import importlib.machinery
import os
import random
import sys
from pathlib import Path

SEED = os.environ.get("GEDANKEN_SEED")
RESEED = os.environ.get("GEDANKEN_RESEED")
DATA = Path(os.environ.get("GEDANKEN_DATA", "/data"))
SEED_LOG = Path(os.environ.get("GEDANKEN_SESSION", "/run/session"), "explicit_seeds")


def offset_explicit_seeds(module, names):
    """Change the functions `names` of `module` so that they add RESEED to the seed that they are given, and record
    the call.
    """
    for name in names:
        original = getattr(module, name, None)
        if original is None:
            continue

        def seeded(*args, _original=original, _name=name, **kwargs):
            return _original(*[moved(_name, arg) for arg in args[:1]], *args[1:], **moved_keyword(_name, kwargs))

        def moved(called, seed):
            if not isinstance(seed, int):
                return seed
            with SEED_LOG.open("a") as log:
                log.write(f"{module.__name__}.{called}({seed}) offset by {RESEED}\n")
            return seed + int(RESEED)

        def moved_keyword(called, kwargs):
            return {key: moved(called, value) if key in ("seed", "a") else value for key, value in kwargs.items()}

        setattr(module, name, seeded)


def after_numpy(numpy):
    """Seed NumPy's global generator if SEED is set; offset the program's own seeds if RESEED is set."""
    if SEED is not None:
        numpy.random.seed(int(SEED))
    if RESEED is not None:
        offset_explicit_seeds(numpy.random, ["seed", "default_rng"])


def after_torch(torch):
    """Seed torch and offset the program's own seeds, as `after_numpy` does; limit torch to GEDANKEN_CPUS threads."""
    if SEED is not None:
        torch.manual_seed(int(SEED))
    if RESEED is not None:
        # Without torch.cuda's own functions: torch.manual_seed calls them, so the offset would be added twice.
        offset_explicit_seeds(torch, ["manual_seed"])
    torch.set_num_threads(max(1, int(float(os.environ.get("GEDANKEN_CPUS", "1")))))


def before_torchvision():
    """Make torchvision importable without its C++ operators: data sets and transforms do not need them."""
    import torch

    register = torch.library.register_fake

    def register_fake(name, *args, **kwargs):
        absent = name.startswith("torchvision::") and not torch._C._dispatch_has_kernel(name)
        return (lambda function: function) if absent else register(name, *args, **kwargs)

    torch.library.register_fake = register_fake


def redirect_root(dataset):
    """Change a torchvision data set so that it reads from DATA and never downloads anything."""
    original = dataset.__init__

    def init(self, root=None, *args, **kwargs):  # noqa: ARG001 - taken, so that it is not passed on
        kwargs["download"] = False
        return original(self, DATA, *args[:3], **kwargs)

    dataset.__init__ = init


def after_mnist(module):
    redirect_root(module.MNIST)


def after_cifar(module):
    redirect_root(module.CIFAR10)
    # The synthetic stand-in's bytes do not match the digests that torchvision knows.
    module.check_integrity = lambda path, _md5=None: Path(path).is_file()


AFTER = {
    "numpy": after_numpy,
    "torch": after_torch,
    "torchvision.datasets.mnist": after_mnist,
    "torchvision.datasets.cifar": after_cifar,
}
BEFORE = {"torchvision": before_torchvision}


class HookFinder(importlib.abc.MetaPathFinder):
    """Finds modules as usual. Before and after a module is first imported, calls its functions in BEFORE and
    AFTER.
    """

    def find_spec(self, fullname, path=None, target=None):
        if fullname not in AFTER and fullname not in BEFORE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        original = spec.loader.exec_module

        def exec_module(module):
            BEFORE.get(fullname, lambda: None)()
            original(module)
            AFTER.get(fullname, lambda _module: None)(module)

        spec.loader.exec_module = exec_module
        return spec


if SEED is not None:
    random.seed(int(SEED))
if RESEED is not None:
    offset_explicit_seeds(random, ["seed"])
sys.meta_path.insert(0, HookFinder())
