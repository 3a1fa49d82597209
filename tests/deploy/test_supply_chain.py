"""What the images install: listed with its licence, and written as a bill of materials."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "deploy" / "requirements"

# Licences that were looked at; another one needs a look before it ships.
ACCEPTED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "LGPL-3.0-only",
    "LicenseRef-NVIDIA-Proprietary",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PSF-2.0",
    "Public Domain",
    "Zlib",
}


def canonical(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(provider: str) -> dict[tuple[str, str], set[str]]:
    """The hashes of each pinned package, by name and version."""
    text = (REQUIREMENTS / f"{provider}.txt").read_text().replace("\\\n", " ")
    found = re.findall(r"^(\S+)==(\S+)(.*)$", text, flags=re.MULTILINE)
    return {(canonical(name), version): set(re.findall(r"sha256:(\w+)", rest)) for name, version, rest in found}


def listed() -> dict[tuple[str, str], str]:
    """The licence of each package in the documentation."""
    rows = re.findall(r"^\| (\S+) \| (\d\S*) \| (.+) \|$", (ROOT / "docs/licences.md").read_text(), flags=re.MULTILINE)
    return {(canonical(name), version): licence for name, version, licence in rows}


def test_every_package_is_listed_with_a_licence_that_was_looked_at() -> None:
    """Of each image; after `make lock` comes `make licences`."""
    assert listed().keys() == pinned("cuda").keys() | pinned("hmi").keys() | pinned("cpu").keys()
    words = {
        word
        for licence in listed().values()
        for word in re.split(r" (?:AND|OR) ", licence.translate({ord("("): None, ord(")"): None}))
    }
    assert words <= ACCEPTED


@pytest.mark.parametrize("provider", ["cpu", "cuda", "hmi"])
def test_the_bill_of_materials_is_complete(provider: str, tmp_path: Path) -> None:
    """`make sbom` writes a valid CycloneDX file that names every pinned package, its version and its hashes."""
    written = tmp_path / "sbom.json"
    recipe = re.search(r"^CYCLONEDX = (.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert recipe
    command = recipe[1].replace("$(BIN)", str(Path(sys.executable).parent)).split()
    subprocess.run(
        [*command, "--output-file", str(written), str(REQUIREMENTS / f"{provider}.txt")], cwd=ROOT, check=True
    )
    document = json.loads(written.read_text())
    assert document["metadata"]["component"]["name"] == "stripsight"
    found = {
        (canonical(each["name"]), each["version"]): {
            digest["content"] for reference in each["externalReferences"] for digest in reference.get("hashes", [])
        }
        for each in document["components"]
    }
    assert found == pinned(provider)
