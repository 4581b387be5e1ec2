"""Events: numbered once, encoded once, kept in a ring, delivered through bounded outboxes."""
