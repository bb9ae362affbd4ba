"""Every command in README and docs is there, takes what it is given, and, in the slow tests, runs as it is written.

A shell block is one fenced as `sh`. Its lines are run in their order in an empty folder that has the repository's
`docs`, except where its first line says `reason=` one of REASONS: then they are only looked at.
"""

import re
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from codesign import places, yaml_text
from codesign.cli.main import build_command
from codesign.recipe import load_recipe
from codesign.resources import models_dir
from codesign.targets import target_names
from tests.test_tutorials import follow

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
REASONS = {
    "checkout": "it is for the repository itself, and would run these tests",
    "install": "it needs a package index",
    "hours": "it takes hours",
    "vendor": "it needs a vendor's tool",
    "board": "it needs a board",
    "data": "it needs a data set that is not everywhere",
}
LANGUAGES = {"sh", "python", "yaml", "toml", "json", "text", "systemverilog", "cpp", "c", "tcl"}
COMMAND = re.compile(r"^\s*(?:\$ )?(?:codesign|make|pip|python3?|python -m) ")
FENCE = re.compile(r"^```(\w*)([^\n]*)$")
PROGRAMS = {"export", "cp", "git", "openFPGALoader", "."}
"""What blocks call besides codesign, make, pip and python."""

TUTORIALS = set(re.findall(r'follow\("(\w+\.md)"', (Path(__file__).parent / "test_tutorials.py").read_text()))
"""Pages that have a test of their own, which looks at what they print."""

SHORT = "--set data.train_images=64 --set data.val_images=16 --set training.float_phase.epochs=1"
SMALLER = {
    r"codesign train codenet-digits\b": rf"\g<0> {SHORT} --set training.quantized_phase.epochs=1",
    r"--trials \d+": "--trials 2",
    r"--images 16": "--images 2",
    r"^(codesign verify [\w/]+)$": r"\1 --images 2",
}
"""What a test replaces in a line so that it takes minutes at most: trainings, searches and numbers of images."""


@dataclass(frozen=True)
class Block:
    """A fenced block, the number of its first line, and what stands behind its language."""

    line: int
    language: str
    info: dict[str, str]
    text: str

    @property
    def commands(self) -> list[str]:
        lines = (" ".join(shlex.split(line, comments=True, posix=False)) for line in self.text.splitlines())
        return [line for line in lines if line]


def parts(page):
    """Blocks of a page, and its lines outside of them."""
    blocks, outside, begun = [], [], None
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        fence = FENCE.match(line)
        if begun is None and fence:
            begun = (number, fence[1], fence[2].strip(), [])
        elif begun is not None and line == "```":
            first, language, info, text = begun
            pairs = dict(pair.partition("=")[::2] for pair in info.split())
            blocks.append(Block(first, language, pairs, "\n".join(text)))
            begun = None
        elif begun is not None:
            begun[3].append(line)
        else:
            outside.append(line)
    assert begun is None, f"{page.name}:{begun and begun[0]}: the block has no end"
    return blocks, outside


def shell(page):
    return [block for block in parts(page)[0] if block.language == "sh"]


def name(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_command_stands_outside_of_a_shell_block(page):
    blocks, outside = parts(page)
    for block in blocks:
        assert block.language in LANGUAGES, f"{name(page)}:{block.line}: a block of no known language"
        allowed = {"reason"} if block.language == "sh" else {"file"}
        assert set(block.info) <= allowed, f"{name(page)}:{block.line}: {block.info}"
        assert block.info.get("reason", "hours") in REASONS, f"{name(page)}:{block.line}"
        if block.language != "sh":
            assert not any(map(COMMAND.match, block.text.splitlines())), (
                f"{name(page)}:{block.line}: is it for a shell?"
            )
    assert [line for line in outside if COMMAND.match(line) and line.startswith(("    ", "\t", "$"))] == []


@pytest.mark.parametrize("page", [page for page in PAGES if shell(page)], ids=name)
def test_every_command_of_a_page_is_there_and_takes_what_it_is_given(page):
    texts = [block.text for block in parts(page)[0] if block.language != "sh"]
    files = {block.info["file"]: block.text for block in parts(page)[0] if "file" in block.info}
    there = {*files, *(str(folder) for file in files for folder in Path(file).parents)}
    for block in shell(page):
        for line in block.commands:
            for command in re.split(r"\s*(?:&&|\||;)\s*", re.sub(r'"\$\(.*?\)"', "made", line)):
                problem = look(shlex.split(command), there, files, texts)
                assert problem is None, f"{name(page)}:{block.line}: {command}: {problem}"


def look(words, there, files, texts):
    """What is wrong with a command; None if nothing. What it writes is added to `there`."""
    program, *arguments = words
    if program == "codesign":
        return look_at_codesign(arguments, there, files, texts)
    if program == "make":
        targets = re.findall(r"^([\w ]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        return None if set(arguments) <= {word for line in targets for word in line.split()} else "no such target"
    if program in ("pip", "python") and "install" in arguments:
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        asked = [extra for word in arguments for extra in re.findall(r"codesign\[(.*?)\]", word)]
        return next((f"no extra {extra}" for group in asked for extra in group.split(",") if extra not in extras), None)
    if program == "python" and arguments[0] == "-m":
        module = arguments[1].replace(".", "/")
        if arguments[1] == "benchmarks.data.convert":
            there.add(arguments[3])
        known = arguments[1] == "pytest" or (ROOT / f"{module}.py").is_file() or (ROOT / module).is_dir()
        return None if known else "no such module"
    if program == "python":
        return None if arguments[0] in there or (ROOT / arguments[0]).is_file() else "no such script"
    if program == "cp":
        there.add(arguments[-1])
    return None if program in PROGRAMS else "no such program"


def look_at_codesign(arguments, there, files, texts):
    group = build_command()
    if arguments[0].startswith("-"):
        return None if arguments[0] in {opt for p in group.params for opt in p.opts} else "no such option"
    if arguments[0] == "help":
        return None if set(arguments[1:]) <= set(group.commands) else "no such command"
    command = group.commands.get(arguments[0])
    if command is None:
        return "no such command"
    try:
        given = command.make_context(arguments[0], arguments[1:]).params
    except typer.TyperException as error:
        return error.format_message()
    missing = [value for key in READ if (value := given.get(key)) and not known(str(value), there, texts)]
    there |= {str(place) for place in written(arguments[0], given, there, files)}
    return f"{missing[0]} is not there" if missing else None


READ = ("build", "build_a", "build_b", "run", "source", "recipe", "target")
"""Arguments and options of commands that name something to read."""


def known(value, there, texts):
    """Whether something to read ships, lies in the repository, or was written by what stands before it in the page."""
    shipped = {file.stem for file in models_dir().iterdir()}
    if value in shipped | {*target_names()} | there or (ROOT / value).exists():
        return True
    if any(str(folder) in there for folder in Path(value).parents):
        return True
    return any(re.search(rf"[\"']{re.escape(part)}[\"'/]", text) for text in texts for part in Path(value).parts[:1])


def written(command, given, there, files):
    if given.get("out"):
        return {given["out"]}
    source = str(given.get("source") or given.get("recipe") or "")
    if command == "new" and given.get("what") in ("detector", "classifier"):
        return {f"{Path(given['name']).name}.yaml"}
    if command in ("train", "search"):
        recipe = _recipe_name(source, there, files)
        return {places.run_folder(recipe) if command == "train" else places.search_folder(recipe)}
    if command == "export":
        return {places.build_folder(source)}
    return {given["name"]} if command == "new" and given.get("name") else set()


def _recipe_name(source, there, files):
    if source in files:
        return yaml_text.parse(files[source])["name"]
    return Path(source).stem if source in there else load_recipe(source).name  # what `codesign new` wrote, or ships


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("codesign fly x", "no such command"),
        ("codesign export x --fast", "No such option"),
        ("codesign export nowhere", "nowhere is not there"),
        ("codesign verify builds/none", "builds/none is not there"),
        ("codesign export codenet-digits --fps many", "is no number"),
        ("codesign help fly", "no such command"),
        ("make tea", "no such target"),
        ("pip install 'codesign[everything]'", "no extra everything"),
        ("python -m benchmarks.nothing", "no such module"),
        ("python nothing.py", "no such script"),
        ("fly", "no such program"),
    ],
)
def test_what_is_wrong_with_a_command_is_seen(line, problem):
    assert problem in str(look(shlex.split(line), set(), {}, []))


def test_what_a_command_writes_the_next_one_finds():
    there = set()
    for line in ("codesign train codenet-digits", "codesign export runs/codenet-digits"):
        assert look(shlex.split(line), there, {}, []) is None
    assert look(shlex.split("codesign verify builds/codenet-digits"), there, {}, []) is None


MENTION = re.compile(r"`(codesign [a-z][^`]*)`")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_that_the_text_mentions_has_its_options(page):
    commands = build_command().commands
    for mention in MENTION.findall("\n".join(parts(page)[1])):
        verb, *words = mention.split()[1:]
        assert verb in commands, f"{name(page)}: {mention}"
        options = {opt for parameter in commands[verb].params for opt in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, f"{name(page)}: {mention}"


RUN = [page for page in PAGES if page.name not in TUTORIALS and any("reason" not in b.info for b in shell(page))]


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=name)
def test_every_shell_block_of_a_page_runs(page, tmp_path):
    (tmp_path / "docs").symlink_to(DOCS)

    def smaller(line):
        for pattern, shorter in SMALLER.items():
            line = re.sub(pattern, shorter, line)
        return line

    printed = follow(page, tmp_path, smaller=smaller)
    assert len(printed) == len({line for block in shell(page) if "reason" not in block.info for line in block.commands})
