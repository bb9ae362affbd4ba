"""`component.xml`: the core as IEEE 1685-2009 (IP-XACT) describes one, with the views that Vivado looks for.

That edition, and not a later one, is what Vivado reads and writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from codesign.emit.core.ports import REGISTER_BITS, REGISTERS, WEIGHT_ADDRESS_BITS, WEIGHTS, Interface
from codesign.emit.rtl import registers
from codesign.emit.rtl.project import RtlProject
from codesign.targets import BUS_BITS

SPIRIT, XILINX = "http://www.spiritconsortium.org/XMLSchema/SPIRIT/1685-2009", "http://www.xilinx.com"
VENDOR, LIBRARY, VERSION = "codesign", "user", "1.0"

FAMILIES = {"xc7": ("artix7", "kintex7", "spartan7", "virtex7", "zynq"), "xcup": ("zynquplus", "kintexuplus")}
"""What Vivado calls the families of parts that the RTL is written for, by the kind of fabric."""

_ACCESS = {"read": "read-only", "read, write": "read-write", "read, write 1 to clear": "read-write"}


@dataclass(frozen=True)
class File:
    """A file of the core, its name as `component.xml` sees it. uses: further types that only a vendor's tools know."""

    name: str
    type: str
    uses: tuple[str, ...] = ()


def component(
    project: RtlProject, name: str, interfaces: Sequence[Interface], sources: Sequence[File], gui: File, mem_dir: str
) -> str:
    """The text of `component.xml`.

    name: of the core and of its top module. sources: all that synthesis reads, the top last but for what is no source.
    gui: Vivado's script of the core's parameters. mem_dir: the default of the one parameter.
    """
    ElementTree.register_namespace("spirit", SPIRIT)
    ElementTree.register_namespace("xilinx", XILINX)
    root = Element(f"{{{SPIRIT}}}component")
    _texts(root, vendor=VENDOR, library=LIBRARY, name=name, version=VERSION)
    buses = _add(root, "busInterfaces")
    for interface in interfaces:
        _bus(buses, interface)
    if any(interface.name == WEIGHTS for interface in interfaces):
        space = _add(_add(root, "addressSpaces"), "addressSpace")
        _texts(space, name=WEIGHTS, range=1 << WEIGHT_ADDRESS_BITS, width=BUS_BITS)
    _memory_map(_add(_add(root, "memoryMaps"), "memoryMap"), project.digest)
    _model(_add(root, "model"), name, interfaces, mem_dir)
    sets = _add(root, "fileSets")
    _file_set(sets, "synthesis", sources)
    _file_set(sets, "simulation", [file for file in sources if file.type != "xdc"])
    _file_set(sets, "gui", [gui])
    _texts(root, description=f"{project.name}, network {project.digest[:32]}")
    own = _add(root, "parameters")
    _parameter(own, "MEM_DIR", mem_dir, "PARAM_VALUE.MEM_DIR", resolve="user", format="string")
    _parameter(own, "Component_Name", f"{name}_v1_0", "PARAM_VALUE.Component_Name", resolve="user", order="1")
    _extensions(_add(root, "vendorExtensions"), project)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add(parent: Element, tag: str, text: object = None, **attributes: str) -> Element:
    """A new last child; its name and those of its attributes are IP-XACT's."""
    child = SubElement(parent, f"{{{SPIRIT}}}{tag}", {f"{{{SPIRIT}}}{key}": value for key, value in attributes.items()})
    if text is not None:
        child.text = str(text)
    return child


def _texts(parent: Element, **children: object) -> None:
    for tag, text in children.items():
        _add(parent, tag, text)


def _parameter(parent: Element, name: str, value: str, identifier: str, **attributes: str) -> None:
    parameter = _add(parent, "parameter")
    _add(parameter, "name", name)
    _add(parameter, "value", value, id=identifier, **attributes)


def _bus(parent: Element, interface: Interface) -> None:
    bus = _add(parent, "busInterface")
    _add(bus, "name", interface.name)
    vendor, library, name, version = interface.type
    _add(bus, "busType", vendor=vendor, library=library, name=name, version=version)
    _add(bus, "abstractionType", vendor=vendor, library=library, name=f"{name}_rtl", version=version)
    mode = _add(bus, "master" if interface.master else "slave")
    if interface.name == REGISTERS:
        _add(mode, "memoryMapRef", memoryMapRef=REGISTERS)
    if interface.name == WEIGHTS:
        _add(mode, "addressSpaceRef", addressSpaceRef=WEIGHTS)
    maps = _add(bus, "portMaps")
    for port in interface.ports:
        one = _add(maps, "portMap")
        _add(_add(one, "logicalPort"), "name", port.signal.upper())
        _add(_add(one, "physicalPort"), "name", port.name)
    if interface.parameters:
        parameters = _add(bus, "parameters")
        for key, value in interface.parameters.items():
            _parameter(parameters, key, value, f"BUSIFPARAM_VALUE.{interface.name.upper()}.{key}")


def constants(digest: str) -> dict[str, int]:
    """By register what it always reads in a design of this digest."""
    hashes = {f"MODEL_HASH_{part}": int(digest[8 * part : 8 * part + 8], 16) for part in range(4)}
    return {"ID": registers.ID, "MAP_VERSION": registers.MAP_VERSION, **hashes}


def _memory_map(parent: Element, digest: str) -> None:
    _add(parent, "name", REGISTERS)
    block = _add(parent, "addressBlock")
    _texts(block, name="registers", baseAddress=0, range=1 << registers.ADDRESS_BITS, width=REGISTER_BITS)
    _texts(block, usage="register", access="read-write")
    known = constants(digest)
    for register in registers.REGISTERS:
        one = _add(block, "register")
        _texts(one, name=register.name, description=register.meaning, addressOffset=hex(register.offset))
        steady = register.name in known or register.access == "read, write"
        _texts(one, size=REGISTER_BITS, volatile=str(not steady).lower(), access=_ACCESS[register.access])
        if steady:
            _add(_add(one, "reset"), "value", hex(known.get(register.name, 0)))
        for field in register.fields:
            bit = _add(one, "field")
            _texts(bit, name=field.name, description=field.meaning, bitOffset=field.bit, bitWidth=1)
            _add(bit, "access", _ACCESS[register.access])
            if register.access == "read, write 1 to clear":
                _add(bit, "modifiedWriteValue", "oneToClear")


def _model(parent: Element, name: str, interfaces: Iterable[Interface], mem_dir: str) -> None:
    views = _add(parent, "views")
    for view, use, files in (
        ("xilinx_anylanguagesynthesis", "synthesis", "synthesis"),
        ("xilinx_anylanguagebehavioralsimulation", "simulation", "simulation"),
        ("xilinx_xpgui", "xgui.ui", "gui"),
    ):
        one = _add(views, "view")
        _texts(one, name=view, envIdentifier=f":vivado.xilinx.com:{use}")
        if files != "gui":
            _texts(one, language="Verilog", modelName=name)
        _add(_add(one, "fileSetRef"), "localName", files)
    ports = _add(parent, "ports")
    for interface in interfaces:
        for port in interface.ports:
            one = _add(ports, "port")
            _add(one, "name", port.name)
            wire = _add(one, "wire")
            _add(wire, "direction", "out" if port.output else "in")
            if port.width > 1:
                _texts(_add(wire, "vector"), left=port.width - 1, right=0)
    parameter = _add(_add(parent, "modelParameters"), "modelParameter", dataType="string")
    _texts(parameter, name="MEM_DIR", description="folder of the memory files, seen from where the tool runs")
    _add(parameter, "value", mem_dir, format="string", resolve="generated", id="MODELPARAM_VALUE.MEM_DIR")


def _file_set(parent: Element, name: str, files: Iterable[File]) -> None:
    one = _add(parent, "fileSet")
    _add(one, "name", name)
    for file in files:
        entry = _add(one, "file")
        _add(entry, "name", file.name)
        standard = file.type in STANDARD_TYPES
        _add(entry, "fileType" if standard else "userFileType", file.type)
        for use in file.uses:
            _add(entry, "userFileType", use)


STANDARD_TYPES = ("systemVerilogSource", "tclSource", "verilogSource")
"""Types of files that the standard knows, of those that a core has."""


def _extensions(parent: Element, project: RtlProject) -> None:
    """What Vivado's catalog asks for beside."""

    def add(to: Element, tag: str, text: str | None = None, **attributes: str) -> Element:
        child = SubElement(to, f"{{{XILINX}}}{tag}", {f"{{{XILINX}}}{key}": value for key, value in attributes.items()})
        child.text = text
        return child

    core = add(parent, "coreExtensions")
    families = add(core, "supportedFamilies")
    for family in (family for group in FAMILIES.values() for family in group):
        add(families, "family", family, lifeCycle="Production")
    add(add(core, "taxonomies"), "taxonomy", "/UserIP")
    add(core, "displayName", f"codesign: {project.name}")
    add(core, "coreRevision", "1")
