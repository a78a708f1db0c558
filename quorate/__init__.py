"""Quorate: verified bidding, consensus and reputation for federated supercomputers. Touches nothing outside itself."""
