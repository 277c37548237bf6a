"""Getting a message to a phone: what it says, where it may go, how it travels, and what becomes of it."""
