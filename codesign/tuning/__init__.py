"""Searches over networks, each candidate folded and costed for a target."""
