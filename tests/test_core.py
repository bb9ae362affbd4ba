"""The core that any block design takes in: `component.xml` is valid IEEE 1685, and says what the RTL is."""

import json
import re
import sys
from pathlib import Path

import pytest
from lxml import etree

from codesign.emit.core import emit_core
from codesign.emit.rtl import registers
from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.top import emit_rtl
from codesign.resources import rtl_dir
from tests import streamed
from tests.designs import designed

SPIRIT = {"s": "http://www.spiritconsortium.org/XMLSchema/SPIRIT/1685-2009"}


@pytest.fixture(scope="module", params=["on chip", "streamed"])
def design(request):
    """One whose weights are on chip, one that reads them from memory."""
    return streamed.small() if request.param == "streamed" else designed(streamed.network(), "kv260", clock_mhz=160.0)


@pytest.fixture(scope="module")
def core(design, tmp_path_factory):
    """The folder of its core."""
    folder = tmp_path_factory.mktemp("core")
    emit_core(design, emit_rtl(design, folder / "rtl"))
    return folder / "rtl"


@pytest.fixture
def component(core):
    return etree.parse(str(core / "component.xml"))


def schema():
    """That of IEEE 1685-2009, from the package that ships it; found without running it."""
    folder = next(Path(place, "pyEDAA", "IPXACT") for place in sys.path if Path(place, "pyEDAA", "IPXACT").is_dir())
    return etree.XMLSchema(etree.parse(str(folder / "Schema" / "ieee-1685-2009" / "index.xsd")))


def texts(component, path):
    return component.xpath(f"{path}/text()", namespaces=SPIRIT)


def test_the_description_is_valid_by_the_standards_schema(component):
    found = schema()
    assert found.validate(component), found.error_log


def test_the_schema_finds_a_wrong_description(component):
    broken = etree.fromstring(etree.tostring(component))
    for name in broken.xpath("//s:busInterface/s:name", namespaces=SPIRIT):
        name.tag = f"{{{SPIRIT['s']}}}title"
    assert not schema().validate(broken)


def ports_of(verilog):
    """Direction and width by name."""
    found = re.findall(r"^    (input |output) wire (?:\[(\d+):0\] )?(\w+)", verilog, re.MULTILINE)
    return {name: (direction.strip(), int(high or 0) + 1) for direction, high, name in found}


def test_its_ports_are_those_of_the_wrapper_and_each_belongs_to_one_interface(core, component):
    described = {}
    for port in component.iterfind(".//s:ports/s:port", SPIRIT):
        direction = {"in": "input", "out": "output"}[port.findtext("s:wire/s:direction", namespaces=SPIRIT)]
        width = int(port.findtext("s:wire/s:vector/s:left", "0", SPIRIT)) + 1
        described[port.findtext("s:name", namespaces=SPIRIT)] = (direction, width)
    assert described == ports_of((core / "accelerator.v").read_text())
    mapped = texts(component, "//s:physicalPort/s:name")
    assert sorted(mapped) == sorted(described)


def test_every_interface_runs_on_the_clock_and_leaves_reset_with_it(core, component):
    buses = set(texts(component, "//s:busInterface/s:name")) - {"aclk", "aresetn"}
    parameters = "//s:busInterface[s:name='aclk']//s:parameter[s:name='{}']/s:value"
    (associated,) = texts(component, parameters.format("ASSOCIATED_BUSIF"))
    assert set(associated.split(":")) == buses
    assert texts(component, parameters.format("ASSOCIATED_RESET")) == ["aresetn"]
    streams = json.loads((core / "project.json").read_text())
    wires = {stream["wire"] for key in ("inputs", "outputs") for stream in streams[key]}
    weights = {"m_axi_weights"} if streams["weights"] else set()
    assert buses == wires | weights | {"s_axil"}
    assert set(texts(component, "//s:addressSpace/s:name")) == weights


def test_its_registers_are_those_of_the_table_and_of_the_rtl(core, component):
    found = {}
    for register in component.iterfind(".//s:register", SPIRIT):
        fields = {
            field.findtext("s:name", namespaces=SPIRIT): int(field.findtext("s:bitOffset", namespaces=SPIRIT))
            for field in register.iterfind("s:field", SPIRIT)
        }
        offset = int(register.findtext("s:addressOffset", namespaces=SPIRIT), 0)
        found[register.findtext("s:name", namespaces=SPIRIT)] = (offset, fields)
    table = {r.name: (r.offset, {field.name: field.bit for field in r.fields}) for r in registers.REGISTERS}
    assert found == table
    in_rtl = re.findall(r"AT_(\w+) = 12'h(\w+);", (rtl_dir() / "axi_lite_registers.sv").read_text())
    assert {name: int(digits, 16) for name, digits in in_rtl} == {name: offset for name, (offset, _) in found.items()}


def test_what_registers_always_read_is_that_of_the_design(core, component):
    digest = RtlProject.load(core).digest
    path = "//s:register[starts-with(s:name,'MODEL_HASH')]/s:reset/s:value"
    read = "".join(f"{int(value, 0):08x}" for value in texts(component, path))
    assert read == digest[:32]
    assert f"MODEL_HASH(128'h{read})" in (core / "top.sv").read_text()


def test_every_file_is_named_by_a_path_within_the_folder_and_all_that_synthesis_reads_is_named(core, component):
    names = texts(component, "//s:fileSet[s:name='synthesis']/s:file/s:name")
    assert len(names) == len(set(names))
    for name in (*names, *texts(component, "//s:fileSet/s:file/s:name")):
        assert (core / name).is_file() and ".." not in Path(name).parts and not Path(name).is_absolute()
    needed = set((core / "files.f").read_text().split()) | {f"mem/{path.name}" for path in (core / "mem").iterdir()}
    assert needed | {"accelerator.v", "accelerator_ooc.xdc"} == set(names)


def test_constraints_of_the_core_alone_stay_out_of_the_design_around_it(design, core, component):
    uses = texts(component, "//s:file[s:name='accelerator_ooc.xdc']/s:userFileType")
    assert "USED_IN_out_of_context" in uses
    assert "accelerator_ooc.xdc" not in texts(component, "//s:fileSet[s:name='simulation']/s:file/s:name")
    rules = [line for line in (core / "accelerator_ooc.xdc").read_text().splitlines() if not line.startswith("#")]
    period = {160.0: "6.250", 100.0: "10.000"}[design.schedule.clock_mhz]
    assert rules[0] == f"create_clock -name aclk -period {period} [get_ports aclk]"
    assert rules[1:] == ["set_false_path -from [get_ports aresetn]"]
