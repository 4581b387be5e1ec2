"""Devices: their sockets, their twins, what is asked of them and what they are allowed."""
