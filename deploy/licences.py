"""Write docs/licences.md: what the images install, and under which licences, as each package's own metadata says.

python deploy/licences.py        asks the package index, installs nothing
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# The CPU's packages are among those of both.
REQUIREMENTS = [ROOT / "deploy" / "requirements" / f"{image}.txt" for image in ("cuda", "hmi")]
PAGE = ROOT / "docs" / "licences.md"

# What older packages write, in the words of SPDX.
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "MIT License": "MIT",
}
HEAD = """# Licences

What the container images install besides Python and Debian 12, written by `make licences` from the packages' own
metadata. Those of `nvidia-` are in the image for the GPU only, NiceGUI and what it needs in that of the page. `psycopg`
is LGPL: it is used unchanged, as a library that anybody can replace. Wheels carry further libraries inside; their
licences are in the wheels. `make sbom` writes the same list as CycloneDX.

| package | version | licence |
|---|---|---|
"""


def metadata(requirements: Path) -> list[dict[str, Any]]:
    """Ask pip for the metadata of each pinned package. Raises CalledProcessError when it cannot be had."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]
        command += ["--only-binary=:all:", "--python-version", "3.11", "--target", folder, "--report", str(report)]
        subprocess.run([*command, "--requirement", str(requirements)], check=True)
        return [each["metadata"] for each in json.loads(report.read_text())["install"]]


def licence(found: dict[str, Any]) -> str:
    """Return a package's licence as SPDX writes it. Raises SystemExit for one that says none in a word."""
    classified = [text.split("::")[-1].strip() for text in found.get("classifier", []) if text.startswith("License ::")]
    for said in (found.get("license_expression"), found.get("license"), *classified):
        if said and "\n" not in said:
            return SPDX.get(said, said)
    raise SystemExit(f"{found['name']}: expected a licence in its metadata, found none")


if __name__ == "__main__":
    packages = [found for file in REQUIREMENTS for found in metadata(file)]
    rows = {f"| {found['name']} | {found['version']} | {licence(found)} |\n" for found in packages}
    PAGE.write_text(HEAD + "".join(sorted(rows, key=str.lower)))
