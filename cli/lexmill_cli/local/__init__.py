"""The servers that a cluster has as services, started here from their wheels."""
