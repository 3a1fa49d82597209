"""How fast the service is, set against the bare graph and a plain service; see docs/performance.md.

Pure: percentiles, intervals, operations, figures, rows, compare. The rest starts processes and measures.
"""
