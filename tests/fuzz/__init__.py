"""Every reader of bytes that a stranger may have written, fed with nonsense."""
