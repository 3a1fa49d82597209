"""The Dockerfile: its steps in a fresh environment, the service that comes of them, and what it states."""

import json
import re
import signal
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from stripsight.bundle import Bundle
from stripsight.settings import Settings, parse_address

ROOT = Path(__file__).parents[2]
KEYS = ROOT / "deploy" / "keys"
# The bundles of tests are signed by nobody: the image's own setting of keys is taken away.
UNSIGNED = {"STRIPSIGHT_BUNDLE_KEYS": ""}


@pytest.fixture
def last(dockerfile: list[list[Any]]) -> dict[str, str]:
    """The instructions of the stage that becomes the image, by word; those that repeat are joined."""
    words: dict[str, str] = {}
    for step in dockerfile[-1]:
        words[step.word] = f"{words.get(step.word, '')} {step.rest}".strip()
    return words


def test_help_without_home_or_locale(image: Any) -> None:
    """The command runs from / with nothing in the environment but what the image sets."""
    answer = image.run(["stripsight", "--help"])
    assert answer.returncode == 0, answer.stderr
    assert "serve" in answer.stdout


@pytest.mark.parametrize("module", ["torch", "stripsight_lab", "pytest"])
def test_not_in_the_image(image: Any, module: str) -> None:
    """Neither training code, nor torch, nor tests are in the image."""
    find = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is not None)"
    assert image.run(["python", "-c", find]).returncode == 0


def test_wheel_holds_the_service_only(image: Any) -> None:
    """The wheel brings one package, stripsight, and nothing else into site-packages."""
    (wheel,) = image.root.glob("dist/*.whl")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    with ZipFile(wheel) as file:
        assert {name.split("/")[0] for name in file.namelist()} == {
            "stripsight",
            f"stripsight-{version}.dist-info",
        }


def test_verifies_a_bundle(image: Any, strip_bundle: Bundle) -> None:
    """The pinned versions reproduce a bundle's challenge set, on the provider that the image names."""
    answer = image.run(["stripsight", "bundle", "verify", str(strip_bundle.path)], **UNSIGNED)
    assert answer.returncode == 0, answer.stderr
    assert strip_bundle.bundle_id in answer.stdout
    assert answer.stdout.endswith("passed on cpu\n")


def test_verifies_what_ships(image: Any) -> None:
    """The bundle in this repository passes with the pinned versions, and any user may read it."""
    bundle = ROOT / "models" / "bundles" / "bfs-5x4"
    answer = image.run(["stripsight", "bundle", "verify", str(bundle)], STRIPSIGHT_BUNDLE_KEYS=str(KEYS))
    assert answer.returncode == 0, answer.stderr
    others = {path: path.stat().st_mode & 0o5 for path in (bundle, *bundle.rglob("*"))}
    assert all(bits == (0o5 if path.is_dir() else 0o4) for path, bits in others.items())


def test_writes_nothing_at_home(image: Any, strip_bundle: Bundle, tmp_path: Path) -> None:
    """An inspection leaves nothing in the home directory: no caches, and no usage data of ONNX Runtime."""
    answer = image.run(["stripsight", "bundle", "verify", str(strip_bundle.path)], HOME=str(tmp_path), **UNSIGNED)
    assert answer.returncode == 0, answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_serves_says_so_and_stops(image: Any, last: dict[str, str], strip_bundle: Bundle, tmp_path: Path) -> None:
    """The image's entry point serves, its health check gives 0 then and 1 after the stop signal ended it."""
    here = {"BUNDLE": str(strip_bundle.path), "LISTEN": "127.0.0.1:0", "METRICS_LISTEN": "127.0.0.1:0"}
    here |= {"RECORD_DIR": str(tmp_path), "BUNDLE_KEYS": str(KEYS), "DEVELOPMENT_MODE": "1"}
    environment = image.environment | {f"STRIPSIGHT_{name}": value for name, value in here.items()}
    check = json.loads(last["HEALTHCHECK"].partition("CMD ")[2])
    command = json.loads(last["ENTRYPOINT"])
    with subprocess.Popen(command, cwd="/", env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        ready = next(line for line in map(json.loads, server.stdout) if line["event"] == "ready")
        assert image.run(check, STRIPSIGHT_TARGET=ready["listen"]).returncode == 0
        server.send_signal(signal.Signals[last["STOPSIGNAL"]])
        server.stdout.read()
        assert server.wait(60) == 0
    assert image.run(check, STRIPSIGHT_TARGET=ready["listen"]).returncode == 1


def test_environment_is_one_of_settings(image: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variable that the image sets is a setting with a good value; it listens beyond its loopback."""
    given = {name: value for name, value in image.environment.items() if name.startswith("STRIPSIGHT_")}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    known = {f"STRIPSIGHT_{name.upper()}" for name in Settings.model_fields} | {"STRIPSIGHT_TARGET"}
    assert given.keys() <= known
    assert {parse_address(address).host for address in (settings.listen, settings.metrics_listen)} == {"0.0.0.0"}


def test_ports_agree(image: Any, last: dict[str, str]) -> None:
    """The ports that are exposed are those listened on, and the health check asks the first of them."""
    api, metrics, asked = (
        str(parse_address(image.environment[f"STRIPSIGHT_{name}"]).port)
        for name in ("LISTEN", "METRICS_LISTEN", "TARGET")
    )
    assert last["EXPOSE"].split() == [api, metrics]
    assert asked == api


def test_user_is_a_number_and_not_root(last: dict[str, str]) -> None:
    """The user and the group are numbers above 0."""
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last["USER"])


def test_bases_are_pinned_and_alike(dockerfile: list[list[Any]], last: dict[str, str]) -> None:
    """Both stages begin with one exact version of Python on Debian 12, the one that the label names."""
    bases = {stage[0].rest.split(" ")[0] for stage in dockerfile}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm", bases.pop())
    assert f'base.name="{dockerfile[0][0].rest.split(" ")[0]}"' in last["LABEL"]


def test_version_is_the_packages(last: dict[str, str]) -> None:
    """The image's label and the compose file's tags carry the version of pyproject.toml."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f'image.version="{version}"' in last["LABEL"]
    tags = re.findall(r"image: stripsight:(.*)-(?:cpu|cuda|hmi)\n", (ROOT / "docker-compose.yml").read_text())
    assert tags == [version] * 3


def test_context_holds_what_is_copied(dockerfile: list[list[Any]]) -> None:
    """.dockerignore lets through what COPY takes, and nothing else."""
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [step.rest.split()[:-1] for step in dockerfile[0] if step.word == "COPY"]
    assert let_through == {source.rstrip("/") for sources in copied for source in sources}


@pytest.mark.parametrize("provider", ["cpu", "cuda", "hmi"])
def test_every_pinned_file_has_a_hash(provider: str) -> None:
    """Each requirement of the image names one version and at least one hash, and none is torch."""
    text = (ROOT / "deploy" / "requirements" / f"{provider}.txt").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.match(r"[a-z0-9-]+==\S+\s+--hash=sha256:[0-9a-f]{64}", line) for line in lines)
    assert not any(line.startswith("torch==") for line in lines)


def test_cuda_adds_libraries_only(pinned: Callable[[str], set[str]]) -> None:
    """Both images hold the same versions; the one for the GPU has NVIDIA's libraries besides."""
    assert pinned("cpu") < pinned("cuda")
    assert all(name.startswith("nvidia-") for name in pinned("cuda") - pinned("cpu"))


def test_the_page_adds_its_own_only(pinned: Callable[[str], set[str]]) -> None:
    """The page's image holds the versions of the service's, and what the page needs besides."""
    assert pinned("cpu") < pinned("hmi")
    assert any(name.startswith("nicegui==") for name in pinned("hmi"))


@pytest.fixture
def pinned() -> Callable[[str], set[str]]:
    """Read the pinned versions for a provider."""
    return lambda provider: set(
        re.findall(
            r"^(\S+==\S+)",
            (ROOT / "deploy" / "requirements" / f"{provider}.txt").read_text(),
            flags=re.MULTILINE,
        )
    )
