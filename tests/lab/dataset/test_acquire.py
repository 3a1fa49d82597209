"""Acquisition into a folder: whole products, resumable."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stripsight.recipe import Recipe, load_recipe
from stripsight_lab.dataset.acquire import acquire
from stripsight_lab.dataset.plan import product_path
from stripsight_lab.dataset.settings import AcquireSettings
from stripsight_lab.dataset.store import PatchStore
from stripsight_lab.source import FolderSource, Unit

FEW = AcquireSettings(runs=2, frames="inspected", rank_images=False)
KILLED = Path(__file__).with_name("killed_acquisition.py")


class Stopped(Exception):
    """Stands for an interruption."""


def identities(folder: Path) -> dict[str, tuple[int, int]]:
    """The inode of each product's file and when it was written; acquiring it again changes both."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.glob("*.h5")}


def test_an_acquisition_that_was_stopped_goes_on(telling: list[Unit], recipe: Recipe, tmp_path: Path) -> None:
    """Products that are there are not acquired again, and the patches are those of one that was never stopped."""

    def stop(made: int) -> None:
        if made == 2:
            raise Stopped

    with pytest.raises(Stopped):
        acquire(telling, recipe, tmp_path / "parts", FEW, workers=0, after_product=stop)
    there = identities(tmp_path / "parts")
    assert len(there) == 2
    counts: list[int] = []
    acquire(telling, recipe, tmp_path / "parts", FEW, workers=0, after_product=counts.append)
    assert counts == [3, 4, 5]
    assert identities(tmp_path / "parts").items() > there.items()

    acquire(telling, recipe, tmp_path / "whole", FEW, workers=0)
    assert PatchStore(tmp_path / "parts").digest() == PatchStore(tmp_path / "whole").digest()


def test_a_killed_acquisition_goes_on(cells: Path, one_region: Path, tmp_path: Path) -> None:
    """SIGKILL leaves the first product whole, and no worker behind: one would hold the pipe open that is read here."""
    out, once = tmp_path / "out", FEW.model_copy(update={"runs": 1})
    command = [sys.executable, KILLED, cells, one_region, out]
    run = subprocess.run(command, stdout=subprocess.PIPE, timeout=150, check=False)
    assert run.returncode == -signal.SIGKILL
    there = identities(out)
    assert there
    units = FolderSource(kind="folder", path=cells).training()
    acquire(units, load_recipe(one_region.read_bytes()), out, once, workers=0)
    assert identities(out).items() >= there.items()
    for number, unit in enumerate(units):
        np.testing.assert_array_equal(PatchStore(out).read(0, np.array([number])), unit.acquire(0, [0]).frames)


@pytest.mark.parametrize("damage", ["short", "other", "empty"])
def test_a_product_that_is_not_whole_is_acquired_again(
    telling: list[Unit], recipe: Recipe, tmp_path: Path, damage: str
) -> None:
    """A file cut short, one that is not HDF5, and one that was never filled."""
    acquire(telling, recipe, tmp_path, FEW, workers=0)
    before, digest = identities(tmp_path), PatchStore(tmp_path).digest()
    path = product_path(tmp_path, 1)
    content = path.read_bytes()
    path.write_bytes({"short": content[: len(content) // 2], "other": b"text", "empty": b""}[damage])
    acquire(telling, recipe, tmp_path, FEW, workers=0)
    after = identities(tmp_path)
    assert [name for name in before if before[name] != after[name]] == [path.name]
    assert PatchStore(tmp_path).digest() == digest


def test_other_settings_units_or_recipe_are_refused(telling: list[Unit], recipe: Recipe, tmp_path: Path) -> None:
    """What is there stays, and the message names what differs."""
    acquire(telling, recipe, tmp_path, FEW, workers=0)
    there = identities(tmp_path)
    with pytest.raises(ValueError, match=r"expected settings .*'runs': 3.*, found .*runs=2.*; use another folder"):
        acquire(telling, recipe, tmp_path, FEW.model_copy(update={"runs": 3}), workers=0)
    with pytest.raises(ValueError, match=r"expected units 4 of them, found 5"):
        acquire(telling[:4], recipe, tmp_path, FEW, workers=0)
    moved = Recipe.model_validate({**recipe.model_dump(), "patch": {"size_px": 20}})
    with pytest.raises(ValueError, match=r"expected recipe .*'size_px': 20"):
        acquire(telling, moved, tmp_path, FEW, workers=0)
    assert identities(tmp_path) == there


def test_what_leaves_the_patches_as_they_are_is_no_difference(
    telling: list[Unit], recipe: Recipe, tmp_path: Path
) -> None:
    """A new title, and with all frames stored the choice of those that are inspected."""
    every = AcquireSettings(runs=1)
    acquire(telling[:1], recipe, tmp_path, every, workers=0)
    there, changed = identities(tmp_path), recipe.model_dump()
    changed["frame"]["indices"] = (0, 8, 15)
    changed["regions"][0]["title"] = "top"
    acquire(telling[:1], Recipe.model_validate(changed), tmp_path, every, workers=0)
    assert identities(tmp_path) == there


def test_units_need_ids_of_their_own(telling: list[Unit], recipe: Recipe, tmp_path: Path) -> None:
    """The same product twice would be in training and validation; none is a mistake."""
    for units, found in (([*telling, telling[0]], "found 6, 5 ids"), ([], "found 0")):
        with pytest.raises(ValueError, match=f"expected one or more with different ids, {found}"):
            acquire(units, recipe, tmp_path, FEW, workers=0)


def test_what_a_worker_cannot_do_is_told(cells: Path, recipe: Recipe, tmp_path: Path) -> None:
    """The error of the unit comes through; nothing is left that could be taken for a product."""
    units = FolderSource(kind="folder", path=cells).training()
    with pytest.raises(ValueError, match=r"\d.png: expected run 0 and frames \[0\]"):
        acquire(units[:1], recipe, tmp_path / "out", FEW, workers=1)
    assert not list((tmp_path / "out").glob("*.h5"))
