"""Qualification: the machine against people, determinism, overlap of kits, acceptance criteria, and the report."""
