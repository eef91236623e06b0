"""One file per noun."""

from habitue.web.pages import api, customer, customers, failure, overview, stages

__all__ = ["api", "customer", "customers", "failure", "overview", "stages"]
