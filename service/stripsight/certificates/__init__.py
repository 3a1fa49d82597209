"""Certificates: those of the service as they are replaced, those of callers as a name and roles, and a CA for tests."""
