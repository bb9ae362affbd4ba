"""hls4ml projects from the integer graph, and their C simulation."""
