"""The Dockerfile as data, and its steps carried out without Docker, in a folder instead of an image."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Step(NamedTuple):
    """One instruction: its word in capitals, and the rest without flags such as --mount and --from."""

    word: str
    rest: str
    flags: tuple[str, ...]


def read_stages(text: str) -> list[list[Step]]:
    """The stages of a Dockerfile; each begins with its FROM."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    stages: list[list[Step]] = []
    for line in filter(None, re.sub(r"\s*\\\n\s*", " ", lines).splitlines()):
        word, *parts = line.split(" ")
        flags = tuple(part for part in parts if part.startswith("--"))[: _leading(parts)]
        step = Step(word, " ".join(parts[len(flags) :]), flags)
        if word == "FROM":
            stages.append([])
        stages[-1].append(step)
    return stages


def _leading(parts: list[str]) -> int:
    """How many of the parts are flags of the instruction: those before anything else."""
    return next((count for count, part in enumerate(parts) if not part.startswith("--")), len(parts))


@dataclass
class Image:
    """Where the steps were carried out, and what the image sets in the environment."""

    root: Path
    environment: dict[str, str]

    def moved(self, text: str) -> str:
        """Text with the image's own folders replaced by those below `root`."""
        return re.sub(r"(?<![\w.])/(?=(?:dist|opt|src)\b)", f"{self.root}/", text)

    def run(self, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command as the image does: from /, with its variables only and no HOME."""
        return subprocess.run(
            command, cwd="/", env=self.environment | environment, capture_output=True, text=True, check=False
        )

    def follow(self, stage: list[Step]) -> None:
        """Carry a stage's steps out. Variables of ARG keep their defaults."""
        folder, arguments = self.root, {}
        for step in stage:
            match step.word:
                case "ARG":
                    name, _, arguments[name] = step.rest.partition("=")
                case "ENV":
                    self._set(expanded(step.rest, arguments))
                case "WORKDIR":
                    folder = self.root / step.rest.lstrip("/")
                    folder.mkdir(parents=True, exist_ok=True)
                case "COPY" if not step.flags:
                    *sources, target = step.rest.split()
                    for source in sources:
                        copy(ROOT / source, folder / target)
                case "RUN":
                    self._build(step.rest, folder, arguments)

    def _set(self, pairs: str) -> None:
        for name, _, value in (pair.partition("=") for pair in pairs.split()):
            self.environment[name] = self.moved(value).replace("$PATH", "/usr/bin:/bin")

    def _build(self, command: str, folder: Path, arguments: dict[str, str]) -> None:
        # The base image's Python is ours here, and pip finds its index as it does elsewhere on this machine.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"PATH": path} | self.environment | arguments
        subprocess.run(["sh", "-euc", self.moved(command)], cwd=folder, env=environment, check=True)


def expanded(value: str, arguments: dict[str, str]) -> str:
    """A value with ${NAME} replaced."""
    return re.sub(r"\$\{(\w+)\}", lambda match: arguments[match[1]], value)


def copy(source: Path, target: Path) -> None:
    """Copy as COPY does: what is in a folder, or a file into one."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


@pytest.fixture(scope="session")
def dockerfile() -> list[list[Step]]:
    """The Dockerfile's stages."""
    return read_stages((ROOT / "Dockerfile").read_text())


@pytest.fixture(scope="session")
def image(dockerfile: list[list[Step]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """Every step of the Dockerfile, carried out: a fresh virtual environment with the built wheel."""
    image = Image(tmp_path_factory.mktemp("image"), {})
    for stage in dockerfile:
        image.follow(stage)
    yield image
    shutil.rmtree(image.root)  # 650 MB, which pytest would keep
