"""补贴: the programmes themselves."""
