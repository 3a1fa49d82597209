"""The data set: acquisitions of good products cut into patches, on disk. `acquire` writes it, `store` reads it."""
