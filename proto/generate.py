"""Write service/stripsight/inspection/v1/*_pb2*.py(i) from the .proto files, or check that they agree.

python proto/generate.py            writes them
python proto/generate.py --check    writes nothing; names the files that differ and exits with 1
"""

import os
import sys
import sysconfig
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
TARGET = ROOT / "service"
PACKAGE = "stripsight/inspection/v1"


def generate(out: Path) -> None:
    """Generate messages and stubs, with their types, below `out`."""
    messages = sorted((PROTO / PACKAGE).glob("*.proto"))
    services = [path for path in messages if path.stem.endswith("_service")]
    run(messages, "python", "mypy", out=out)
    run(services, "grpc_python", "mypy_grpc", out=out)


def run(sources: list[Path], *plugins: str, out: Path) -> None:
    """Run protoc on `sources`; exits with 2 when it fails."""
    # The mypy plug-ins are scripts that pip puts beside the interpreter, which need not be on PATH.
    os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    outputs = [f"--{plugin}_out={'quiet:' if 'mypy' in plugin else ''}{out}" for plugin in plugins]
    if protoc.main(["protoc", f"-I{PROTO}", f"-I{well_known}", *outputs, *map(str, sources)]) != 0:
        raise SystemExit(2)


def generated(root: Path) -> dict[str, bytes]:
    """Return the generated files below `root`: their path and bytes."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.glob(f"{PACKAGE}/*_pb2*.py*")}


def check() -> int:
    """Print the files that are missing, changed or no longer made; return the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh, committed = generated(Path(folder)), generated(TARGET)
    names = sorted(name for name in fresh | committed if fresh.get(name) != committed.get(name))
    for name in names:
        print(f"service/{name} differs from what the .proto files give: run python proto/generate.py")
    return 1 if names else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        raise SystemExit(check())
    generate(TARGET)
