"""The square deformable operator against a written-out sum and against ONNX Runtime's DeformConv."""

import numpy as np
import onnx
import onnx.helper as oh
import onnxruntime
import pytest
import torch
import torch.nn.functional as F

from codesign.nn.deform import TAPS, grid_offsets, square_depthwise

SHAPES = [(1, 3, 1, 1), (2, 4, 5, 7), (1, 8, 16, 9), (1, 2, 1, 6)]


def random_case(shape, bound, seed=0):
    n, c, h, w = shape
    g = torch.Generator().manual_seed(seed)
    x = torch.randint(-128, 128, shape, generator=g).float()
    weight = torch.randint(-7, 8, (c, 1, 3, 3), generator=g).float()
    dilation = torch.randint(-bound, bound + 1, (n, 1, h, w), generator=g).float()
    return x, weight, dilation


def written_out(x, weight, dilation):
    n, _, h, w = x.shape
    out = torch.zeros_like(x)
    for i in range(n):
        for y in range(h):
            for z in range(w):
                s = int(dilation[i, 0, y, z])
                for tap, (dy, dx) in enumerate(TAPS):
                    yy, xx = y + s * dy, z + s * dx
                    if 0 <= yy < h and 0 <= xx < w:
                        out[i, :, y, z] += weight[:, 0].flatten(1)[:, tap] * x[i, :, yy, xx]
    return out


@pytest.mark.parametrize("bound", [1, 3, 7])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_equals_the_sum_over_its_taps(shape, bound):
    x, weight, dilation = random_case(shape, bound)
    assert torch.equal(square_depthwise(x, weight, dilation), written_out(x, weight, dilation))


@pytest.mark.parametrize("dilation", [-7, 0, 1, 7])
def test_it_equals_onnx_deform_conv_at_constant_dilations(dilation):
    compare_with_onnxruntime(*random_case((1, 4, 9, 8), 7)[:2], torch.full((1, 1, 9, 8), float(dilation)))


@pytest.mark.parametrize("seed", range(3))
def test_it_equals_onnx_deform_conv_at_random_dilations(seed):
    compare_with_onnxruntime(*random_case((1, 4, 9, 8), 7, seed))


def compare_with_onnxruntime(x, weight, dilation):
    channels = weight.shape[0]
    node = oh.make_node("DeformConv", ["x", "w", "o"], ["y"], group=channels, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    arrays = {"x": x.numpy(), "w": weight.numpy(), "o": grid_offsets(dilation).numpy()}
    inputs = [oh.make_tensor_value_info(k, onnx.TensorProto.FLOAT, v.shape) for k, v in arrays.items()]
    output = oh.make_tensor_value_info("y", onnx.TensorProto.FLOAT, x.shape)
    graph = oh.make_graph([node], "g", inputs, [output])
    model = oh.make_model(graph, opset_imports=[oh.make_opsetid("", 19)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected = session.run(None, arrays)[0]
    assert np.array_equal(square_depthwise(x, weight, dilation).numpy(), expected)


def test_dilation_one_is_an_ordinary_depthwise_convolution_in_value_and_gradients():
    x, weight, _ = random_case((2, 4, 6, 5), 7)
    results = []
    for run in (
        lambda a, b: square_depthwise(a, b, torch.ones(2, 1, 6, 5)),
        lambda a, b: F.conv2d(a, b, padding=1, groups=4),
    ):
        a, b = x.clone().requires_grad_(), weight.clone().requires_grad_()
        out = run(a, b)
        (out * torch.arange(out.numel()).reshape(out.shape)).sum().backward()
        results.append((out, a.grad, b.grad))
    for mine, theirs in zip(*results, strict=True):
        assert torch.equal(mine, theirs)


def test_the_dilation_gradient_is_the_central_difference_of_the_output():
    x, weight, dilation = random_case((1, 3, 6, 6), 3)
    s = dilation.clone().requires_grad_()
    square_depthwise(x, weight, s).sum().backward()
    higher = square_depthwise(x, weight, dilation + 1).sum(1, keepdim=True)
    lower = square_depthwise(x, weight, dilation - 1).sum(1, keepdim=True)
    assert torch.equal(s.grad, (higher - lower) / 2)
