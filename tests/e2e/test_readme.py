"""What README.md tells people to type works as it is written there, against the bundle that ships."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ADDRESS = "127.0.0.1:50051"


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def lines(start: str) -> list[str]:
    """The shell lines that begin so, without their comments."""
    every = (line.split("  #")[0].strip() for block in blocks("sh") for line in block.splitlines())
    return [line for line in every if line.startswith(start)]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a free port, serving the bundle that ships. Its slot is long: this is no speed test."""
    command = [
        sys.executable,
        "-m",
        "stripsight",
        "serve",
        "--bundle",
        "models/bundles/bfs-5x4",
        "--provider",
        "cpu",
    ]
    command += ["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--slot-ms", "60000"]
    command += ["--record-dir", str(tmp_path_factory.mktemp("records"))]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        ready = next(line for line in map(json.loads, server.stdout) if line["event"] == "ready")
        yield ready["listen"]
        server.terminate()
        server.stdout.read()
        assert server.wait(60) == 0


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run it from the project's root, with this environment's own commands first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_make_target_is_one() -> None:
    """`make help` lists each command that the page names."""
    help_text = run(["make", "help"]).stdout
    named = set(re.findall(r"`?make ([a-z]+)", README))
    assert {"demo", "test", "serve"} <= named
    assert not [target for target in named if f"make {target} " not in help_text]


def test_the_python_snippets_accept_the_good_strip(target: str) -> None:
    """One after the other they run as they stand, but for the port and the length of the slot."""
    at_once, streamed = (block.replace(ADDRESS, target) for block in blocks("python"))
    slow = [at_once.replace("=0.5,", "=60,"), streamed.replace("=1.0,", "=60,")]
    assert all(one not in slow for one in (at_once, streamed))
    done = run([sys.executable, "-c", "\n".join(slow)])
    assert done.stderr == ""
    assert re.fullmatch(r"accept after \d+ ms\n\d+ ms after the last frame\n", done.stdout)


@pytest.mark.parametrize("line", [line for line in lines(".venv/bin/stripsight") if " records " not in line])
def test_every_command_line_works(line: str, target: str, tmp_path: Path) -> None:
    """Exit status 0, or 1 for the defective strip, whose heatmaps are written."""
    words = line.replace(".venv/bin/", "").replace("out/heatmaps", str(tmp_path)).split()
    if words[1] in ("inspect", "status"):
        words += ["--target", target]
    done = run(words)
    assert done.stderr == ""
    assert done.returncode == (1 if words[1] == "inspect" else 0)
    assert words[1] != "inspect" or list(tmp_path.glob("*.png"))


@pytest.fixture(scope="module")
def demo_records(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The folder of a record that a demo of four strips left, and the lot in it."""
    out = tmp_path_factory.mktemp("demo")
    demo = [sys.executable, "-m", "stripsight_lab.demo", "--strips", "4", "--out", str(out), "--slot-ms", "60000"]
    done = run([*demo, "--provider", "cpu"])
    assert done.returncode == 0, done.stdout + done.stderr
    folder = str(out / "records")
    (lot,) = re.findall(r"^Lot ([^,]+),", run(["stripsight", "records", "list", "--record-dir", folder]).stdout, re.M)
    return folder, lot


@pytest.mark.parametrize("line", [line for line in lines(".venv/bin/stripsight") if " records " in line])
def test_every_command_about_the_record_works(line: str, demo_records: tuple[str, str], tmp_path: Path) -> None:
    """On what the demo leaves behind: it verifies, its strips are listed and shown, its lot is reported."""
    folder, lot = demo_records
    words = line.replace(".venv/bin/", "").replace("out/demo/records", folder).replace("out/", f"{tmp_path}/").split()
    done = run([lot if word == "LOT" else word for word in words])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
    assert ("--report" in words) == any(tmp_path.glob("*.html"))


def test_reflection_answers_a_client_without_our_code(target: str) -> None:
    """The `buf curl` line finds the method by reflection and gets the product's name."""
    (line,) = lines(".venv/bin/buf curl")
    done = run(line.replace(".venv/bin/", "").replace(ADDRESS, target).split())
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["product"]["name"] == "bfs-5x4"


def test_every_file_that_the_page_links_to_exists() -> None:
    """No dead links or pictures."""
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert not [link for link in links if "://" not in link and not (ROOT / link).exists()]
