"""A local Salesforce: OAuth, describe, a little SOQL, and all of Bulk API 2.0 ingest.

It stands alone: it imports nothing from the rest of the package, so that one wrong belief about
Salesforce cannot pass on both sides.
"""

from target_salesforce_bulk.emulator.org.faults import Fault, FaultKind, RowRule
from target_salesforce_bulk.emulator.server import Emulator

__all__ = ["Emulator", "Fault", "FaultKind", "RowRule"]
