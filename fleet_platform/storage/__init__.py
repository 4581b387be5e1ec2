"""What outlives the process: the embedded server, the connection pool, and the stores on top of them.

All SQL of the core is in this package and in the ``migrations`` folder. A store raises ``Unavailable`` while the
database is away; none of them waits for it.
"""
