"""What people see: a real server and real browsers."""
