"""`python -m stripsight_lab`."""

from stripsight_lab.cli import app

app(prog_name="stripsight-lab")
