"""Load Singer streams into Salesforce through Bulk API 2.0."""
