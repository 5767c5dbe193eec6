"""Changes to one member of a JSON text."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.mapping.json_text import JsonText


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '{\n  "streams": {\n    "a": 1\n  }\n}\n'),
        ("{}", '{\n  "streams": {\n    "a": 1\n  }\n}'),
        ('{"x": [1, 2]}', '{"x": [1, 2],\n  "streams": {\n    "a": 1\n  }}'),
        (
            '{\n    "x": [1,2],\n    "streams": {}\n}\n',
            '{\n    "x": [1,2],\n    "streams": {\n        "a": 1\n    }\n}\n',
        ),
        (
            '{\r\n\t"streams": null ,\r\n\t"x": "\\u00e4"}',
            '{\r\n\t"streams": {\r\n\t\t"a": 1\r\n\t} ,\r\n\t"x": "\\u00e4"}',
        ),
    ],
)
def test_the_rest_stays(text: str, expected: str) -> None:
    """Indentation, line ends and escapes are those of the file."""
    assert JsonText(text, "c.json").changed("streams", {"a": 1}) == expected


def test_what_is_equal() -> None:
    """It is not written in another form."""
    text = '{"streams":{"a":1}}'

    assert JsonText(text, "c.json").changed("streams", {"a": 1}) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,\n"b" 2}', "c.json is not JSON (line 2, column 5). Correct it."),
        ("[" * 100_000, "c.json is nested too deeply."),
        ("[]", "c.json holds no JSON object."),
        (
            '{"s": {"a": 1,\n"a": 2}}',
            "c.json has the key a twice in one object, in line 2 again. Remove one of them.",
        ),
    ],
)
def test_what_is_not_read(text: str, message: str) -> None:
    """The error names the file and the place."""
    with pytest.raises(InputError) as caught:
        JsonText(text, "c.json")
    assert str(caught.value).startswith(message)
