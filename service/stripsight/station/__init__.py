"""Where strips arrive, wait for the lane, are inspected in time and put on record."""
