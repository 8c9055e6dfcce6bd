from tests.office import at, committed_office, office

__all__ = ["at", "committed_office", "office"]
