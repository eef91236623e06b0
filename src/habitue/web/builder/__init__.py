"""The visual builder: a rule as nested cards, cards as the fields of a form, and back without loss."""

from habitue.web.builder.acts import change
from habitue.web.builder.card import Card, fields, gathered
from habitue.web.builder.draw import cards
from habitue.web.builder.read import Faults, rule

__all__ = ["Card", "Faults", "cards", "change", "fields", "gathered", "rule"]
