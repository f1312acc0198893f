"""What every service's HTTP side shares: the application, problems, health, metrics and who is calling."""
