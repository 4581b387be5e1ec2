"""What a device does wrong on purpose."""
