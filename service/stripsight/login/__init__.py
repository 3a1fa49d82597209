"""People who log in to the operator page: their passwords, their sessions, and what happens when somebody guesses."""
