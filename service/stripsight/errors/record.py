"""What is wrong with the record."""

from stripsight.errors.base import StripsightError


class RecordError(StripsightError):
    """The record cannot be written or read. Stop serving; a commit that failed is never tried again."""

    reason = "RECORD_FAILED"


class RecordNotFound(StripsightError):
    """What is asked for is not on record."""

    reason = "RECORD_NOT_FOUND"


class RecordsInUse(RecordError):
    """Another service keeps its record in this directory."""

    reason = "RECORDS_IN_USE"


class RecordsDamaged(RecordError):
    """The record that is there does not hold together."""

    reason = "RECORDS_DAMAGED"
