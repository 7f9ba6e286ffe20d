"""What can be asked of presence: one use case per file.

Flow: surfaces (consumers, api, admin, commands) -> **service** -> live, history, fanout -> domain.

Only this layer publishes changes.
"""
