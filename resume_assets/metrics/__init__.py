"""The ledger's figures for those who watch: read, written down as Prometheus reads, served.

Nothing is decided by them, and nothing here changes anything.
"""
