"""What is written, and by whom."""

from django.conf import settings
from django.db import models
from django.urls import reverse


class Post(models.Model):
    """One post of the blog."""

    title = models.CharField(max_length=120)
    text = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering = ["-published_at", "-pk"]

    def __str__(self):
        """The title."""
        return self.title

    def get_absolute_url(self):
        """Where to read it."""
        return reverse("post", args=[self.pk])
