"""表格: rows in and out of spreadsheets. Pure Python: no Django, no law."""
