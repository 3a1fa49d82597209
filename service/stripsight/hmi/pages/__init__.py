"""The pages: live, search, and one strip."""
