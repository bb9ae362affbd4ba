"""The documentation is a site whose pages, links and generated references are whole."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from codesign.recipe import Recipe

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; a broken link or reference anywhere ends the build."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_every_command_has_its_section(site):
    text = (site / "reference" / "commands.html").read_text()
    commands = {file.stem for file in (ROOT / "codesign" / "cli" / "commands").glob("[a-z]*.py")}
    assert commands <= set(re.findall(r'<h2 id="([a-z]+)"', text))


def test_every_key_of_a_recipe_has_its_row(site):
    text = (site / "reference" / "recipe.html").read_text()
    for key in (*Recipe.model_fields, "training.float_phase.learning_rate", "model.decoder.bound", "data.image_size"):
        assert f"<code>{key}</code>" in text


def test_files_that_pages_link_to_are_in_the_site(site):
    links = re.findall(r'href="(?:\.\./)*(files/[^"#]+)', "".join(page.read_text() for page in site.rglob("*.html")))
    assert links
    assert all((site / link).is_file() for link in links)


def test_no_page_fetches_anything_from_elsewhere(site):
    for page in site.rglob("*.html"):
        assert not re.findall(
            r'<(?:script|link|img)[^>]+(?:src|href)="https?://[^"]+\.(?:js|css|woff2?|png|svg)', page.read_text()
        )


def test_blocks_of_code_and_lists_are_shown_as_such(site):
    """Neither fences nor the stars and dashes of lists are left over as text."""
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert "```" not in text, page
        assert not re.search(r"<p>(?:(?!</p>).)*?\n(?:[-*] |\d\. |\| )", text, re.DOTALL), page
