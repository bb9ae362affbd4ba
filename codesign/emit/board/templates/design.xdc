# All pins of the design are the processor's, and its clock is one of the processor's: the vendor's IP brings both
# constraints. What is left is the size of the file that PYNQ loads.
set_property BITSTREAM.GENERAL.COMPRESS TRUE [current_design]
