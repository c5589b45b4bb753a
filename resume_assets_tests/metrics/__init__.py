"""The ledger's figures, as Prometheus' own parser reads them."""
