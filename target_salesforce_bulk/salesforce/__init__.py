"""HTTP access to Salesforce; independent of Singer, CSV rows and the journal."""
