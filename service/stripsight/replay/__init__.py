"""Strips of the past on any bundle: what would change."""
