"""The rim towards the network: websockets of devices and clients, JSON-RPC over HTTP, the web page."""
