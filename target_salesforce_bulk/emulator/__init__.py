"""A local Salesforce: OAuth, describe, a subset of SOQL, and all of Bulk API 2.0 ingest.

It imports nothing from the rest of the package, so that client and emulator cannot share one wrong
belief about Salesforce.
"""

from target_salesforce_bulk.emulator.org.behaviour import RowRule
from target_salesforce_bulk.emulator.org.faults import Fault, FaultKind
from target_salesforce_bulk.emulator.server import Emulator

__all__ = ["Emulator", "Fault", "FaultKind", "RowRule"]
