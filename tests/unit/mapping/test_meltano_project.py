"""Where a Meltano project has the streams of a loader."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.errors import InputError, SettingsError
from target_salesforce_bulk.mapping.meltano_project import MeltanoProject

NAME = "target-salesforce-bulk"


def project(text: str, plugin: str = NAME) -> MeltanoProject:
    return MeltanoProject(text, "meltano.yml", plugin)


def loaders(*lines: str) -> str:
    return "".join(f"{line}\n" for line in ("plugins:", "  loaders:", *lines))


PLAIN = loaders(f"  - name: {NAME}", "    pip_url: x  # keep", "  - name: target-jsonl")
ONE = {"a": {"object": "Lead", "field_mapping": {"x": "LastName"}}}
WITH_STREAMS = [
    "    config:",
    "      streams:",
    "        a: {object: Lead, field_mapping: {x: LastName}}",
]


def test_a_plugin_without_settings() -> None:
    """They come below it."""
    assert project(PLAIN).changed({"a": {"object": "Lead", "field_mapping": {"x": ""}}}) == loaders(
        f"  - name: {NAME}",
        "    pip_url: x  # keep",
        "    config:",
        "      streams:",
        "        a:",
        "          object: Lead",
        "          field_mapping:",
        '            x: ""',
        "  - name: target-jsonl",
    )


FLAT = loaders(
    f"  - name: {NAME}",
    "    config:",
    "      streams.a.object: Lead",
    "      streams.a.field_mapping.x: LastName",
)


def test_flat_names() -> None:
    """What is written as Meltano flattens it is read, and changed in that form."""
    flat = project(FLAT)

    assert flat.streams == ONE
    assert flat.changed({"a": {"object": "Contact", "field_mapping": {"x": "LastName", "y": ""}}})
    assert flat.changed({"a": {"object": "Contact", "field_mapping": {"y": ""}}}) == loaders(
        f"  - name: {NAME}",
        "    config:",
        "      streams.a.object: Contact",
        '      streams.a.field_mapping.y: ""',
    )


def test_names_with_dots_in_streams() -> None:
    """They are changed where they are."""
    text = loaders(f"  - name: {NAME}", "    config:", "      streams:", "        a.object: Lead")

    assert project(text).changed({"a": {"object": "Case"}}) == text.replace("Lead", "Case")


@pytest.mark.parametrize(
    ("default", "base", "environments", "expected", "remarks"),
    [
        (None, WITH_STREAMS, {}, ONE, []),
        (None, [], {"dev": "Case"}, {"a": {"object": "Case"}}, ["used dev"]),
        ("dev", WITH_STREAMS, {"dev": "Case"}, {"a": {"object": "Case"}}, ["used dev"]),
        (None, WITH_STREAMS, {"dev": "Case"}, ONE, ["left dev"]),
        ("qa", [], {"dev": "Case", "qa": "X"}, {"a": {"object": "X"}}, ["used qa", "left dev"]),
    ],
)
def test_environments(
    default: str | None,
    base: list[str],
    environments: dict[str, str],
    expected: Any,
    remarks: list[str],
) -> None:
    """Those of the default environment are meant, then the plugin's, then those of the only one."""
    head = [f"default_environment: {default}"] if default else []
    for name, sobject in environments.items():
        head += [] if "environments:" in head else ["environments:"]
        head += [
            f"- name: {name}",
            f"  config: {{plugins: {{loaders: [{{name: {NAME}, config: {{streams: {{a: "
            f"{{object: {sobject}}}}}}}}}]}}}}",
        ]
    text = "\n".join([*head, loaders(f"  - name: {NAME}", *base)])
    found = project(text)
    words = {"The streams are those of the environment": "used", "The environment": "left"}

    assert found.streams == expected
    assert [
        f"{word} {each.removeprefix(start).split()[0].rstrip(',')}"
        for each in found.remarks
        for start, word in [next((s, w) for s, w in words.items() if each.startswith(s))]
    ] == remarks


def test_several_environments() -> None:
    """Which one is meant has to be said."""
    entry = f"config: {{plugins: {{loaders: [{{name: {NAME}, config: {{streams: {{}}}}}}]}}}}"
    with pytest.raises(SettingsError) as caught:
        project(
            f"environments:\n- name: dev\n  {entry}\n- name: prod\n  {entry}\n"
            + loaders(f"  - name: {NAME}")
        )
    assert "the environments dev, prod each have streams" in str(caught.value)


def test_an_heir() -> None:
    """A plugin that inherits from another has its streams, unless it has some of its own."""
    heir = ["  - name: prod", f"    inherit_from: {NAME}"]
    text = loaders(f"  - name: {NAME}", *WITH_STREAMS, *heir)
    found = project(text, "prod")

    assert (found.streams, found.remarks) == (
        ONE,
        (f"The streams are those of {NAME}, inherited.",),
    )
    assert project(loaders(*heir)).remarks == ("The plugin is prod.",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n", f"meltano.yml has no loader {NAME} (loaders: none)."),
        (loaders("  - name: target-jsonl"), f"meltano.yml has no loader {NAME} (loaders: target-"),
    ],
)
def test_no_such_loader(text: str, message: str) -> None:
    """The error names those there are."""
    with pytest.raises(SettingsError) as caught:
        project(text)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plugins: []\n", "meltano.yml, line 1: plugins is not a mapping."),
        ("plugins:\n  loaders: {}\n", "meltano.yml, line 2: plugins.loaders is not a list."),
        (loaders("  - x"), "meltano.yml, line 3: plugins.loaders is not a mapping."),
        (
            loaders(f"  - name: {NAME}", "    config:", "      streams: [x]"),
            "meltano.yml, line 5: plugins.loaders.config.streams is not a mapping.",
        ),
        (
            loaders(f"  - name: {NAME}", "    config:", "      streams: {a: 1}"),
            "meltano.yml: streams.a is not a mapping.",
        ),
        (
            loaders(f"  - name: {NAME}", "    config:", "      streams: {a: {field_mapping: 1}}"),
            "meltano.yml: streams.a.field_mapping is not a mapping.",
        ),
    ],
)
def test_another_form(text: str, message: str) -> None:
    """The error names the line and the key."""
    with pytest.raises(InputError) as caught:
        project(text)
    assert str(caught.value).startswith(message)
