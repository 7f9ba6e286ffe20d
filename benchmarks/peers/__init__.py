"""Peers: what this service is measured against, each doing the same small job as plainly as its users do."""
