"""Makes a node out of an empty database server and an empty broker, and writes down how its processes reach them.

Used for the nodes of one machine (`Stack`), in containers and on a node's own machine (`lianxi node provision`). Every
step can be repeated. What the processes need lies in one directory, each file readable by its owner only:
`<service>.url`, `amqp.uri`, `keyring.yaml`, `links.yaml`.
"""

import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

from lianxi.ops.local import databases
from lianxi.ops.local.processes import secret_file
from lianxi.ops.topology import City
from lianxi.runtime.crypto import KeyRing

Password = Callable[[str], str]
"""Gives the password of a user, always the same one."""


def new_password() -> str:
    """Return a password nobody can guess, of letters and digits that need no quoting."""
    return secrets.token_hex(20)


def passwords_in(own: Path, shared: Path) -> Password:
    """Return passwords kept in files: of link users, who are named by a code, in `shared`, of all others in `own`."""
    return lambda user: secret_file((shared if user.isdigit() else own) / f"{user}.password", new_password)


def provision_database(code: str, folder: Path, admin: Callable[[str], str], password: Password) -> None:
    """Make a node's database, bring it to the newest schema, and write the address for each service.

    `admin` gives the administrator's address (for psycopg2) of a database on the server.
    """
    database = databases.database_name(code)
    passwords = {service: password(f"{code}-{service}") for service in databases.ROLES}
    databases.provision(admin, database, passwords)
    urls = {}
    for service, secret in passwords.items():
        urls[service] = _service_url(admin(database), databases.role_name(database, service), secret)
        write_secret(folder / f"{service}.url", urls[service])
    databases.migrate(urls)
    databases.open_outboxes(admin, database)


def provision_keys(folder: Path, shared: Path) -> None:
    """Give a node a key ring of its own; the two keys of the whole city come from the file `shared`, made if absent."""
    _city_keys(shared)
    ring = folder / "keyring.yaml"
    if not ring.exists():
        city = KeyRing.from_file(shared)
        KeyRing.generate(index=city.index, transport=city.transport).write(ring)


def provision_links(city: City, code: str, folder: Path, shared: Path) -> None:
    """Give a node the secrets by which it and its neighbours sign what they ask of each other over HTTP, by code.

    Both ends of a link take its secret from the folder they share, made if absent.
    """
    secrets_of = {peer: secret_file(file, new_password) for peer, file in _link_secrets(city, code, shared).items()}
    write_secret(folder / "links.yaml", "".join(f'"{peer}": {text}\n' for peer, text in sorted(secrets_of.items())))


def share(city: City, code: str, shared: Path, *, logins: bool) -> list[Path]:
    """Make, if absent, what a node and its neighbours must hold alike, and return these files.

    They are the two keys of the city, the secret of each of the node's links, and with `logins` the password by which
    the child of a link logs in at its parent, where no certificate does that.
    """
    files = _link_secrets(city, code, shared)
    if logins:
        children = [child.code for child in city.children_of(code)] + ([code] if city.parent_of(code) else [])
        files |= {f"login {child}": shared / f"{child}.password" for child in children}
    for file in files.values():
        secret_file(file, new_password)
    return [_city_keys(shared / "city.keys"), *files.values()]


def environment(code: str, folder: Path) -> dict[str, str]:
    """Return the settings by which a node's processes find all this."""
    urls = {
        f"LIANXI_DATABASE_URL_{service.upper()}_FILE": str(folder / f"{service}.url") for service in databases.SCHEMAS
    }
    return {
        "LIANXI_NODE": code,
        "LIANXI_AMQP_URI_FILE": str(folder / "amqp.uri"),
        "LIANXI_KEYRING_FILE": str(folder / "keyring.yaml"),
        "LIANXI_LINK_SECRETS_FILE": str(folder / "links.yaml"),
        **urls,
    }


def write_secret(path: Path, text: str) -> None:
    """Write a file only its owner may read, unless it holds just that."""
    if secret_file(path, lambda: text) != text:
        path.write_text(text, encoding="utf-8")


def _city_keys(file: Path) -> Path:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        KeyRing.generate().write(file)
    return file


def _link_secrets(city: City, code: str, shared: Path) -> dict[str, Path]:
    """Return, by the code of the other end, the file with the secret of each of a node's links."""
    above = city.parent_of(code)
    ends = {child.code: child.code for child in city.children_of(code)} | ({above.code: code} if above else {})
    return {peer: shared / f"files-{child}.secret" for peer, child in ends.items()}


def _service_url(admin_dsn: str, role: str, password: str) -> str:
    """Return the same place, for another login, as SQLAlchemy reads it."""
    place = urlsplit(admin_dsn)
    login = f"{quote(role, safe='')}:{quote(password, safe='')}"
    return f"postgresql+psycopg2://{login}@{place.hostname}:{place.port or 5432}{place.path}"
