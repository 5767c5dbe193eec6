"""Each error that ends the program has a log code."""

from __future__ import annotations

import inspect

from target_salesforce_bulk import errors
from target_salesforce_bulk.cli.error_codes import _CODES, code_of
from target_salesforce_bulk.log_codes import LogCode


def test_every_error_has_one() -> None:
    """A new class needs a row in the table."""
    classes = {
        each
        for _, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, errors.SalesforceBulkError)
    }

    assert _CODES.keys() == classes - {errors.NoKeyError}


def test_the_nearest_class_counts() -> None:
    """An error without a code of its own has that of what it is a kind of."""
    found = [
        code_of(errors.NoKeyError("no key", stream="a")),
        code_of(errors.NotFoundError("gone", status=404, code="", detail="")),
        code_of(errors.SettingsError("wrong")),
    ]

    assert found == [LogCode.MAPPING_WRONG, LogCode.NOT_FOUND, LogCode.SETTINGS_WRONG]
