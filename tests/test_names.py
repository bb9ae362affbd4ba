"""Names that others chose: any text becomes an identifier of every language, and nothing else reaches a source."""

import json
import keyword
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from codesign import quoting
from codesign.emit.board import emit_board
from codesign.emit.core import emit_core
from codesign.emit.driver import emit_driver
from codesign.emit.hls.project import emit_hls
from codesign.emit.hls.run import FLAGS, run_hls
from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.emit.rtl.verilator import environment
from codesign.errors import GraphError
from codesign.frontend import well_formed
from codesign.frontend.qonnx import import_qonnx
from codesign.frontend.run import run_qonnx
from codesign.graph import Graph, Node, TensorType, digest, execute, load, save
from codesign.graph._reserved import RESERVED
from codesign.graph.names import MOST_CHARACTERS, Names, Scope, identifier, plain
from codesign.graph.ops.requant import Requant
from tests.designs import designed
from tests.onnx_nets import QonnxNet, random_images
from tests.vendor_scripts import interpreter, run_script

HONEST = (
    "images:0",
    "serving_default_x:0",
    "onnx::Quant_0",
    "/model/in",
    "my input",
    "输入图像",
    "input.1",
    "x",
    "x_0",
    "X",
    "x_valid",
    "config2",
)
CRAFTED = (
    'x"); system("touch pwned"); ("',
    'x\n`include "/etc/passwd"\n',
    "x;\nexec touch pwned\n",
    "[exec touch pwned]",
    "${x}$x\\",
    "x */ evil /* ??/",
    "x\0y",
    "\u202eevil\u2066",
    "module",
    "endmodule",
    "class",
    "template",
    "lambda",
    "proc",
    "EOF",
    "__LINE__",
    "aclk",
    "s_axil",
    "m_axi_weights_unit",
    "layer3_out",
    "result_t",
    ".",
    "...",
    "0:0",
    " ",
    "a" * 300,
    "a" * 299 + "b",
    "b.c" * 100,
    "{{ 7 * 7 }}",
    "<script>alert(1)</script>",
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.sampled_from([*sorted(RESERVED), *CRAFTED])
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@pytest.fixture(autouse=True, scope="module")
def several_inputs():
    """One network has all names as inputs: files of several are refused, but sources are made of any number."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(well_formed, "_check_inputs", lambda graph: None)
        yield


def few(examples: int):
    """Settings for what calls a compiler: the same examples every time, none shrunk."""
    return settings(max_examples=examples, deadline=None, derandomize=True, phases=[Phase.generate], database=None)


@given(TEXT)
def test_any_text_gives_an_identifier_that_no_language_has_reserved(text: str) -> None:
    found = identifier(text)
    assert WORD.fullmatch(found) and len(found) <= MOST_CHARACTERS
    assert found not in RESERVED and not keyword.iskeyword(found)
    assert identifier(plain(text)) == found or len(plain(text)) > MOST_CHARACTERS / 2
    assert plain(plain(text)) == plain(text)


@given(st.lists(TEXT, max_size=20))
def test_names_of_one_graph_have_different_identifiers_whatever_the_case(texts: list[str]) -> None:
    names = Names()
    found = [identifier(names.new(text)).lower() for text in texts]
    assert len({*found}) == len(texts)
    taken = {f"{name}{signal}" for name in found for signal in ("_valid", "_ready", "_data")}
    assert taken.isdisjoint(found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("decoder.0.conv", "decoder__0__conv"),
        ("features.stage1.conv1.act", "features__stage1__conv1__act"),
        ("layer1.0.conv1", "layer1__0__conv1"),
        ("input.1", "input__1"),
        ("image", "image"),
        ("Conv_0", "Conv_0"),
        ("0.1", "n_0__1"),
        ("reg", "reg_"),
    ],
)
def test_dotted_names_of_modules_read_as_before(name: str, expected: str) -> None:
    assert plain(name) == name
    assert identifier(name) == expected


def test_long_names_end_in_a_hash_of_the_whole() -> None:
    one, other = identifier("a" * 300 + "b"), identifier("a" * 300 + "c")
    assert one != other and len(one) == len(other) <= MOST_CHARACTERS


def test_wires_beside_the_names_of_a_graph_step_aside() -> None:
    scope = Scope(["act", "act_1", "b.c"])
    assert [scope.free(name) for name in ("act_0", "act_1", "act_data", "b__c")] == [
        "act_0",
        "act_1_",
        "act_data_",
        "b__c_",
    ]


def chain(inputs: tuple[str, ...], nodes: tuple[str, ...]) -> QonnxNet:
    """Inputs of these names are added up, and pass through a quantizer a name of `nodes`; each one is read twice."""
    net = QonnxNet(1, 2, 3, 3)
    total = ""
    for name in inputs:
        x = net.quant(name, bits=4)
        total = net.quant(net.op("Add", total, x), bits=8) if total else x
    for name in nodes:
        y = net.conv(total, np.array([[[[2]], [[-1]]], [[[1]], [[3]]]]))
        total = net.quant(net.op("Add", net.quant(y, bits=8, name=name), net.quant(y, bits=8)), bits=8)
    return net


def model(inputs, nodes=()):
    net = chain(inputs, nodes)
    proto = net.model(net.nodes[-1].output[0])
    (value,) = proto.graph.input
    del proto.graph.input[:]
    for name in inputs:
        value.name = name
        proto.graph.input.append(value)
    return proto


def emitted(graph: Graph, folder: Path) -> None:
    """`rtl/`, `hls/` and `board/` of `graph`."""
    design = designed(graph, fps=1000)
    project = emit_rtl(design, folder / "rtl")
    emit_core(design, project)
    emit_hls(design, folder / "hls")
    emit_driver(design, project, folder / "driver", recipe=None, versions={})
    emit_board(design, project, folder / "board", driver=folder / "driver", recipe=None)


def lint(folder: Path) -> str:
    """What Verilator finds in the RTL of `folder`."""
    sources = (folder / "files.f").read_text().split()
    command = ["verilator_bin", "--lint-only", "-Wno-fatal", "-Wno-lint", "--top", "top", *sources]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr


@pytest.mark.parametrize("letter", ["a", "/", "节", "a."])
def test_names_of_thousands_of_characters_come_back_from_the_graph_s_file(tmp_path: Path, letter: str) -> None:
    inputs, outputs = [f"{letter * 2000}{end}" for end in "xy"], [f"{letter * 5000}{end}" for end in "xy"]
    graph = import_qonnx(model(inputs, outputs))
    assert [graph.title(tensor) for tensor in graph.inputs] == inputs
    assert set(outputs) <= set(graph.origins.values())
    save(graph, tmp_path / "graph.npz")
    again = load(tmp_path / "graph.npz")
    assert digest(again) == digest(graph)
    assert (again.origins, again.titles) == (graph.origins, graph.titles)


def test_numbered_names_of_many_characters_are_names_of_a_graph_still() -> None:
    names = Names()
    found = [names.new("a" * 2000) for _ in range(120)]
    assert len(set(found)) == 120
    assert all(plain(name) == name for name in found)


@pytest.mark.parametrize("name", HONEST)
def test_an_input_of_an_honest_name_runs_under_it_in_the_file_and_is_called_so_in_the_graph(name: str) -> None:
    proto = model((name,))
    graph = import_qonnx(proto)
    images = random_images(graph, 2)
    (tensor,) = graph.inputs
    assert graph.title(tensor) == name
    expected = execute(graph, {tensor: images}, graph.outputs)
    for output, values in run_qonnx(proto, graph, images, graph.outputs).items():
        np.testing.assert_array_equal(values, expected[output])


def test_networks_with_honest_names_are_exact_in_hardware_and_in_hls(tmp_path: Path) -> None:
    graph = import_qonnx(model(HONEST[:9], ("节点", "x_ready")))
    emitted(graph, tmp_path)
    rng = np.random.default_rng(1)
    images = {name: rng.integers(0, 16, (2, *kind.shape)) for name, kind in graph.inputs.items()}
    expected = execute(graph, images, graph.types)
    found = {
        "rtl": simulate(tmp_path / "rtl", graph, images).values,
        "hls": run_hls(tmp_path / "hls", graph, images, graph.types),
    }
    for stage, tensors in found.items():
        for name, values in tensors.items():
            np.testing.assert_array_equal(values, expected[name], err_msg=f"{stage}: {name}")


@few(2)
@given(st.lists(TEXT.filter(bool), min_size=10, max_size=10, unique=True))
def test_sources_of_arbitrary_names_are_legal_and_hold_nothing_but_identifiers(tmp_path_factory, texts) -> None:
    check_sources(tmp_path_factory.mktemp("names"), texts[:4], texts[4:])


def test_sources_of_crafted_names_are_legal_and_hold_nothing_but_identifiers(tmp_path: Path) -> None:
    check_sources(tmp_path, CRAFTED[::4], [name for name in CRAFTED if name not in CRAFTED[::4]])


def check_sources(folder: Path, inputs, nodes) -> None:
    graph = import_qonnx(model(tuple(inputs), tuple(nodes)))
    emitted(graph, folder)
    assert lint(folder / "rtl") == ""
    hls = ["g++", *FLAGS, "-fsyntax-only", "-I.", "-Ifirmware/ap_types", "firmware/top.cpp", "csim.cpp"]
    done = subprocess.run(hls, cwd=folder / "hls", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]
    done, _ = run_script(folder / "board" / "vivado.tcl")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(folder.rglob("pwned*"))
    unlike = [name for name in (*inputs, *nodes) if len(name) > 3 and not re.fullmatch(r"[\w.]+", name, re.ASCII)]
    for pattern in ("rtl/*.*", "hls/*.cpp", "hls/firmware/*.*", "board/*.*"):
        for file in folder.glob(pattern):
            text = file.read_text(encoding="ascii")
            assert [name for name in unlike if name in text] == [], file


def test_no_identifier_is_a_macro_of_the_headers_of_an_hls_project(tmp_path: Path) -> None:
    emitted(import_qonnx(model(("image",), ("conv",))), tmp_path)
    command = ["g++", *FLAGS, "-dM", "-E", "-I.", "-Ifirmware/ap_types", "-include", "csim.h", "firmware/top.cpp"]
    text = subprocess.run(command, cwd=tmp_path / "hls", capture_output=True, text=True, check=True).stdout
    macros = re.findall(r"^#define (\w+)", text, re.MULTILINE)
    assert len(macros) > 500
    assert [name for name in macros if identifier(name) in macros] == []


@pytest.mark.parametrize("name", ["a;b", "", "a..b", "x\n", "é", 5])
def test_a_graph_refuses_names_that_are_none(name) -> None:
    with pytest.raises(GraphError, match="is no name of a graph's part"):
        Graph("g", {name: TensorType((1, 1, 1), 0, 1)}, (), (name,))


@pytest.mark.parametrize("other", ["conv__1", "CONV.1", "conv.1_valid"])
def test_a_graph_refuses_names_that_sources_could_not_tell_apart(other: str) -> None:
    nodes = (Node(other, Requant(np.array([0]), 0, 1, 1.0), ("conv.1",)),)
    with pytest.raises(GraphError, match=f"'{re.escape(other)}' cannot be told from another"):
        Graph("g", {"conv.1": TensorType((1, 1, 1), 0, 1)}, nodes, (other,))


def test_the_name_of_a_file_s_input_is_saved_and_a_crafted_graph_file_is_refused(tmp_path: Path) -> None:
    graph = import_qonnx(model(("my input",)))
    save(graph, tmp_path / "graph.npz")
    assert load(tmp_path / "graph.npz").titles == {"my_input": "my input"}
    with np.load(tmp_path / "graph.npz") as file:
        arrays = dict(file)
    description = json.loads(str(arrays["description"]))
    description["inputs"] = {"x); $system(": description["inputs"]["my_input"]}
    np.savez(tmp_path / "graph.npz", **arrays | {"description": np.array(json.dumps(description))})
    with pytest.raises(GraphError, match="is no name of a graph's part"):
        load(tmp_path / "graph.npz")


@few(5)
@given(st.lists(TEXT, min_size=40, max_size=40))
def test_tcl_reads_quoted_text_as_one_word_of_the_same_text(tmp_path_factory, texts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("tcl")
    texts += CRAFTED
    script = folder / "words.tcl"
    lines = [f"binary scan [encoding convertto unicode {quoting.tcl(text)}] H* x\nputs $x" for text in texts]
    script.write_text("\n".join(lines) + "\n", encoding="ascii")
    done = subprocess.run([*interpreter(), str(script)], capture_output=True, text=True, check=True, cwd=folder)
    assert done.stdout.splitlines() == [text.encode("utf-16-le").hex() for text in texts]
    assert [*folder.iterdir()] == [script]


@few(5)
@given(st.lists(TEXT, min_size=40, max_size=40))
def test_c_reads_quoted_text_as_its_bytes_and_comments_end_where_they_should(
    tmp_path_factory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("cpp")
    texts += CRAFTED
    lines = []
    for text in texts:
        data = text.encode()
        array = ", ".join(f"char({byte})" for byte in data)
        lines += [
            f"// {quoting.comment(text)}",
            "{",
            f"constexpr char found[] = {quoting.string(text)}, wanted[] = {{{array}{', ' if data else ''}0}};",
            'static_assert(sizeof found == sizeof wanted && same(found, wanted, sizeof found), "");',
            "}",
        ]
    source = folder / "strings.cpp"
    same = "constexpr bool same(const char *a, const char *b, int n) "
    same += "{ return !n || (*a == *b && same(a + 1, b + 1, n - 1)); }"
    source.write_text("\n".join([same, "int main() {", *lines, "}"]) + "\n", encoding="ascii")
    done = subprocess.run(["g++", *FLAGS, "-fsyntax-only", str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]


@few(3)
@given(st.lists(TEXT, min_size=40, max_size=40))
def test_systemverilog_reads_quoted_text_as_a_string_and_comments_end_in_their_line(tmp_path_factory, texts) -> None:
    folder = tmp_path_factory.mktemp("sv")
    lines = []
    for number, text in enumerate([*texts, *CRAFTED]):
        lines += [f"  // {quoting.comment(text)}", f"  localparam string S{number} = {quoting.string(text)};"]
    (folder / "top.sv").write_text("\n".join(["module top;", *lines, "endmodule"]) + "\n", encoding="ascii")
    (folder / "files.f").write_text("top.sv\n")
    assert lint(folder) == ""


@given(TEXT)
def test_a_terminal_gets_no_control_characters(text: str) -> None:
    shown = quoting.terminal(text)
    assert all(c.isprintable() or c in "\n\t" for c in shown)
    assert shown == text or not all(c.isprintable() or c in "\n\t" for c in text)
