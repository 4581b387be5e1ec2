"""The local side of a simulated fleet: what each device serves to its own network, on loopback only."""
