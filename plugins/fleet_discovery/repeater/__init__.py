"""Carrying multicast DNS from one network to another, so that devices are found across a border."""
