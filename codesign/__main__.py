"""`python -m codesign` is `codesign`."""

from codesign.cli.main import main

main()
