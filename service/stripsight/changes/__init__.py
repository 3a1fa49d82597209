"""Another bundle takes over while the line runs."""
