"""`python -m target_salesforce_bulk`."""

from target_salesforce_bulk.cli.app import main

main()
