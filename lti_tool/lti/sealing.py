"""Seals what must not lie readable in a database or a backup: private keys and tokens."""

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken

from lti_tool import settings
from lti_tool.settings import SettingsError


def seal(text: str) -> str:
    """`text`, readable only with this server's SECRET_KEY."""
    return _box(settings.current().SECRET_KEY).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed; raises SettingsError when SECRET_KEY is not the one it was sealed with."""
    try:
        return _box(settings.current().SECRET_KEY).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SettingsError("SECRET_KEY", "the one this database was made with") from None


@lru_cache(maxsize=4)
def _box(secret: str) -> Fernet:
    digest = hashlib.sha256(b"good-turn sealing\0" + secret.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
