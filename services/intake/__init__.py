"""Intake: takes in letters, visits, calls, faxes and web petitions, numbers them, and keeps who they are from."""
