"""The files that suggestions are made from."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from crm_objects import describe

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.mapping.suggest.inputs import read_describes, read_samples

if TYPE_CHECKING:
    from pathlib import Path


def test_describes(tmp_path: Path) -> None:
    """As the API returns them, or as the Salesforce CLI prints them."""
    (tmp_path / "a.json").write_text(json.dumps(describe("Lead")))
    (tmp_path / "b.json").write_text(json.dumps({"status": 0, "result": describe("Contact")}))

    assert [each.name for each in read_describes(tmp_path)] == ["Lead", "Contact"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [(None, "has no describe document"), ("{", "is not JSON"), ("[]", "is not a JSON object")],
)
def test_no_describes(tmp_path: Path, text: str | None, problem: str) -> None:
    """The message names the folder or the file."""
    if text is not None:
        (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=f"{re.escape(str(tmp_path))}.*{problem}"):
        read_describes(tmp_path)


def test_samples(tmp_path: Path) -> None:
    """Values by stream and column; none without a file."""
    path = tmp_path / "s.json"
    path.write_text('{"people": {"name": ["Ines", null]}}')

    assert read_samples(path) == {"people": {"name": ["Ines", None]}}
    assert read_samples(None) == {}


@pytest.mark.parametrize("content", [{"people": ["Ines"]}, {"people": {"name": "Ines"}}])
def test_other_samples(tmp_path: Path, content: Any) -> None:
    """The message shows the form."""
    path = tmp_path / "s.json"
    path.write_text(json.dumps(content))

    with pytest.raises(InputError, match=r'form \{"<stream>": \{"<column>": \[<value>, ...\]\}\}'):
        read_samples(path)
