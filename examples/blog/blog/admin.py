"""Posts are written in the admin."""

from django.contrib import admin

from blog.models import Post


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):
    """Posts by date."""

    list_display = ["title", "author", "published_at"]
    list_filter = ["author"]
