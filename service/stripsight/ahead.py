"""What a call of InspectStrip says ahead of its message."""

STRIP = "stripsight-strip-bin"
"""The metadata that name the strip: a StripHeader, serialized. See InspectionService in the API."""
