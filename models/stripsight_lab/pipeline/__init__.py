"""The steps from products to a bundle, one module a command: acquire, train, export, tune, evaluate, qualify, ship.

Each takes an experiment, reads what the step before wrote in the experiment's work folder and writes its own result
and a record beside it. Input and output live here; what is computed comes from the packages beside this one.
"""
