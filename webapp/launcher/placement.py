"""Where embedded servers keep their data and sockets, and as whom PostgreSQL runs.

PostgreSQL refuses to be root, so a launcher that is root runs it as another account: the owner of existing data, or
`postgres`, or `nobody`. That account must be able to reach the program and the data. Where the checkout is closed to it (a
0700 home), data and a copy of the program live under `/var/lib/innkeep` (or `/var/tmp/innkeep`), and a link at the usual
place points there. Permissions of folders that are not ours are never changed.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOCKET_PATH_LIMIT = 103  # bytes; 107 on Linux, 103 on macOS
_ROOT_HOMES = (Path("/var/lib/innkeep"), Path("/var/tmp/innkeep"))  # noqa: S108
_ACCOUNTS = ("postgres", "nobody")


class PlacementError(Exception):
    """No usable place or account; the message says what to change."""


@dataclass(frozen=True)
class Account:
    """Whom a server runs as when the launcher is root."""

    uid: int
    gid: int

    def may_enter(self, folder: Path) -> bool:
        """Whether this account can pass through every folder on the way to, and into, `folder`."""
        return all(self._may_search(place) for place in (folder.resolve(), *folder.resolve().parents))

    def _may_search(self, folder: Path) -> bool:
        info = folder.stat()
        if info.st_uid == self.uid:
            return bool(info.st_mode & stat.S_IXUSR)
        if info.st_gid == self.gid:
            return bool(info.st_mode & stat.S_IXGRP)
        return bool(info.st_mode & stat.S_IXOTH)


def account_for(data_dir: Path) -> Account | None:
    """The account to run PostgreSQL as on `data_dir`; None means as ourselves."""
    owner = data_dir.stat() if data_dir.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise PlacementError(
                f"{data_dir} belongs to user {owner.st_uid}: start as that user or as root, or remove it"
            )
        return None
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise PlacementError(
        "PostgreSQL cannot run as root and there is no account postgres or nobody: start as another user, "
        "or set DATABASE_URL"
    )


def reachable_data_dir(wanted: Path, account: Account | None, temporary: bool) -> Path:
    """`wanted`, or a folder elsewhere, linked from there, when `account` cannot get to it. Makes the parent folder."""
    parent = wanted.parent
    parent.mkdir(parents=True, exist_ok=True)
    elsewhere = wanted.is_symlink() and wanted.is_dir()
    if account is None or account.may_enter(wanted.resolve().parent if elsewhere else parent):
        return wanted.resolve()
    if wanted.is_dir() and not wanted.is_symlink() and any(wanted.iterdir()):
        raise PlacementError(
            f"user {account.uid}, who owns {wanted}, cannot get to it: allow it to pass the folders above"
        )
    if temporary:
        base = Path(tempfile.mkdtemp(prefix="innkeep-"))
    elif wanted.is_relative_to(tempfile.gettempdir()):  # what is made to be forgotten stays with its like
        base = Path(tempfile.gettempdir()) / f"innkeep-data-{_digest(wanted)}"
    else:
        base = root_home() / _digest(wanted)
    base.mkdir(exist_ok=True)
    if base.stat().st_uid != os.geteuid():
        raise PlacementError(f"{base} is not ours: remove it")
    base.chmod(0o755)
    if wanted.is_symlink():
        wanted.unlink()
    elif wanted.is_dir():
        wanted.rmdir()
    wanted.symlink_to(base / wanted.name)
    return base / wanted.name


def reachable_program(installation: Path, libraries: Path, account: Account | None, version: str) -> Path:
    """`installation` (a folder with bin, lib and share), or a copy that `account` can get to.

    The copy keeps the place of `libraries` relative to it, as the programs look for them there.
    """
    if account is None or account.may_enter(installation / "bin"):
        return installation
    base = root_home() / f"postgresql-{version}"
    copy = base / installation.parent.name / installation.name
    if not copy.is_dir():
        partial = Path(tempfile.mkdtemp(prefix="copy-", dir=root_home()))
        partial.chmod(0o755)
        shutil.copytree(installation, partial / installation.parent.name / installation.name)
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name)
        shutil.rmtree(base, ignore_errors=True)
        partial.rename(base)
    return copy


def socket_dir(data_dir: Path, longest_name: str, account: Account | None) -> Path:
    """A private folder for the sockets of the server on `data_dir`, short enough for the kernel."""
    beside = data_dir.parent / "run" / data_dir.name
    fits = len(os.fsencode(beside / longest_name)) <= SOCKET_PATH_LIMIT
    if not fits or (account is not None and not account.may_enter(data_dir.parent)):
        name = f"innkeep-{os.geteuid()}-{_digest(data_dir)}"
        beside = Path(tempfile.gettempdir()) / name
        if len(os.fsencode(beside / longest_name)) > SOCKET_PATH_LIMIT:
            beside = Path("/tmp") / name  # noqa: S108
    beside.parent.mkdir(parents=True, exist_ok=True)
    return private_dir(beside, account)


def private_dir(path: Path, account: Account | None) -> Path:
    """Make `path` a folder that only the server's user can enter. Refuses one that somebody else has put there."""
    uid = os.geteuid() if account is None else account.uid
    path.mkdir(mode=0o700, exist_ok=True)
    info = path.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid not in (uid, os.geteuid()):
        raise PlacementError(f"{path} is not a folder of ours: remove it")
    path.chmod(0o700)
    if account is not None:
        os.chown(path, account.uid, account.gid)
    return path


def root_home() -> Path:
    """The folder for what cannot live in a checkout that is closed to other accounts."""
    for home in _ROOT_HOMES:
        try:
            home.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError:
            continue
        if home.stat().st_uid == 0 and os.access(home, os.W_OK):
            return home
    raise PlacementError(f"neither {' nor '.join(map(str, _ROOT_HOMES))} can be written: set DATABASE_URL")


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:10]
