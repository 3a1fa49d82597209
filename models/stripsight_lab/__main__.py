"""`python -m stripsight_lab`."""

from stripsight_lab.cli import main

main()
