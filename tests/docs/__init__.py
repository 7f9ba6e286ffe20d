"""What the documentation says is what the service does."""
