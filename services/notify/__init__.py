"""Tells people what concerns them: officers in their inbox, petitioners by mail; by rules and texts that are data."""
