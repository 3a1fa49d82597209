"""`stripsight replay` on the record and pictures of a real server, and on folders: what it finds, prints and writes."""

import csv
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from stripsight import bundle as bundles
from stripsight.bundle import Bundle
from stripsight.cli.app import app
from stripsight.client import Client, ServiceError
from stripsight.engine import Engine
from stripsight.frame import FrameData, PixelFormat, crc32c, decode_strip
from stripsight.patches import crop

FAR_S = 60.0
OK = 0

Strip = Callable[..., tuple[FrameData, ...]]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run one command in this process."""
    ended = CliRunner().invoke(app, ["replay", *map(str, arguments), "--provider", "cpu", "--threads", "1"])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return subprocess.CompletedProcess(arguments, ended.exit_code, ended.stdout, ended.stderr)


def found(*arguments: object) -> dict[str, Any]:
    """Return the document that a replay prints."""
    ended = run(*arguments, "--json")
    assert (ended.returncode, ended.stderr) == (OK, "")
    document: dict[str, Any] = json.loads(ended.stdout)
    return document


def deep(frame: FrameData) -> FrameData:
    """Make MONO10 of MONO8."""
    data = (np.frombuffer(frame.data, np.uint8).astype("<u2") << 2 | 3).tobytes()
    return replace(frame, data=data, pixel_format=PixelFormat.MONO10, crc32c=crc32c(data))


@pytest.fixture(scope="module")
def folder(
    start_for_module: Callable[..., Any],
    strip_bundle: Bundle,
    strip: Strip,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The record of a server that ended, with all pictures: accepts, rejects, empty places, a refusal, two lots."""
    folder = tmp_path_factory.mktemp("records")
    recipe = strip_bundle.recipe
    server = start_for_module(strip_bundle.path, record_dir=folder, picture_sample=1).started()
    product = recipe.product.name
    empty = replace(strip(recipe, 101)[1], data=bytes([200]) * (recipe.frame.width_px * recipe.frame.height_px))
    empty = replace(empty, crc32c=crc32c(empty.data))
    with Client(server.target) as client:
        for number, lot, frames in (
            (1, "L-1", strip(recipe, 101)),
            (2, "L-1", strip(recipe, 102)),
            (3, "L-1", strip(recipe, 104, True)),
            (4, "L-1", tuple(map(deep, strip(recipe, 105, True)))),
            (5, "L-1", (strip(recipe, 101)[0], empty, strip(recipe, 101)[2])),
            (1, "L-2", strip(recipe, 103)),
        ):
            client.inspect(
                frames, strip_id=f"S-{number}", lot_id=lot, strip_seq=number, product=product, timeout_s=FAR_S
            )
        with pytest.raises(ServiceError, match="PRODUCT_MISMATCH"):
            client.inspect(frames, strip_id="S-9", lot_id="L-1", strip_seq=9, product="other", timeout_s=FAR_S)
    server.process.terminate()
    assert server.ended() == OK
    return folder


@pytest.fixture(scope="module")
def lower(strip_bundle: Bundle, strip_engine: Engine, strip: Strip, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle whose thresholds the strip with seed 101 just keeps, and the one with seed 103 does not."""
    recipe = strip_bundle.recipe

    def worst(seed: int) -> NDArray[np.float32]:
        scores = strip_engine.infer(crop(decode_strip(strip(recipe, seed), recipe), recipe)).scores
        by_region: NDArray[np.float32] = scores.reshape(-1, len(recipe.regions)).max(axis=0)
        return by_region

    limits = worst(101) * 1.0001
    assert (worst(103) > limits).any()
    return bundles.write(
        tmp_path_factory.mktemp("bundles") / "lower",
        recipe_text=(strip_bundle.path / "recipe.toml").read_text(),
        graph=strip_bundle.graph,
        thresholds={r.name: {"threshold": float(v)} for r, v in zip(recipe.regions, limits, strict=True)},
        challenge=strip_bundle.challenge,
        card_text="# Lower\n",
        provenance={},
    )


def test_the_same_bundle_changes_nothing_and_scores_are_equal(folder: Path, strip_bundle: Bundle) -> None:
    """To the bit, also of a strip sent at 10 bits; what was refused is told apart."""
    document = found("--bundle", strip_bundle.path, "--record-dir", folder)
    assert document["tried"] == 6
    assert document["changes"] == {"ACCEPT_TO_REJECT": 0, "REJECT_TO_ACCEPT": 0, "UNCHANGED": 6}
    assert document["same_bundle"] == {"strips": 6, "score_difference": 0.0}
    assert {why for why, count in document["not_tried"].items() if count} == {"REFUSED"}
    lines = run("--bundle", strip_bundle.path, "--record-dir", folder).stdout.splitlines()
    assert lines == [
        "6 strips tried: 0 accept to reject, 0 reject to accept, 6 unchanged",
        "1 not tried: 1 refused, never judged",
        "6 of them were judged by this bundle: every score is the same to the bit, no verdicts changed",
    ]


def test_another_bundle_lists_what_becomes_a_reject_with_both_margins(folder: Path, lower: Bundle) -> None:
    """The strip, where, and how far it was and is from the threshold; on record nothing is changed."""
    document = found("--bundle", lower.path, "--record-dir", folder, "--verdict", "accept")
    assert document["bundle_id"] == lower.bundle_id
    assert (document["tried"], document["same_bundle"]["strips"]) == (3, 0)
    changed = {(strip["lot_id"], strip["strip_id"]): strip for strip in document["changed"]}
    assert ("L-2", "S-1") in changed
    assert ("L-1", "S-1") not in changed
    for strip in changed.values():
        assert (strip["change"], strip["before"], strip["after"]) == ("ACCEPT_TO_REJECT", "ACCEPT", "REJECT")
        assert strip["causes_after"] == "ANOMALY"
        assert strip["margin_before"] > 0 >= strip["margin_after"]
        assert strip["score_before"] == strip["score_after"]
        assert strip["margin_after"] == pytest.approx(lower.thresholds[strip["region"]] - strip["score_after"])
    text = run("--bundle", lower.path, "--record-dir", folder, "--lot", "L-2").stdout
    assert "1 strips tried: 1 accept to reject, 0 reject to accept, 0 unchanged" in text
    assert "judged by this bundle" not in text
    assert " REJECT " in text and changed["L-2", "S-1"]["region"] in text


def test_a_threshold_is_tried_without_a_bundle(folder: Path, strip_bundle: Bundle) -> None:
    """What would become an accept; the scores are still those on record, and only that is said."""
    options = ("--bundle", strip_bundle.path, "--record-dir", folder, "--threshold", "R3=1.9")
    document = found(*options)
    changed = {strip["strip_id"]: strip for strip in document["changed"]}
    assert set(changed) == {"S-3", "S-4"}
    assert {strip["change"] for strip in changed.values()} == {"REJECT_TO_ACCEPT"}
    assert all(strip["margin_before"] < 0 < strip["margin_after"] for strip in changed.values())
    assert (changed["S-3"]["vial"], changed["S-3"]["region"]) == ("V5", "R3")
    assert "every score is the same to the bit\n" in run(*options).stdout


def test_every_strip_that_was_tried_is_in_the_table(folder: Path, strip_bundle: Bundle, tmp_path: Path) -> None:
    """A row each with the region that decides; an image check that rejects has a message and no score."""
    run("--bundle", strip_bundle.path, "--record-dir", folder, "--csv", tmp_path / "all.csv")
    with (tmp_path / "all.csv").open(newline="") as file:
        rows = {(row["lot_id"], row["strip_seq"]): row for row in csv.DictReader(file)}
    assert len(rows) == 6
    assert {row["change"] for row in rows.values()} == {"UNCHANGED"}
    bad, empty = rows["L-1", "3"], rows["L-1", "5"]
    assert (bad["vial"], bad["region"], bad["frame_before"], bad["frame_after"]) == ("V5", "R3", "15", "15")
    assert float(bad["score_after"]) > float(bad["threshold_after"])
    assert (empty["score_before"], empty["score_after"], empty["region"]) == ("", "", "")
    assert "STRIP_NOT_FOUND" in empty["causes_after"] and "frame 7" in empty["message"]


def test_strips_without_pictures_are_counted(folder: Path, strip_bundle: Bundle, tmp_path: Path) -> None:
    """Gone, or damaged: a picture that is not the frame on record is none."""
    copy = shutil.copytree(folder, tmp_path / "records")
    pictures = sorted((copy / "pictures").glob("*/*.png"))
    pictures[0].unlink()
    pictures[-1].write_bytes(pictures[1].read_bytes())
    document = found("--bundle", strip_bundle.path, "--record-dir", copy)
    without = document["not_tried"]["NO_PICTURES"]
    assert without in (1, 2)  # the two frames may be of one strip
    assert document["tried"] == 6 - without


def test_strips_of_another_product_are_left_out(folder: Path, item_bundle: Bundle) -> None:
    """A record may hold several products."""
    document = found("--bundle", item_bundle.path, "--record-dir", folder)
    assert (document["tried"], document["not_tried"]["OTHER_PRODUCT"]) == (0, 7)


def test_a_folder_of_pictures_is_tried_too(strip_bundle: Bundle, lower: Bundle, tmp_path: Path) -> None:
    """Alone every verdict is listed, against another bundle those that change."""
    challenge = strip_bundle.path / "challenge"
    text = run("--bundle", strip_bundle.path, "--folder", challenge).stdout
    assert [line.split("│")[4].strip() for line in text.splitlines() if "│" in line] == ["good", "speckle"]
    assert "ACCEPT" in text and "REJECT" in text and "V5 R3" in text
    document = found("--bundle", lower.path, "--folder", challenge, "--before", strip_bundle.path)
    assert (document["tried"], document["changed"]) == (2, [])
    document = found("--bundle", strip_bundle.path, "--folder", challenge, "--threshold", "R3=1.9")
    assert document["changes"]["UNCHANGED"] == 2
    options = ("--before", strip_bundle.path, "--threshold", "R3=1.9")
    document = found("--bundle", strip_bundle.path, "--folder", challenge, *options)
    assert [(strip["strip_id"], strip["change"]) for strip in document["changed"]] == [("speckle", "REJECT_TO_ACCEPT")]


def test_what_is_wrong_is_told_in_a_line(folder: Path, strip_bundle: Bundle, tmp_path: Path) -> None:
    """No bundle, no record, no folder, no frame, no threshold, no file to write."""
    (tmp_path / "strips" / "one").mkdir(parents=True)
    good = ("--bundle", strip_bundle.path, "--record-dir", folder)
    cases: list[tuple[int, str, tuple[object, ...]]] = [
        (3, "BUNDLE_NOT_FOUND", ("--bundle", tmp_path)),
        (8, "expected a record", ("--bundle", strip_bundle.path, "--record-dir", tmp_path)),
        (2, "expected a folder of strips", ("--bundle", strip_bundle.path, "--folder", tmp_path / "no")),
        (2, "0.png: expected the picture of a frame", ("--bundle", strip_bundle.path, "--folder", tmp_path / "strips")),
        (2, "expected a folder for each strip", ("--bundle", strip_bundle.path, "--folder", tmp_path / "strips/one")),
        (2, "expected REGION=SCORE with one of R0, R1, R2, R3", (*good, "--threshold", "R9=1")),
        (2, "found 'R1=nan'", (*good, "--threshold", "R1=nan")),
        (2, "--before together with --folder", (*good, "--before", strip_bundle.path)),
        (2, "No such file", (*good, "--lot", "none", "--csv", tmp_path / "no" / "x.csv")),
    ]
    for status, message, options in cases:
        ended = run(*options)
        assert (ended.returncode, message in ended.stderr, ended.stderr.count("\n")) == (status, True, 1), ended.stderr
