"""Breaks the service on purpose, again and again by a seed, and holds what its client saw against its record."""
