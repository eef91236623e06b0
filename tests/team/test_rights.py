from __future__ import annotations

import pytest

from habitue.team.rights import (
    ABOUT,
    NAMES,
    NOBODY,
    REACH,
    RIGHTS,
    ROLES,
    SCOPES,
    Act,
    Actor,
    Role,
    can,
    command,
)


def actor(role: Role) -> Actor:
    return Actor("member", role, RIGHTS[role], role)


def test_who_is_not_known_may_only_come_in() -> None:
    assert [act for act in Act if can(NOBODY, act)] == [Act.OPEN]


def test_every_role_and_scope_is_described_and_may_something() -> None:
    assert RIGHTS.keys() == NAMES.keys() == ABOUT.keys() == set(ROLES)
    assert REACH.keys() == set(SCOPES)
    for acts in (*RIGHTS.values(), *REACH.values()):
        assert Act.OPEN in acts
        assert len(acts) > 1


@pytest.mark.parametrize("role", ROLES[:4])
def test_only_who_runs_it_may_touch_the_team_the_data_and_privacy(role: Role) -> None:
    for act in (Act.TEAM, Act.DATA, Act.PRIVACY, Act.AUDIT, Act.JOIN):
        assert not can(actor(role), act)
        assert can(actor("admin"), act)


def test_an_agent_sees_customers_and_takes_none_away() -> None:
    assert can(actor("agent"), Act.PEOPLE)
    assert not any(can(actor("agent"), act) for act in (Act.FIGURES, Act.EXPORT, Act.SEGMENTS))


def test_only_an_owner_may_touch_an_owner() -> None:
    assert not can(actor("admin"), Act.TEAM, "owner")
    assert can(actor("admin"), Act.TEAM, "admin")
    assert can(actor("owner"), Act.TEAM, "owner")
    assert can(command(), Act.TEAM, "owner")


def test_no_key_of_the_api_may_touch_the_team() -> None:
    assert not any({Act.TEAM, Act.OWN} & acts for acts in REACH.values())


def test_only_the_command_line_commands_a_server() -> None:
    assert can(command(), Act.COMMAND)
    assert not any(Act.COMMAND in acts for acts in (*RIGHTS.values(), *REACH.values()))
