"""Somebody is told: what came up is found in the ledger, noted there, and told to each receiver.

Plain Python: the sensor, the commands and the asset checks call it. Nothing of a candidate is ever
in what is told, not even an id.
"""
