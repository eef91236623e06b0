"""The one door out: what is to be sent is put into the outbox, guards decide, and a worker hands it over."""
