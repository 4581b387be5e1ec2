"""Parts of the embedded PostgreSQL: its programs, the user it runs as, its cluster and its process."""
