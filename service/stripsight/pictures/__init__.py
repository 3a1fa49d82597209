"""Frames kept as pictures beside the record, so that a verdict can be looked at and tried again."""
