"""Whether strips, scores and rejects still look like those that the bundle was tuned on."""
