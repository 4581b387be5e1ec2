"""One simulated device: what it is and knows, how it lives, what it answers."""
