"""The API for apps, under /api/v1/: JSON over Django REST framework.

Flow: app, page -> **api** -> service (live facts through `wiring.call`) -> live, history.

Sync views only: DRF is synchronous by decision, so reads belong here and heartbeats do not (a trivial POST
costs 3 ms of CPU through DRF and 0.1 ms through a consumer, which is why those have paths of their own).
"""
