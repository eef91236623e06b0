"""Journeys: what is done with a customer, step by step, once something has happened to them."""
