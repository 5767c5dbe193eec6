"""HTTP to Salesforce: knows no Singer, no CSV rows and no journal."""
