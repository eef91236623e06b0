"""Give a tag, or take it away."""

from __future__ import annotations

from typing import Annotated, ClassVar

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Act, Deed, Happening
from habitue.kernel.i18n import N_


class Tag(Act, frozen=True, kw_only=True, tag="tag"):
    title: ClassVar[str] = N_("Add a tag")
    about: ClassVar[str] = N_("A tag is a trait that is true: the tag vip is trait.tag_vip in rules.")
    icon: ClassVar[str] = "person"

    tag: Annotated[str, Asked(N_("Tag"), N_("Small letters, digits and _."), "named")]
    remove: Annotated[bool, Asked(N_("Take it away instead"), "", "yes")] = False

    def deed(self) -> Deed:
        return Happening("$identify", {f"tag_{self.tag}": None if self.remove else True})
