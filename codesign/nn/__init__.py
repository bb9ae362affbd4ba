"""Quantized PyTorch modules and the networks made of them, a user's own included."""

from codesign.plugins import users_networks

__path__.extend(users_networks("nn"))
