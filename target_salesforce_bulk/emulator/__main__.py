"""`python -m target_salesforce_bulk.emulator`."""

from target_salesforce_bulk.cli.emulator import emulator

emulator()
