"""The log code of each error that ends the program."""

from __future__ import annotations

from target_salesforce_bulk import errors
from target_salesforce_bulk.log_codes import LogCode

_CODES: dict[type[errors.SalesforceBulkError], LogCode] = {
    errors.SalesforceBulkError: LogCode.FAILED,
    errors.SettingsError: LogCode.SETTINGS_WRONG,
    errors.InputError: LogCode.INPUT_WRONG,
    errors.StateDirectoryError: LogCode.STATE_DIRECTORY_UNUSABLE,
    errors.OutputError: LogCode.OUTPUT_FAILED,
    errors.MappingError: LogCode.MAPPING_WRONG,
    errors.ApiUsageError: LogCode.API_USAGE_TOO_HIGH,
    errors.LoadError: LogCode.RUN_NEEDS_ATTENTION,
    errors.SalesforceError: LogCode.FAILED,
    errors.AuthenticationError: LogCode.LOGIN_FAILED,
    errors.UnreachableError: LogCode.UNREACHABLE,
    errors.AnswerLostError: LogCode.ANSWER_LOST,
    errors.ResponseError: LogCode.ANSWER_UNREADABLE,
    errors.RequestError: LogCode.REQUEST_REFUSED,
    errors.NotFoundError: LogCode.NOT_FOUND,
    errors.LimitExceededError: LogCode.LIMIT_EXCEEDED,
    errors.UnavailableError: LogCode.UNAVAILABLE,
    errors.JobError: LogCode.JOB_FAILED,
}


def code_of(error: errors.SalesforceBulkError) -> LogCode:
    """The code of an error, or that of the nearest class above it that has one."""
    return next(_CODES[each] for each in type(error).__mro__ if each in _CODES)
