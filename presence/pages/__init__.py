"""Pages: what a person sees in a browser, apart from the admin."""
