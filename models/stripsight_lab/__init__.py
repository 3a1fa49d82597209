"""Laboratory of Stripsight: simulated line, training, export, evaluation and demo."""
