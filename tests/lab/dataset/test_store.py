"""Reading patches by number."""

import os
import pickle
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from stripsight.recipe import Recipe
from stripsight_lab.dataset.acquire import acquire
from stripsight_lab.dataset.plan import Plan, product_path
from stripsight_lab.dataset.settings import AcquireSettings
from stripsight_lab.dataset.store import MOST_OPEN, PatchStore
from stripsight_lab.line import Strip
from stripsight_lab.source import Unit
from stripsight_lab.source.line import LineUnit

Grey = Callable[[int, int, int, int], int]
SETTINGS = AcquireSettings(runs=2, validation_every=3)
EACH = 2 * 18 * 2  # runs, images, vials


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, telling: list[Unit], recipe: Recipe) -> Path:
    """Five products, of which number 2 is for validation."""
    path = tmp_path_factory.mktemp("patches")
    acquire(telling, recipe, path, SETTINGS, workers=0)
    return path


def test_the_order_is_product_run_image_vial(folder: Path, grey: Grey) -> None:
    """Patch i of each region is where the count says, to the grey level."""
    store = PatchStore(folder)
    assert (store.regions, store.count, store.size) == (3, 5 * EACH, 16)
    images = [*range(16), 0, 15]
    for region in range(3):
        patches = store.read(region, np.arange(store.count))
        expected = [grey(run, image, vial, region) for run in range(2) for image in images for vial in range(2)]
        assert patches[:, 1, 1].tolist() == expected * 5
        assert patches[:, 0, 0].tolist() == [product for product in range(5) for _ in range(EACH)]


def test_any_indices_can_be_asked_for(folder: Path) -> None:
    """Unsorted, repeated, of any integer type, and none at all; the same patches as in order."""
    store = PatchStore(folder)
    whole = store.read(1, np.arange(store.count))
    wanted = np.array([300, 0, 7, 300, 359, 71, 72, 7], np.uint16)
    patches = store.read(1, wanted)
    np.testing.assert_array_equal(patches, whole[wanted])
    assert patches.dtype == np.uint8 and patches.flags.writeable
    assert store.read(1, np.array([], np.int64)).shape == (0, 16, 16)


def test_the_split_is_by_product(folder: Path) -> None:
    """Product 2 of 5 is for validation with all of its patches, and no other."""
    training, validation = PatchStore(folder, "training"), PatchStore(folder, "validation")
    assert (training.count, validation.count) == (4 * EACH, EACH)
    assert set(training.read(0, np.arange(training.count))[:, 0, 0]) == {0, 1, 3, 4}
    assert set(validation.read(0, np.arange(EACH))[:, 0, 0]) == {2}
    digests = {PatchStore(folder, split).digest() for split in ("training", "validation", "all")}
    assert len(digests) == 3


def test_out_of_range_is_refused(folder: Path) -> None:
    """Also below 0: a patch counted from the end would be a mistake."""
    store = PatchStore(folder, "training")
    for wrong in (-1, store.count):
        with pytest.raises(IndexError, match=f"indices: expected 0 to 287, found 0 to {wrong}|found -1 to 0"):
            store.read(0, np.array([0, wrong]))
    with pytest.raises(IndexError, match="region: expected 0 to 2, found 3"):
        store.read(3, np.array([0]))
    for wrong_type in (np.array([True, False]), np.array([0.0]), np.array([[0]])):
        with pytest.raises(ValueError, match="indices: expected a flat array of integers"):
            store.read(0, wrong_type)


def test_an_unfinished_acquisition_is_refused(telling: list[Unit], recipe: Recipe, tmp_path: Path) -> None:
    """And a folder that holds none."""
    with pytest.raises(ValueError, match="run the acquisition first"):
        PatchStore(tmp_path)
    acquire(telling, recipe, tmp_path, AcquireSettings(runs=1), workers=0)
    product_path(tmp_path, 3).unlink()
    with pytest.raises(ValueError, match="expected 5 products, found 4"):
        PatchStore(tmp_path)


def test_a_damaged_patch_is_an_error(telling: list[Unit], recipe: Recipe, tmp_path: Path) -> None:
    """Bytes that change on the disk do not become another picture."""
    acquire(telling[:1], recipe, tmp_path, AcquireSettings(runs=1), workers=0)
    path = product_path(tmp_path, 0)
    with h5py.File(path) as file:
        chunk = file["patches"].id.get_chunk_info_by_coord((1, 5, 0, 0))
    with path.open("r+b") as raw:
        raw.seek(chunk.byte_offset + chunk.size - 2)  # in the checksum
        raw.write(b"\0\0")
    store = PatchStore(tmp_path)
    store.read(1, np.array([4, 6]))
    with pytest.raises(OSError, match=r"filter|decompress|inflate"):
        store.read(1, np.array([5]))


class Numbered(Dataset[NDArray[np.uint8]]):
    """The patches of region 2 one by one, as a training would read them."""

    def __init__(self, store: PatchStore) -> None:
        self.store = store

    def __len__(self) -> int:
        return self.store.count

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        return self.store.read(2, np.array([index]))[0]


def test_forked_workers_read_what_the_parent_reads(folder: Path) -> None:
    """Two workers of torch that inherit open files, and the parent meanwhile."""
    store = PatchStore(folder)
    expected = store.read(2, np.arange(store.count))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of any fork beside threads
        loader = DataLoader(Numbered(store), batch_size=36, num_workers=2, multiprocessing_context="fork")
        for number, batch in enumerate(loader):
            part = slice(number * 36, (number + 1) * 36)
            np.testing.assert_array_equal(batch.numpy(), expected[part])
            np.testing.assert_array_equal(store.read(2, np.arange(store.count)[part]), expected[part])


def test_it_pickles_with_files_open(folder: Path) -> None:
    """For workers that are spawned."""
    store = PatchStore(folder, "training")
    before = store.read(0, np.arange(store.count))
    copy = pickle.loads(pickle.dumps(store))
    np.testing.assert_array_equal(copy.read(0, np.arange(copy.count)), before)
    assert copy.digest() == store.digest()


def test_the_papers_set_is_addressed_in_little_memory(strips: Recipe, tmp_path: Path) -> None:
    """782 strips, 10 runs, 18 images, 20 patches: 2,815,200, and 184 GB if files held them; here none is filled.

    Reading all over it keeps few files open and the memory flat.
    """
    units = [LineUnit(f"T{number}", Strip.good(number)) for number in range(782)]
    plan = Plan.of(units, strips, AcquireSettings())
    plan.claim(tmp_path)
    for grey in range(17):
        with h5py.File(tmp_path / f"{grey}.h5", "w", libver=("v110", "v110")) as file:
            file.create_dataset("patches", plan.shape, np.uint8, chunks=(1, 1, 256, 256), fillvalue=grey)
    for number in range(782):
        shutil.copyfile(tmp_path / f"{number % 17}.h5", product_path(tmp_path, number))
    training, validation = PatchStore(tmp_path, "training"), PatchStore(tmp_path, "validation")
    assert training.regions * (training.count + validation.count) == 2_815_200
    assert validation.count == 78 * 900  # 9.97 %

    rng, store = np.random.default_rng(1), PatchStore(tmp_path)
    assert store.read(3, np.array([703_799, 0]))[:, 9, 9].tolist() == [781 % 17, 0]
    files, memory = open_files(), 0
    for step in range(40):
        wanted = rng.integers(0, store.count, 32)
        assert (store.read(step % 4, wanted)[:, 9, 9] == wanted // 900 % 17).all()
        memory = memory or resident()
    assert open_files() - files <= MOST_OPEN
    assert resident() - memory < 40e6  # 84 MB have been read
    store.close()


def open_files() -> int:
    """File handles of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


def resident() -> int:
    """Memory of this process, bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
