"""Lots: production batches between challenge strips, told by the record.

Pure: `lot`, `notes`, `ledger`, `book`, `due`, `facts`. At the edge: `replay` reads the record, `runs` challenges the
engine, `keeper` opens and closes.
"""
