"""The app: posts and their authors. It knows presence by one template tag."""
