"""`python -m target_salesforce_bulk`."""

from target_salesforce_bulk.target import TargetSalesforceBulk

TargetSalesforceBulk.cli()
