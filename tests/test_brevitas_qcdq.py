"""What Brevitas' `export_onnx_qcdq` writes: Quantize, Clip, Dequantize, weights as Dequantize of clipped integers."""

from __future__ import annotations

from pathlib import Path

import brevitas.nn as qnn
import onnx
import pytest
import torch
from brevitas.export import export_onnx_qcdq
from brevitas.quant.scaled_int import (
    Int8ActPerTensorFloat,
    Int8WeightPerChannelFloat,
    Int32Bias,
    Uint8ActPerTensorFloat,
)
from torch import Tensor, nn

from tests.qdq_files import assert_kernels_agree


class Residual(nn.Module):
    """Layers with batch norm and depthwise, a sum that no quantizer follows, max-pool and a linear layer."""

    def __init__(self, bits: int, bias: type[Int32Bias] | None) -> None:
        super().__init__()
        layer = {
            "weight_quant": Int8WeightPerChannelFloat, "weight_bit_width": bits, "bias_quant": bias, "bias": True
        }  # fmt: skip
        self.input = qnn.QuantIdentity(Int8ActPerTensorFloat, bit_width=8, return_quant_tensor=True)
        self.conv = qnn.QuantConv2d(3, 4, 3, padding=1, **layer)
        self.relu = qnn.QuantReLU(Uint8ActPerTensorFloat, bit_width=bits, return_quant_tensor=True)
        self.depthwise = qnn.QuantConv2d(4, 4, 3, padding=1, groups=4, **layer)
        self.norm = nn.BatchNorm2d(4)
        self.shared = qnn.QuantIdentity(Int8ActPerTensorFloat, bit_width=bits, return_quant_tensor=True)
        self.linear = qnn.QuantLinear(36, 5, **layer)
        self.output = qnn.QuantIdentity(Int8ActPerTensorFloat, bit_width=8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.norm(self.conv(self.input(x))))
        total = self.shared(self.depthwise(x)) + self.shared(x)
        return self.output(self.linear(nn.functional.max_pool2d(total, 2).flatten(1)))


@pytest.mark.parametrize(("bits", "bias"), [(4, Int32Bias), (8, Int32Bias), (4, None)])
def test_integers_are_those_of_onnxruntime(bits: int, bias: type[Int32Bias] | None, tmp_path: Path) -> None:
    torch.manual_seed(1)
    net = Residual(bits, bias).train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.randn(8, 3, 6, 6))
    file = str(tmp_path / "net.onnx")
    export_onnx_qcdq(
        net.eval(), args=torch.zeros(1, 3, 6, 6), export_path=file, dynamo=False, input_names=["image"],
        opset_version=13,
    )  # fmt: skip
    model = onnx.load(file)
    assert {"QuantizeLinear", "Clip", "DequantizeLinear"} <= {node.op_type for node in model.graph.node}
    assert_kernels_agree(model)
