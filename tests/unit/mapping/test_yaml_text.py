"""Changes to a YAML text, one value at a time."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from target_salesforce_bulk.errors import InputError, SettingsError
from target_salesforce_bulk.mapping.yaml_text import YamlText

TEXT = """\
# top
a:   # of a
    x:  'one'   # of x
    y: [1,
        2]   # a list

    # before z
    z: |
      text

b: {p: 1,   q: "2"}
"""
LIST = """\
    y: [1,
        2]   # a list
"""


def changed(text: str, **new: Any) -> str:
    """The text with these members of its top mapping, the others as they are."""
    document = YamlText(text, "f.yml")
    return document.changed((), {**document.value, **new})


@pytest.mark.parametrize(
    ("new", "old_part", "new_part"),
    [
        pytest.param({"x": 2, "y": [1, 2], "z": "text\n"}, "'one'", "2", id="a scalar"),
        pytest.param(
            {"x": "one", "z": "text\n"}, "    y: [1,\n        2]   # a list\n", "", id="-"
        ),
        pytest.param(
            {"x": "one", "y": [1, 2], "z": "text\n", "w": {"v": {"u": ""}}},
            "      text\n",
            '      text\n    w:\n        v:\n            u: ""\n',
            id="a mapping after a block text, indented as the file is",
        ),
    ],
)
def test_the_rest_stays(new: Any, old_part: str, new_part: str) -> None:
    """Comments, blank lines, quotes and the form of lists."""
    assert changed(TEXT, a=new) == TEXT.replace(old_part, new_part)


def test_a_mapping_on_one_line() -> None:
    """It stays on its line, with its blanks; only where something is taken out it is rewritten."""
    assert changed(TEXT, b={"p": 1, "q": "3", "r": None}) == TEXT.replace(
        'q: "2"', 'q: "3", r: null'
    )
    assert changed(TEXT, b={"q": "2"}) == TEXT.replace('{p: 1,   q: "2"}', '{q: "2"}')


def test_an_empty_value() -> None:
    """A comment behind it stays; the mapping comes on the next lines."""
    text = "a:   # of a\nb: ~  # of b\nc: {}"

    assert changed(text, a={"x": 1}) == "a:   # of a\n  x: 1\nb: ~  # of b\nc: {}"
    assert changed(text, b={"x": 1}) == "a:   # of a\nb:  # of b\n  x: 1\nc: {}"
    assert changed(text, c={"x": 1}) == "a:   # of a\nb: ~  # of b\nc:\n  x: 1\n"


def test_a_mapping_that_loses_all() -> None:
    """What remains is an empty mapping, not null."""
    assert changed("a:\n  x: 1\nb: 2\n", a={}) == "a: {}\nb: 2\n"


@pytest.mark.parametrize(
    "name",
    [
        "no",
        "null",
        "12",
        "1e3",
        "a b",
        "a: b",
        "#a",
        "*a",
        "&a",
        "",
        "é",
        "\u2028",
        "\x7f",
        '"',
        "-",
    ],
)
def test_text_is_read_back(name: str) -> None:
    """Text that YAML would read as something else is quoted."""
    text = changed("a: 1\n", a={name: name})

    assert YamlText(text, "f.yml").value == {"a": {name: name}}


def test_crlf() -> None:
    """New lines end as the others do."""
    assert changed("a:\r\n  x: 1\r\n", a={"x": 1, "z": 2}) == "a:\r\n  x: 1\r\n  z: 2\r\n"


@pytest.mark.parametrize(
    "text",
    [
        "a: &a\n  x: 1\nb: *a\n",
        "a: &a\n  x: 1\nb:\n  <<: *a\n",
        "a: &a {x: 1}\nb: {<<: *a}\n",
    ],
)
def test_what_is_shared(text: str) -> None:
    """A change that would change something else too is refused."""
    with pytest.raises(SettingsError) as caught:
        changed(text, a={"x": 2})
    assert "anchors (&), aliases (*) or merge keys (<<)" in str(caught.value)


def test_an_alias_that_is_replaced() -> None:
    """What it stands for stays as it is."""
    assert changed("b: &a\n  x: 1\na: *a\n", a={"x": 2}) == "b: &a\n  x: 1\na:\n  x: 2\n"


def test_an_alias_beside() -> None:
    """Where it ends is known, and a mapping with a merge key takes a key of its own."""
    text = "a: &a\n  x: 1\nb:\n  y: *a\nc:\n  <<: *a\n"

    assert changed(text, b={"y": {"x": 1}, "z": 1}, c={"x": 2}) == (
        "a: &a\n  x: 1\nb:\n  y: *a\n  z: 1\nc:\n  <<: *a\n  x: 2\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: secret\n", 'f.yml cannot be read, line 3: found duplicate key "a".'),
        ("a:\n\tb: 1\n", "f.yml cannot be read, line 2: found character"),
        ("a: [1\n", "f.yml cannot be read, line 2: expected ',' or ']'"),
        ("a: 1\nb: \x00", "f.yml cannot be read, line 2: special characters are not allowed."),
        ("a: !foo b\n", "f.yml cannot be read, line 1: could not determine a constructor"),
        ("a: 1\n---\nb: 1\n", "f.yml cannot be read, line 2: but found another document."),
        ("a: *b\n", "f.yml cannot be read, line 1: found undefined alias"),
        ("- 1\n", "f.yml is not a YAML mapping."),
        ("[" * 600, "f.yml cannot be read: it is nested too deeply."),
    ],
)
def test_what_is_not_read(text: str, message: str) -> None:
    """The error names the file and the line, and no value."""
    with pytest.raises(InputError) as caught:
        YamlText(text, "f.yml")
    assert str(caught.value).startswith(message)
    assert "secret" not in str(caught.value)


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the extra."""
    monkeypatch.setitem(sys.modules, "ruamel.yaml", None)

    with pytest.raises(SettingsError) as caught:
        YamlText("a: 1", "f.yml")
    assert "pip install 'target-salesforce-bulk[map]'" in str(caught.value)
