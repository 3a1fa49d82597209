"""Training of the paper's generator, sections 6.2 and 7.3: `train.train` runs it, `step.Gan.step` is one step of it."""
