"""What every board image shares: flash, slots, keys, TLS, watchdog. Runs on both interpreters."""
