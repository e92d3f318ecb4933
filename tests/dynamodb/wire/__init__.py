"""The wire client against servers on loopback that misbehave as told."""
