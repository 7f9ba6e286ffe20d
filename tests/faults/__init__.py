"""What people get while parts of a whole service are taken away, and after they are back."""
