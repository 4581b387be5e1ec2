"""What a device does wrong on purpose: the table of faults, and what is at work on one device.

A fault is a value, read from Python, from a scenario file or from the command line alike; on a device it becomes an
effect, which lasts until it ends by itself, its time is over or it is undone.
"""
