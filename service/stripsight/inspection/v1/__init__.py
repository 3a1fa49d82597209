"""Version 1 of the API; nothing in it changes its meaning or its wire form."""
