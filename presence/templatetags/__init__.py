"""Template tags of the app: `{% load presence %}`."""
