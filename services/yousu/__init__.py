"""The `yousu` command: it composes the three services and speaks to them as their users do."""
