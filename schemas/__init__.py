"""The contracts both wings sign: station types, topics, payloads, journal names."""
