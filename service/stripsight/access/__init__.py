"""Who may do what, and which of those who may not go on record."""
