"""One file for each rewrite: `SUGGESTION`, found by the file's name, which refusals call in `RefusalError.rewrite`."""
