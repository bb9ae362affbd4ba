"""Architectures that the field deploys, in their usual form, at widths and picture sizes that quantize in seconds.

Weights are random and batch norms have statistics of random data: what counts is the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn

SIZE = 32
"""Height and width of a picture."""


def conv(inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1, act: nn.Module | None = None):
    """Convolution, batch norm and activation function (ReLU by default)."""
    layers = [nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, act if act is not None else nn.ReLU())


def separable(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(conv(inputs, inputs, 3, stride, inputs), conv(inputs, outputs, 1))


def classifier(features: nn.Module, channels: int, classes: int = 10) -> nn.Sequential:
    return nn.Sequential(features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


class Residual(nn.Module):
    """ResNet's basic block."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(conv(inputs, outputs, 3, stride), conv(outputs, outputs, 3, act=nn.Identity()))
        plain = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if plain else conv(inputs, outputs, 1, stride, act=nn.Identity())

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.branch(x) + self.shortcut(x))


class Inverted(nn.Module):
    """MobileNet-V2's block, with the activation function and, if `squeeze`, the gate of EfficientNet's."""

    def __init__(self, inputs: int, outputs: int, stride: int, act: type[nn.Module], squeeze: bool = False) -> None:
        super().__init__()
        wide = 4 * inputs
        self.before = nn.Sequential(conv(inputs, wide, 1, act=act()), conv(wide, wide, 3, stride, wide, act=act()))
        self.gate = Gate(wide) if squeeze else nn.Identity()
        self.after = conv(wide, outputs, 1, act=nn.Identity())
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = self.after(self.gate(self.before(x)))
        return x + y if self.adds else y


class Gate(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(4, channels // 4)
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, hidden, 1),
            nn.ReLU(),
            nn.Conv2d(hidden, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.layers(x)


class Fire(nn.Module):
    """SqueezeNet's block."""

    def __init__(self, inputs: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = conv(inputs, squeezed, 1)
        self.ones, self.threes = conv(squeezed, expanded, 1), conv(squeezed, expanded, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze(x)
        return torch.cat([self.ones(x), self.threes(x)], 1)


class Shuffled(nn.Module):
    """ShuffleNet-V2's unit of stride 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        middle = conv(half, half, 3, groups=half, act=nn.Identity())
        self.branch = nn.Sequential(conv(half, half, 1), middle, conv(half, half, 1))

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, 1)
        joined = torch.cat([a, self.branch(b)], 1)
        n, c, h, w = joined.shape
        return joined.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class UNet(nn.Module):
    """Two scales with a connection across; `up` brings the lower one back."""

    def __init__(self, up: nn.Module) -> None:
        super().__init__()
        self.top, self.pool, self.low = conv(3, 8, 3), nn.MaxPool2d(2), conv(8, 16, 3)
        self.up, self.end = up, nn.Sequential(conv(16 + 8, 8, 3), nn.Conv2d(8, 2, 1))

    def forward(self, x: Tensor) -> Tensor:
        top = self.top(x)
        return self.end(torch.cat([self.up(self.low(self.pool(top))), top], 1))


class Detector(nn.Module):
    """A YOLO of one scale: SiLU, a bottleneck, pooling pyramid, and boxes decoded by sigmoid."""

    def __init__(self, act: type[nn.Module]) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv(3, 8, 3, 2, act=act()), conv(8, 16, 3, 2, act=act()))
        self.bottleneck = nn.Sequential(conv(16, 8, 1, act=act()), conv(8, 16, 3, act=act()))
        self.pool, self.join = nn.MaxPool2d(5, 1, 2), conv(48, 16, 1, act=act())
        self.head = nn.Conv2d(16, 3 * 7, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = x + self.bottleneck(x)
        once = self.pool(x)
        x = self.head(self.join(torch.cat([x, once, self.pool(once)], 1)))
        return torch.sigmoid(x.flatten(2).transpose(1, 2))


class Inception(nn.Module):
    """Branches of several kernels, one of them behind an average that counts its padding."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        pooled = nn.Sequential(nn.AvgPool2d(3, 1, 1), conv(inputs, 4, 1))
        self.branches = nn.ModuleList(
            [conv(inputs, 4, 1), nn.Sequential(conv(inputs, 4, 1), conv(4, 8, 3)), conv(inputs, 4, 5), pooled]
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


def _resnet18() -> nn.Module:
    stages = [(64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2)]
    blocks = [Residual(*stage) for stage in [*stages, (512, 512, 1)]]
    return classifier(nn.Sequential(conv(3, 64, 3), nn.MaxPool2d(3, 2, 1), *blocks), 512)


def _resnet8() -> nn.Module:
    return classifier(nn.Sequential(conv(3, 16, 3), Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2)), 64)


def _mobilenet_v1() -> nn.Module:
    pairs = [(8, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 128, 2), (128, 128, 1)]
    return classifier(nn.Sequential(conv(3, 8, 3, 2), *(separable(*pair) for pair in pairs)), 128)


def _inverted(act: type[nn.Module], squeeze: bool = False) -> nn.Module:
    blocks = [(8, 16, 1), (16, 16, 1), (16, 24, 2), (24, 24, 1), (24, 32, 2)]
    features = [Inverted(*block, act, squeeze) for block in blocks]
    return classifier(nn.Sequential(conv(3, 8, 3, 2, act=act()), *features, conv(32, 64, 1, act=act())), 64)


def _squeezenet() -> nn.Module:
    features = [Fire(16, 8, 16), Fire(32, 8, 16), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(32, 12, 24)]
    return nn.Sequential(conv(3, 16, 3, 2), *features, nn.Conv2d(48, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def _vgg() -> nn.Module:
    return classifier(nn.Sequential(conv(3, 16, 3), nn.MaxPool2d(2), conv(16, 32, 3), nn.AvgPool2d(2)), 32)


def _shufflenet() -> nn.Module:
    return classifier(nn.Sequential(conv(3, 16, 3, 2), Shuffled(16), Shuffled(16), conv(16, 32, 1)), 32)


def _autoencoder() -> nn.Module:
    sizes = [640, 128, 128, 8, 128, 128]
    hidden = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*hidden, nn.Linear(128, 640))


def _dilated() -> nn.Module:
    return nn.Sequential(conv(3, 8, 3), nn.Conv2d(8, 8, 3, padding=2, dilation=2), nn.ReLU(), nn.Conv2d(8, 4, 1))


def _speech() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(8, 16, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool1d(2),
        nn.Conv1d(16, 16, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16 * 16, 10),
    )


PICTURE = (3, SIZE, SIZE)
NETS: Mapping[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "resnet8": (_resnet8, PICTURE),
    "resnet18": (_resnet18, PICTURE),
    "mobilenet-v1": (_mobilenet_v1, PICTURE),
    "mobilenet-v2": (lambda: _inverted(nn.ReLU6), PICTURE),
    "mobilenet-v3": (lambda: _inverted(nn.Hardswish), PICTURE),
    "efficientnet-lite": (lambda: _inverted(nn.ReLU6), PICTURE),
    "efficientnet": (lambda: _inverted(nn.SiLU, squeeze=True), PICTURE),
    "se-net": (lambda: _inverted(nn.ReLU, squeeze=True), PICTURE),
    "squeezenet": (_squeezenet, PICTURE),
    "shufflenet-v2": (_shufflenet, PICTURE),
    "vgg": (_vgg, PICTURE),
    "inception": (lambda: classifier(nn.Sequential(conv(3, 8, 3, 2), Inception(8)), 20), PICTURE),
    "unet-nearest": (lambda: UNet(nn.Upsample(scale_factor=2)), PICTURE),
    "unet-transposed": (lambda: UNet(nn.ConvTranspose2d(16, 16, 2, 2)), PICTURE),
    "yolo-relu": (lambda: Detector(nn.ReLU), PICTURE),
    "yolo-silu": (lambda: Detector(nn.SiLU), PICTURE),
    "yolo-leaky": (lambda: Detector(nn.LeakyReLU), PICTURE),
    "dilated": (_dilated, PICTURE),
    "autoencoder": (_autoencoder, (640,)),
    "speech-1d": (_speech, (8, 32)),
}
"""Networks by name, and the shape of an input without its batch."""


def made(name: str) -> nn.Module:
    """The network `name` in evaluation mode; its batch norms have seen random pictures."""
    torch.manual_seed(sum(map(ord, name)))
    build, shape = NETS[name]
    net = build().train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.rand(8, *shape))
    return net.eval()
