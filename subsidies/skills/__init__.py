"""技能提升补贴: certificates, training subsidies, claims and their decisions."""
