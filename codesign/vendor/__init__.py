"""What the vendor's tools, Vivado and Vitis HLS, make of a build, and what their reports say."""
