"""Verbs that may be left out, and unknown ones."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.rules.problem import nearest


class Home(TyperGroup):
    """`habitue` alone, or with options only, is `habitue demo`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        bare = not args or (args[0].startswith("-") and args[0] not in ("--help", "--version"))
        return super().parse_args(ctx, ["demo", *args] if bare else args)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        word = args[0]
        if word in self.commands:
            return super().resolve_command(ctx, args)
        if near := nearest(word, self.commands):
            raise UserError(N_("There is no verb “{word}”; did you mean “{near}”?"), word=word, near=near)
        raise UserError(
            N_("There is no verb “{word}”. There are: {verbs}."), word=word, verbs=", ".join(self.commands)
        )


class Stages(TyperGroup):
    """`habitue stages MODEL …` is `habitue stages show MODEL …`."""

    default = "show"

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The verbs, then how the one goes that may be left out."""
        super().format_help(ctx, formatter)
        usual = self.commands[self.default]
        usual.format_help(type(ctx)(usual, info_name=self.default, parent=ctx), formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = args and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if named else [self.default, *args])


class Listed(Stages):
    """`habitue sources` is `habitue sources list`."""

    default = "list"
