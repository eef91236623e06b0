"""What is sent: templates as data, made ready once per version, filled in once per mail."""

from habitue.templates.kept import Presses, live, slugs

__all__ = ("Presses", "live", "slugs")
