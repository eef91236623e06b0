"""What a setting of a step asks for: as everything does that can be set up."""

from habitue.kernel.asked import Asked, Field, fields

__all__ = ["Asked", "Field", "fields"]
