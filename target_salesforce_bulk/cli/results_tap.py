"""The command `tap-salesforce-bulk-results`: the SDK's own options, and errors in one line."""

from __future__ import annotations

import logging
import os
import sys

from target_salesforce_bulk.cli import log, plain_logs
from target_salesforce_bulk.cli.error_codes import code_of
from target_salesforce_bulk.errors import SalesforceBulkError, SettingsError
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.tap import TapSalesforceBulkResults

logger = logging.getLogger("target_salesforce_bulk")


def main() -> None:
    """Run the tap.

    Exit codes: 0; 1, something needs attention; 2, wrong command line.
    """
    os.umask(0o077)
    plain_logs.set_up()
    command = TapSalesforceBulkResults.cli  # sets up the SDK's log
    log.hide_secrets()
    try:
        command()
    except SettingsError as error:
        _leave(*error.problems, code=code_of(error))
    except SalesforceBulkError as error:
        _leave(str(error), code=code_of(error))
    except BrokenPipeError:
        sys.stdout = None  # Python would flush it at exit
        _leave(
            "The reader of stdout has closed the pipe; the output is incomplete.",
            code=LogCode.OUTPUT_FAILED,
        )


def _leave(*reasons: str, code: LogCode) -> None:
    for each in reasons:
        logger.error("%s", each, extra=log_facts(code))
    sys.exit(1)


if __name__ == "__main__":
    main()
