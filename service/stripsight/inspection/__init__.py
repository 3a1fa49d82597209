"""The API, generated from proto/ by proto/generate.py."""
