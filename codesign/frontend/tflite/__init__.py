"""TFLite files in, integer graph out: full-integer networks, as LiteRT's reference kernels compute them.

A code q of the file stands in the integer graph as q - zero; layouts (1, H, W, C) there are (C, H, W) here.
"""
