"""One message to many: to whom, which version, when; fixed once, and put into the outbox part by part."""
