"""Messages: an outbox in which each message exists once, whatever is run again."""
