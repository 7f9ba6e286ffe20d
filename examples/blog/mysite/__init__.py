"""The project: an ordinary Django site."""
