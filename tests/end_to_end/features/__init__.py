"""Every feature of presence as people mean it, one clear test each; docs/protocol.md has the table of them."""
