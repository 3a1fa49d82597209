"""Where and with what a benchmark ran."""

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from stripbench.report import Facts

_PACKAGES = ("stripsight", "onnxruntime-gpu", "onnxruntime", "grpcio", "protobuf", "numpy", "opencv-python-headless")


def facts(*, bundle_id: str, provider: str) -> Facts:
    """Look at this machine now."""
    return Facts(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=_said("git", "describe", "--always", "--dirty", "--abbrev=12"),
        bundle_id=bundle_id,
        provider=provider,
        machine=_cpu() if provider == "cpu" else _gpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        system=f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        load=round(os.getloadavg()[0], 2),
        versions={name: found for name in _PACKAGES if (found := _version(name))},
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].split())
    return platform.machine()


def _gpu() -> str:
    return f"{_said('nvidia-smi', '--query-gpu=name,driver_version', '--format=csv,noheader')}; {_cpu()}"


def _said(program: str, *arguments: str) -> str:
    """The first line that a program prints about this repository or machine; "unknown" where it cannot."""
    if shutil.which(program) is None:
        return "unknown"
    ran = subprocess.run([program, *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return (ran.stdout.splitlines() or ["unknown"])[0]
