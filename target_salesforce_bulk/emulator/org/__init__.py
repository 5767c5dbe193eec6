"""What the org stores and how it behaves; knows no HTTP."""
