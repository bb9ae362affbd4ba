"""Prices of what is built (`codesign.hardware`): cycles, LUTs, flip-flops, block RAM, DSP slices and energy."""
