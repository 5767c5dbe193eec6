"""The first rows as they would be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.editor.columns import columns_of
from target_salesforce_bulk.editor.draft import ColumnDraft, Constant, State, StreamDraft
from target_salesforce_bulk.editor.preview import preview_of
from target_salesforce_bulk.rows.encoder import RowOptions

if TYPE_CHECKING:
    from target_salesforce_bulk.editor.stream import SampledStream
    from target_salesforce_bulk.salesforce.objects import Objects


def test_rows(people: SampledStream, objects: Objects) -> None:
    """A null clears, what is missing leaves the field, a refused cell has a reason."""
    fields = {"surname": "LastName", "email": "Email", "born": "Birthdate"}
    draft = StreamDraft(
        object="Contact",
        columns={name: ColumnDraft(field=each, state=State.OPEN) for name, each in fields.items()},
        constants=(Constant(name="source", field="LeadSource", value="Web"),),
    )
    contact = objects.sobject("Contact")

    found = preview_of(people, columns_of(people, draft, contact, objects.sobject, RowOptions()))

    assert found == {
        "headers": ["LastName", "Email", "Birthdate", "LeadSource"],
        "rows": [
            [
                {"text": "Quast"},
                {"text": "q@quast.example"},
                {"text": "1990-02-03"},
                {"text": "Web"},
            ],
            [
                {"text": "#N/A"},
                {"text": "nothing", "refused": "invalid email address: nothing"},
                {"text": ""},
                {"text": "Web"},
            ],
            [
                {"text": "Tarn"},
                {"text": "t@tarn.example"},
                {"text": "1980-10-11"},
                {"text": "Web"},
            ],
        ],
        "records": 3,
    }
