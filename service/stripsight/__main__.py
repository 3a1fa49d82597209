"""`python -m stripsight` is the same as `stripsight`."""

from stripsight.cli.app import main

main()
