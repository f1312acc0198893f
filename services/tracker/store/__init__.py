"""Every query of the tracker, by what is asked for."""
