"""The report of a run: its facts as a JSON file, and the page that shows them."""
