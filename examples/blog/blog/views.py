"""Two pages: all posts, and one of them."""

from django.views.generic import DetailView, ListView

from blog.models import Post

POSTS = Post.objects.select_related("author")


class Posts(ListView):
    """The newest posts."""

    queryset = POSTS
    paginate_by = 10
    context_object_name = "posts"


class Reading(DetailView):
    """One post."""

    queryset = POSTS
