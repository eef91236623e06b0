"""Habitué: an open-source customer lifecycle platform."""
