"""Our registrations as PyLTI1p3 knows them, and its login with every hole closed.

PyLTI1p3 checks the login request and builds the redirect; state, nonce and cookie are ours, so
that they live in one row that is used once.
"""

from typing import Any

from pylti1p3.cookie import CookieService
from pylti1p3.exception import LtiException, OIDCException
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.registration import Registration as LibraryRegistration
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config import ToolConfAbstract

from lti_tool.errors import LaunchRejected
from lti_tool.lti import refusals
from lti_tool.lti.models import Registration


class Fields(Request):
    """The fields of a login request, from a query or a form."""

    def __init__(self, fields: dict[str, str]) -> None:
        self._fields = fields

    def is_secure(self) -> bool:
        return True

    def get_param(self, key: str) -> str:
        return self._fields.get(key, "")


class OneRegistration(ToolConfAbstract[Fields]):
    """The registration whose address was used; it must be the one that the request names."""

    def __init__(self, registration: Registration) -> None:
        self._registration = registration

    def check_iss_has_one_client(self, iss: str) -> bool:
        return False

    def check_iss_has_many_clients(self, iss: str) -> bool:
        return True

    def find_registration_by_issuer(self, iss: str, *args: Any, **kwargs: Any) -> Any:
        return self.find_registration_by_params(iss, "", *args, **kwargs)

    def find_registration_by_params(
        self, iss: str, client_id: str, *_args: Any, **_kwargs: Any
    ) -> Any:
        ours = self._registration
        if iss != ours.issuer or client_id not in ("", ours.client_id):
            return None
        library = LibraryRegistration()
        library.set_issuer(ours.issuer).set_client_id(ours.client_id)
        library.set_auth_login_url(ours.auth_url).set_auth_token_url(ours.token_url)
        return library

    def find_deployment(self, iss: str, deployment_id: str) -> Any:
        raise LtiException("deployments are checked in launches.py")

    def find_deployment_by_params(self, *_args: Any, **_kwargs: Any) -> Any:
        raise LtiException("deployments are checked in launches.py")


class _Nothing(SessionService, CookieService):
    """Keeps nothing: the login row does."""

    def __init__(self) -> None:
        return

    def save_nonce(self, nonce: str) -> None:
        return

    def get_cookie(self, name: str) -> None:
        return None

    def set_cookie(self, name: str, value: Any, exp: int | None = 3600) -> None:
        return


class Login(OIDCLogin[Fields, OneRegistration, _Nothing, _Nothing, str]):
    """PyLTI1p3's login with a state and a nonce that the caller chose."""

    def __init__(
        self, registration: Registration, fields: dict[str, str], state: str, nonce: str
    ) -> None:
        nothing = _Nothing()
        super().__init__(Fields(fields), OneRegistration(registration), nothing, nothing)
        self._state, self._nonce = state, nonce

    def _get_uuid(self) -> str:
        return self._state

    def _generate_nonce(self) -> str:
        return self._nonce

    def get_redirect(self, url: str) -> Redirect[str]:
        """Never asked for: the redirect is made in launch/views.py."""
        raise OIDCException("the redirect is ours")

    def address(self, launch_url: str) -> str:
        """Where to send the browser: the platform's login; raises LaunchRejected."""
        try:
            url = self._prepare_redirect_url(launch_url)
        except OIDCException as error:
            is_incomplete = "Could not find registration" not in str(error)
            words = refusals.LOGIN_INCOMPLETE if is_incomplete else refusals.ISSUER_UNKNOWN
            raise LaunchRejected(words) from None
        return _one_query(url)


def _one_query(url: str) -> str:
    """The library adds its query with "?" even where the address has one already."""
    address, _, query = url.rpartition("?")
    return f"{address}&{query}" if "?" in address else url
