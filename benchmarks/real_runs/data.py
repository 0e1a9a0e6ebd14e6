"""The data on which the programs train, in one folder: MNIST, Fashion-MNIST, and the 8 × 8 digits of scikit-learn."""

import gzip
import importlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.progress import Progress
from gedanken.experiment.user_folders import cache_folder
from gedanken.sandbox.datasets import ensure_dataset

FASHION_PACKAGE = "dataset-fashion-mnist"
FASHION_FOLDER = "usr/share/datasets/fashion-mnist"


def ensure_data(progress: Progress) -> Path:
    """Return the folder that is to be mounted as `/data`. It is created if it is not in the cache.

    Raises NoSandbox if the data cannot be obtained.
    """
    folder = cache_folder() / "data" / "real_runs"
    if folder.is_dir():
        return folder
    _dataset, mnist = ensure_dataset("mnist", progress)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        new_folder = Path(work) / "data"
        shutil.copytree(mnist / "MNIST", new_folder / "MNIST")
        _put_fashion_mnist(new_folder / "FashionMNIST" / "raw")
        _put_digits(new_folder / "digits.csv")
        for path in (new_folder, *new_folder.rglob("*")):  # the sandbox's user reads it, whatever the umask
            path.chmod(0o755 if path.is_dir() else 0o644)
        new_folder.rename(folder)
    return folder


def _put_fashion_mnist(raw: Path) -> None:
    raw.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        command = ["apt-get", "download", FASHION_PACKAGE]
        download = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
        package = next(Path(work).glob("*.deb"), None)
        if download.returncode != 0 or package is None:
            raise NoSandbox(f"Debian's package {FASHION_PACKAGE} cannot be had: {download.stderr.strip()[-300:]}")
        subprocess.run(["dpkg-deb", "--extract", package.name, "."], cwd=work, check=True)
        for packed in (Path(work) / FASHION_FOLDER).glob("*.gz"):
            (raw / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))


def _put_digits(path: Path) -> None:
    try:
        datasets = importlib.import_module("sklearn.datasets")
    except ImportError as error:
        raise NoSandbox("pip install -r benchmarks/real_runs/requirements.txt") from error
    digits = datasets.load_digits()
    np.savetxt(path, np.column_stack([digits.data, digits.target]), fmt="%d", delimiter=",")
