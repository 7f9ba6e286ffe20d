"""What people and programs get from a whole service, over real sockets, on both servers."""
