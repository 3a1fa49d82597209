"""`python -m stripsight` is the same as `stripsight`."""

from stripsight.cli import main

main()
