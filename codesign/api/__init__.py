"""One function a file: what a command does, for use from Python. No terminal here, no heavy import at the top level."""
