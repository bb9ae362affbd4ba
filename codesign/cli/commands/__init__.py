"""The commands, one a file. Nothing heavy is imported at the top of these, so that `--help` is instant."""
