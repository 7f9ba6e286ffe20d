"""Benchmarks: what docs/performance.md claims, measured beside its peers in one run.

Flow: `make bench` -> **benchmarks** -> .local/bench/results -> docs/performance.md, docs/performance.svg
"""
