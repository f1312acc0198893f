"""intake takes complaints, router assigns them, tracker keeps the clock; yousu is the command that runs them."""
