"""The bundles that can be found: looked at anew, read again only when something has changed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from stripsight.bundle import Bundle, Trust
from stripsight.bundle.shelf import Shelf
from stripsight.errors import BundleError, BundleUnknown

ANYBODY = Trust(development=True)


@pytest.fixture
def put(tmp_path: Path) -> Callable[[Bundle, str], Path]:
    """Put a copy of a bundle into the folder."""
    return lambda bundle, name: Path(shutil.copytree(bundle.path, tmp_path / "bundles" / name))


@pytest.fixture
def shelf(strip_bundle: Bundle, tmp_path: Path) -> Shelf:
    """The shelf of a service that was started with a bundle elsewhere."""
    (tmp_path / "bundles").mkdir()
    return Shelf(tmp_path / "bundles", strip_bundle.path, ANYBODY)


def test_a_bundle_that_is_put_there_is_found(
    shelf: Shelf, put: Callable[..., Path], strip_bundle: Bundle, slack_bundle: Bundle
) -> None:
    """The configured one first; drafts and files are none."""
    put(slack_bundle, ".draft")
    assert [one.bundle_id for one in shelf.found()] == [strip_bundle.bundle_id]
    path = put(slack_bundle, "slack")
    (path.parent / "README").write_text("ours")
    assert [one.bundle_id for one in shelf.found()] == [strip_bundle.bundle_id, slack_bundle.bundle_id]
    assert shelf.load(slack_bundle.bundle_id).path == path


def test_a_file_that_changes_is_noticed(shelf: Shelf, put: Callable[..., Path], slack_bundle: Bundle) -> None:
    """What was sound is looked at again, and told what is wrong with it; loading refuses it too."""
    path = put(slack_bundle, "slack")
    assert [one.problem for one in shelf.found()] == ["", ""]
    card = path / "CARD.md"
    card.write_bytes(card.read_bytes()[::-1])
    assert shelf.found()[1].problem.startswith("slack: BUNDLE_FILE_CHANGED: CARD.md")
    with pytest.raises(BundleError):
        shelf.load(slack_bundle.bundle_id)


def test_what_has_not_changed_is_not_read_again(
    shelf: Shelf, put: Callable[..., Path], slack_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list costs a line no second look at the same files."""
    put(slack_bundle, "slack")
    first = shelf.found()
    monkeypatch.setattr("stripsight.bundle.shelf.load", None)
    assert shelf.found() == first


@pytest.mark.parametrize("folder", [None, "nowhere"])
def test_without_a_folder_there_is_the_configured_one(folder: str | None, strip_bundle: Bundle, tmp_path: Path) -> None:
    """Another id is unknown, whatever it looks like."""
    shelf = Shelf(tmp_path / folder if folder else None, strip_bundle.path, ANYBODY)
    assert [one.bundle_id for one in shelf.found()] == [strip_bundle.bundle_id]
    for unknown in ("0" * 64, ""):
        with pytest.raises(BundleUnknown):
            shelf.load(unknown)
