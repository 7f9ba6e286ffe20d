"""Paths of the blog."""

from django.urls import path

from blog.views import Posts, Reading

urlpatterns = [
    path("", Posts.as_view(), name="posts"),
    path("posts/<int:pk>/", Reading.as_view(), name="post"),
]
