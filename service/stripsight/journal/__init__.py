"""The record: one row a strip and one an event, chained by hash, on disk before the answer leaves.

Pure: `record`, `canonical`, `chain`, `checkpoint`, `verify`, `answers`, `lot`. At the edge: `keys`, `head`, `store`,
`opening`, `journal`, `outbox`, `reader`, `export`, `report`.
"""
