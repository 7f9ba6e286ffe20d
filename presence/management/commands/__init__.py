"""Surface for operators: commands of `manage.py`."""
