"""Parameters and multiply-accumulates against the recount of CoDeNet's published configurations."""

import pytest
import torch

from codesign.cli.main import status
from codesign.nn.count import count
from codesign.nn.network import conv_units, float_network
from codesign.recipe import load_recipe

RECOUNT = {
    "codenet-a": (1_588_031, "6.06", "0.757", 279_844_352),
    "codenet-b": (1_588_031, "6.06", "0.757", 287_806_976),
    "codenet-c": (1_588_031, "6.06", "0.757", 1_119_377_408),
    "codenet-d": (6_082_427, "23.20", "2.90", 3_507_274_240),
    "codenet-e": (6_082_427, "23.20", "2.90", 3_539_124_736),
}
"""Parameters with batch norm, MiB in fp32 and at 4 bits as the paper rounds them, MACs of the deployed order."""


@pytest.mark.parametrize("name", RECOUNT)
def test_published_configurations_count_as_the_paper_says(name):
    parameters, float_mib, quantized_mib, macs = RECOUNT[name]
    found = count(load_recipe(name))
    assert (found.parameters, found.macs) == (parameters, macs)
    assert f"{found.float_mib:.2f}" == float_mib
    assert f"{found.quantized_mib:.{len(quantized_mib) - 2}f}" == quantized_mib


def test_every_parameter_is_counted_once():
    recipe = load_recipe("codenet-digits")
    network = float_network(recipe)
    found = count(recipe)
    assert found.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert {block.name for block in found.blocks} == set(conv_units(network))


def test_output_shapes_are_those_of_a_forward_pass():
    recipe = load_recipe("codenet-digits")
    network = float_network(recipe).eval()
    heat = next(block for block in count(recipe).blocks if block.name == "heads.heat.output")
    with torch.no_grad():
        size = recipe.data.image_size
        assert tuple(network(torch.zeros(1, 3, size, size)).heat.shape[1:]) == heat.output


def test_the_command_prints_the_paper_s_figures_without_the_dataset(capsys):
    assert status(["summary", "codenet-c"]) == 0
    printed = capsys.readouterr().out
    for figure in ("1,588,031", "1,119,377,408", "6.06 MiB", "0.757 MiB", "1.119 G", "backbone.stages.stage4"):
        assert figure in printed
