"""JSON-RPC 2.0 as this platform speaks it: envelopes, methods, dispatch, relay to devices."""
