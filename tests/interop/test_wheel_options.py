"""Every option of the command line is a keyword in Python, and every keyword an option."""

import inspect
import re

import pytest
import shardify as wheel

from conftest import shardify

VERBS = ["convert", "export", "index", "inspect", "repair", "report", "reshard", "validate"]

# What is printed, and how it ends, is the matter of the command line.
COMMAND_LINE = {"json", "quiet", "verbose", "help", "version"}
ONLY_ON_COMMAND_LINE = {
    # The report of Python has both counts.
    "validate": {"allow_warnings"},
    # `shuffle=False`.
    "reshard": {"no_shuffle"},
    # `shardify.dry_run`, a function with the same keywords.
    "convert": {"dry_run"},
}
# Keywords of another form than the options that they stand for.
INSTEAD = {
    "validate": {"no_duplicates": "duplicates"},
    "reshard": {"resume": "existing", "overwrite": "existing"},
    "repair": {"resume": "existing", "overwrite": "existing"},
    "convert": {"resume": "existing", "overwrite": "existing", "array": "arrays", "no_shuffle": "shuffle"},
}


def options(verb):
    """The options that `--help` lists, as Python would call them."""
    text = shardify(verb, "--help").stdout
    found = re.findall(r"^ +(?:-\w, )?--([a-z][a-z-]*)", text, re.MULTILINE)
    assert len(found) > 5, text
    return {name.replace("-", "_") for name in found}


@pytest.mark.parametrize("verb", VERBS)
def test_keywords_and_options_are_the_same(verb):
    expected = options(verb) - COMMAND_LINE - ONLY_ON_COMMAND_LINE.get(verb, set())
    expected = {INSTEAD.get(verb, {}).get(name, name) for name in expected}
    parameters = inspect.signature(getattr(wheel, verb)).parameters.values()
    keywords = {one.name for one in parameters if one.kind is one.KEYWORD_ONLY}
    # `out` comes last on the command line, and by name where there may be no path before it.
    assert keywords - {"out"} == expected - {"out"}


def test_a_dry_run_takes_what_convert_takes():
    convert, dry_run = (inspect.signature(function).parameters for function in (wheel.convert, wheel.dry_run))
    assert list(convert.items()) == list(dry_run.items())


@pytest.mark.parametrize("verb", VERBS)
def test_keywords_are_explained_and_have_types(verb):
    function = getattr(wheel, verb)
    explained = re.findall(r"^    (\w+): ", inspect.getdoc(function), re.MULTILINE)
    for name, parameter in inspect.signature(function).parameters.items():
        assert name in explained and parameter.annotation is not parameter.empty, name
