"""Reads whom to ask about a domain: the owner among the members of the team, or says what was wanted."""

from __future__ import annotations

from lakehouse.contracts.yaml_places import Place
from lakehouse.errors import nearest

OWNER = "owner"


def read_contact(team: Place) -> str:
    """The name of the first owner who has not left the team; raises ContractError."""
    members = team.need("members")
    owners = [member for member in members.items("member") if _is_owner(member)]
    if not owners:
        roles = [member.text("role") for member in members.items() if member.find("role")]
        near = next((hint for role in roles if "mean" in (hint := nearest(role, [OWNER]))), "")
        raise members.error(f"names nobody who owns the data; give one of them role: {OWNER}.{near}")
    present = [owner for owner in owners if owner.find("dateOut") is None]
    if not present:
        raise owners[0].need("dateOut").error("the only owner has left the team; name the one who owns the data now.")
    return present[0].text("username")


def _is_owner(member: Place) -> bool:
    """Whether a member owns the data; `data owner` and `Product Owner` do."""
    return member.find("role") is not None and OWNER in member.text("role").lower().split()
