"""Acceptance criteria that were fixed before the test."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from stripsight_lab.qualify.criteria import Change, Criteria, changes, read_written, write_down, written_before

CRITERIA = Criteria(detection_rate_min=0.99, false_reject_rate_max=0.01)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def relaxed(**values: float) -> Criteria:
    """The criteria with other values."""
    return CRITERIA.model_copy(update=values)


def test_the_digest_follows_from_every_value() -> None:
    """Equal criteria have equal digests, and each value counts."""
    assert CRITERIA.digest == Criteria(false_reject_rate_max=0.01, detection_rate_min=0.99).digest
    assert CRITERIA.digest != relaxed(detection_rate_min=0.98).digest
    assert CRITERIA.digest != relaxed(least_severity=0.2).digest


@pytest.mark.parametrize("wrong", [{"detection_rate_min": 1.1}, {"detection_min": 0.9}, {"judged_by": "feeling"}])
def test_values_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    """A rate above 1, a name with a slip, a rule that does not exist."""
    with pytest.raises(ValidationError):
        Criteria.model_validate({"detection_rate_min": 0.9, "false_reject_rate_max": 0.1} | wrong)


def test_writing_down_again_changes_nothing(tmp_path: Path) -> None:
    """The time of the first writing stays."""
    path = tmp_path / "work" / "criteria.jsonl"
    first = write_down(CRITERIA, path, at=NOON)
    assert write_down(CRITERIA, path, at=NOON + timedelta(days=1)) == first
    assert len(read_written(path)) == 1


def test_criteria_changed_after_the_test_are_named(tmp_path: Path) -> None:
    """What stood there when the test began counts, whatever was written afterwards."""
    path = tmp_path / "criteria.jsonl"
    write_down(CRITERIA, path, at=NOON)
    write_down(relaxed(detection_rate_min=0.5), path, at=NOON + timedelta(hours=2))
    before = written_before(path, NOON + timedelta(hours=1))
    assert before is not None
    assert before.criteria == CRITERIA
    assert changes(before, relaxed(detection_rate_min=0.5)) == [Change("detection_rate_min", "0.99", "0.5")]
    assert changes(before, CRITERIA) == []


def test_a_change_before_the_test_is_none(tmp_path: Path) -> None:
    """The last criteria before the test hold."""
    path = tmp_path / "criteria.jsonl"
    write_down(relaxed(detection_rate_min=0.5), path, at=NOON - timedelta(hours=1))
    write_down(CRITERIA, path, at=NOON)
    assert changes(written_before(path, NOON), CRITERIA) == []


def test_criteria_that_were_never_written_down_are_all_named(tmp_path: Path) -> None:
    """No file, and a file that is younger than the test."""
    path = tmp_path / "criteria.jsonl"
    assert written_before(path, NOON) is None
    write_down(CRITERIA, path, at=NOON + timedelta(seconds=1))
    assert written_before(path, NOON) is None
    found = changes(None, CRITERIA)
    assert len(found) == len(Criteria.model_fields)
    assert found[0] == Change("detection_rate_min", "not written down", "0.99")


def test_an_edited_line_is_refused(tmp_path: Path) -> None:
    """Values that do not fit their digest were changed by hand."""
    path = tmp_path / "criteria.jsonl"
    write_down(CRITERIA, path, at=NOON)
    path.write_text(path.read_text().replace("0.99", "0.95"))
    with pytest.raises(ValueError, match=r"criteria\.jsonl line 1: expected criteria of digest"):
        read_written(path)


def test_a_line_that_is_no_criteria_is_refused(tmp_path: Path) -> None:
    """The error names the line."""
    path = tmp_path / "criteria.jsonl"
    write_down(CRITERIA, path, at=NOON)
    path.write_text(path.read_text() + "{}\n")
    with pytest.raises(ValueError, match="line 2: expected written criteria, found"):
        read_written(path)
