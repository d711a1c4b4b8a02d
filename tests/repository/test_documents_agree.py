"""Documents lead somewhere: every link has a target, every command they print exists, every page has its form."""

import importlib.util
import re
import shlex
from urllib.parse import unquote

import click
import pytest
from click.testing import CliRunner

from lianxi.ops.__main__ import VERBS
from lianxi.ops.__main__ import lianxi as command
from tests.repository.tree import ROOT, markdown_files, named, text_of

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
TARGETS = set(re.findall(r"^([a-z]+):.*##", text_of(ROOT / "Makefile"), re.MULTILINE))
PAGES = markdown_files()
DECISION = ("## Context", "## Decision", "## Consequences", "## What would change our mind")
RUNBOOK = ("## What you see", "## What it means", "## What to do", "## Afterwards")


def anchors(page):
    """Return the anchors of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", CODE_BLOCK.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def printed_commands(page):
    """Return the command lines a page prints, in blocks or inline, that are ours to keep."""
    text = text_of(page)
    lines = [line.strip() for block in CODE_BLOCK.findall(text) for line in block.splitlines()[1:-1]]
    lines += [line.strip() for line in re.findall(r"^ {4,}(\S.*)$", CODE_BLOCK.sub("", text), re.MULTILINE)]
    lines += INLINE.findall(CODE_BLOCK.sub("", text))
    for line in lines:
        words = re.split(r"\s#|\s[|>]\s|\s&&\s|;\s", line.removeprefix("$ "))[0].strip()
        words = words.removeprefix(".venv/bin/")
        if re.match(r"(make|lianxi|python -m)( |$)", words):
            yield words


COMMANDS = sorted({(named(page), words) for page in PAGES for words in printed_commands(page)})


def _split(words):
    try:
        return shlex.split(words)
    except ValueError:
        return words.split()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_of_a_page_has_its_target(page):
    broken = []
    for target in LINK.findall(CODE_BLOCK.sub("", text_of(page))):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        found = (page.parent / unquote(place)).resolve() if place else page
        if not found.exists() or (anchor and found.suffix == ".md" and unquote(anchor) not in anchors(found)):
            broken.append(target)

    assert broken == [], f"{named(page)} links to nothing"


@pytest.mark.parametrize(("page", "words"), COMMANDS)
def test_a_command_that_a_page_prints_exists(page, words):
    program, *rest = _split(words)

    if program == "make":
        unknown = {word for word in rest if re.fullmatch("[a-z]+", word)} - TARGETS
        assert unknown == set(), f"{page}: `{words}` names no target of the Makefile"
    elif program == "python":
        assert importlib.util.find_spec(rest[1]), f"{page}: `{words}` names no module"
    else:
        _follow(page, words, rest)


def _follow(page, words, rest):
    """Walk down the commands of `lianxi` and look at every option on the way."""
    here, context = command, click.Context(command)
    to_come = list(rest)
    while to_come:
        word = to_come.pop(0)
        if word.startswith("-"):
            name, given, _ = word.partition("=")
            options = {each: option for option in here.params for each in (*option.opts, *option.secondary_opts)}
            assert name in {*options, "--help", "-h"}, f"{page}: `{words}`: no option {name}"
            takes_value = name in options and not getattr(options[name], "is_flag", False)
            to_come = to_come[1:] if takes_value and not given else to_come
        elif isinstance(here, click.Group):
            if re.fullmatch(r"[A-Z…].*|.*\|.*", word):
                return  # a place-holder such as VERB or list|show
            here = here.get_command(context, word)
            assert here is not None, f"{page}: `{words}`: there is no {word}"
            context = click.Context(here)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_a_verb_explains_itself_and_all_it_can_do(verb):
    group = command.get_command(click.Context(command), verb)
    assert group is not None, f"lianxi {verb} is listed in lianxi/ops/__main__.py, but its module is missing"

    for path in _paths(group, (verb,)):
        answer = CliRunner().invoke(command, [*path, "--help"])
        assert answer.exit_code == 0, f"lianxi {' '.join(path)} --help: {answer.output}"
        assert "Usage:" in answer.output


def _paths(group, path):
    yield path
    if isinstance(group, click.Group):
        for name, found in group.commands.items():
            yield from _paths(found, (*path, name))


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_a_verb_stands_in_the_readme(verb):
    for name in ("README.md", "README.zh-CN.md"):
        assert f"`lianxi {verb}" in text_of(ROOT / name), f"{name} does not mention lianxi {verb}"


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_a_target_of_the_makefile_stands_in_the_contributing_guide(target):
    assert f"make {target}" in text_of(ROOT / "CONTRIBUTING.md")


def test_every_generated_document_is_written_by_make_docs():
    recipe = text_of(ROOT / "Makefile").partition("\ndocs:")[2].partition("\n\n")[0]

    assert {"docs/asyncapi.yaml", "docs/openapi.yaml", "--write"} <= set(recipe.split())


def test_both_readmes_tell_the_same():
    english, chinese = (CODE_BLOCK.findall(text_of(ROOT / name)) for name in ("README.md", "README.zh-CN.md"))

    def commands(blocks):
        return [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines() if "make " in line]

    assert commands(english) == commands(chinese)
    assert len(english) == len(chinese)


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=named)
def test_a_decision_has_its_form(page):
    text = text_of(page)

    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", page.name)
    assert text.startswith(f"# {page.name[:4]} "), f"{named(page)} should open with its number"
    assert [part for part in DECISION if f"\n{part}\n" not in text] == []


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(page.name[:4]) for page in sorted((ROOT / "docs" / "decisions").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "runbooks").glob("*.md")), ids=named)
def test_a_runbook_has_its_form(page):
    text = text_of(page)

    assert [part for part in RUNBOOK if f"\n{part}\n" not in text] == []
    assert list(printed_commands(page)), f"{named(page)} tells nobody what to type"


def test_every_page_can_be_reached_from_the_readme():
    seen, to_do = set(), [ROOT / "README.md"]
    while to_do:
        page = to_do.pop()
        if page in seen or page.suffix != ".md" or not page.is_file():
            continue
        seen.add(page)
        targets = (target.partition("#")[0] for target in LINK.findall(text_of(page)))
        to_do += [(page.parent / unquote(target)).resolve() for target in targets if target]

    assert [named(page) for page in PAGES if page not in seen] == []
