"""Channels of binary layers that share their work: spanning trees and adder graphs of +-1 matrices."""
