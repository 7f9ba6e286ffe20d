"""Who is watching here: the streams of this process, and how changes reach them.

Flow: changes -> hub -> mailboxes (newest per user wins) -> **fanout** -> sockets. In memory only.
"""
