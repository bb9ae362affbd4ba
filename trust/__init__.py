"""Proofs that verification can be trusted, each a command `python -m trust.NAME`."""
