"""The file of users."""

from pathlib import Path

import pytest

from stripsight.errors import LoginError
from stripsight.login.password import hashed, matches
from stripsight.login.users import PageRole, User, Users, add_user, read_users, remove_user, write_users

WORD = "correct horse"


@pytest.fixture(scope="module")
def kept() -> str:
    """The password as it is kept; making it takes long, as it must."""
    return hashed(WORD)


@pytest.fixture
def path(kept: str, tmp_path: Path) -> Path:
    """A file of two users."""
    write_users(tmp_path / "users", {"ada": User(PageRole.OPERATOR, kept), "bo": User(PageRole.VIEWER, kept)})
    return tmp_path / "users"


def test_users_are_kept_for_the_owner_of_the_file(path: Path) -> None:
    """With role and password, which is not in it."""
    assert path.stat().st_mode & 0o777 == 0o600
    assert WORD not in path.read_text()
    assert {name: user.role for name, user in read_users(path).items()} == {"ada": "operator", "bo": "viewer"}
    assert [entry.name for entry in path.parent.iterdir()] == ["users"]


def test_a_user_can_be_changed_and_removed(path: Path) -> None:
    """The others stay as they are."""
    bo = read_users(path)["bo"]
    add_user(path, "ada", PageRole.VIEWER, "another horse")
    ada = read_users(path)["ada"]
    assert (ada.role, matches("another horse", ada.password)) == ("viewer", True)
    remove_user(path, "ada")
    assert read_users(path) == {"bo": bo}
    with pytest.raises(LoginError, match="expected a user 'ada', found none"):
        remove_user(path, "ada")


def test_a_change_is_seen_by_a_page_that_runs(path: Path) -> None:
    """Also one that leaves nothing to read: then nobody is known."""
    users = Users(path)
    assert users.find("ada")
    remove_user(path, "ada")
    assert users.find("ada") is None
    assert users.find("bo")
    path.write_text("[]")
    assert users.find("bo") is None


@pytest.mark.parametrize("name", ["", "Ada", "a b", "../a", "a" * 33, "\x1b[31m", "ü"])
def test_a_name_is_a_plain_word(name: str, path: Path) -> None:
    """It goes into the log and the record."""
    with pytest.raises(LoginError, match="expected a name of 1 to 32 characters"):
        add_user(path, name, PageRole.VIEWER, WORD)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"ada": {}}',
        '{"ada": {"role": "root", "password": "x"}}',
        '{"ada": {"role": "viewer", "password": "x"}}',
    ],
)
def test_a_file_of_anything_else_is_refused(text: str, path: Path) -> None:
    """A password in plain text, too."""
    path.write_text(text)
    with pytest.raises(LoginError, match="expected users as `stripsight hmi-user add` writes them"):
        read_users(path)


def test_a_file_that_others_may_read_is_refused(path: Path) -> None:
    """They could guess at leisure."""
    path.chmod(0o644)
    with pytest.raises(LoginError, match="only its owner and group may read, found mode 644"):
        Users(path)
