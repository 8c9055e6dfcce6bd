"""The spreadsheets of this app, declared."""
