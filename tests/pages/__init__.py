"""The pages and the template tags."""
