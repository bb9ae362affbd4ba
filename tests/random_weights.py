"""Random binary weights for hypothesis."""

import numpy as np
from hypothesis import strategies as st


@st.composite
def binary_weights(draw) -> np.ndarray:
    """(C, n) of +-1 with identical, complementary and half-way channels among the random ones."""
    channels, inputs = draw(st.integers(1, 9)), draw(st.integers(1, 70))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    weight = rng.choice([-1, 1], (channels, inputs))
    half = np.where(np.arange(inputs) < inputs // 2, -1, 1)
    for channel in range(1, channels):
        weight[channel] *= draw(st.sampled_from([1, 0, 0, 0]))
        if not weight[channel].any():
            weight[channel] = weight[draw(st.integers(0, channel - 1))] * draw(st.sampled_from([1, -1, half]))
    return weight
