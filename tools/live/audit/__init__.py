"""Can this system lie? The laws that every report must keep."""
