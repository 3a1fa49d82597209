"""Names of people, for what goes on record with one."""

from stripsight.errors import WhoRequired

_LENGTH_MAX = 64


def check_who(who: str) -> None:
    """Raise WhoRequired unless somebody is named: 1 to 64 printable characters that are not all blank."""
    if not (who.strip() and who.isprintable() and len(who) <= _LENGTH_MAX):
        found = ascii(who[:_LENGTH_MAX])
        raise WhoRequired(
            f"who: expected a name of 1 to {_LENGTH_MAX} printable characters, found {found}", field="who", found=found
        )


def by(who: str, caller: str) -> dict[str, str]:
    """Return the facts for the record: `who` by somebody's word, and `caller`, the name in a certificate, if any."""
    return {"who": who, "caller": caller} if caller else {"who": who}
