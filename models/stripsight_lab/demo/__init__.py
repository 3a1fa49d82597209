"""The demo: a simulated machine that drives the real server at the line's cadence, and a view of it."""
