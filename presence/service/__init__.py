"""What can be asked: one use case a file.

Flow: surfaces -> **service** -> live, history, fanout -> domain. Only this layer publishes.
"""
