"""Signs in with libraries that know nothing of readmit, and of which readmit knows nothing.

They start with one address, that of the metadata. Whatever is not as the standards have it makes one of
them raise, and the process fail.
"""

import sys

import jwt
import requests
from authlib.integrations.requests_client import OAuth2Session
from oauthlib.oauth2 import InvalidGrantError, LegacyApplicationClient
from requests_oauthlib import OAuth2Session as OldOAuth2Session

ADDRESS, USERNAME, PASSWORD = sys.argv[1:]

metadata = requests.get(ADDRESS + "/.well-known/openid-configuration", timeout=10).json()
keys = jwt.PyJWKClient(metadata["jwks_uri"])


def verified(token):
    """The claims of an access token, once PyJWT has found its key and accepted it."""
    return jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token),
        algorithms=metadata["id_token_signing_alg_values_supported"],
        issuer=metadata["issuer"],
        audience=metadata["issuer"],
        options={"require": ["iss", "aud", "sub", "iat", "exp", "jti"]},
    )


def is_refused(session):
    return session.get(metadata["userinfo_endpoint"], timeout=10).status_code == 401


def with_oauthlib():
    client = LegacyApplicationClient(client_id="shop")
    session = OldOAuth2Session(client=client)
    token = session.fetch_token(
        metadata["token_endpoint"],
        username=USERNAME,
        password=PASSWORD,
        include_client_id=True,
    )
    claims = verified(token["access_token"])
    assert claims["client_id"] == "shop", claims

    fresh = session.refresh_token(metadata["token_endpoint"], client_id="shop")
    assert fresh["refresh_token"] != token["refresh_token"]
    assert verified(fresh["access_token"])["sid"] == claims["sid"]

    info = session.get(metadata["userinfo_endpoint"], timeout=10).json()
    assert info["sub"] == claims["sub"] and info["email"] == USERNAME, info

    url, headers, body = client.prepare_token_revocation_request(
        metadata["revocation_endpoint"], fresh["refresh_token"], "refresh_token"
    )
    answer = requests.post(url, headers=headers, data=body, timeout=10)
    assert answer.status_code == 200, answer.text
    assert is_refused(session)
    try:
        session.refresh_token(metadata["token_endpoint"], client_id="shop")
    except InvalidGrantError:
        return
    raise AssertionError("a revoked session was refreshed")


def with_authlib():
    session = OAuth2Session(
        client_id="portal",
        token_endpoint_auth_method="none",
        revocation_endpoint_auth_method="none",
    )
    token = session.fetch_token(
        metadata["token_endpoint"], username=USERNAME, password=PASSWORD
    )
    claims = verified(token["access_token"])
    assert claims["client_id"] == "portal", claims

    fresh = session.refresh_token(metadata["token_endpoint"])
    assert fresh["refresh_token"] != token["refresh_token"]
    info = session.get(metadata["userinfo_endpoint"]).json()
    assert info["sub"] == claims["sub"], info
    answer = session.revoke_token(metadata["revocation_endpoint"], fresh["access_token"])
    assert answer.status_code == 200, answer.text
    assert is_refused(session)


with_oauthlib()
with_authlib()
print("both clients are content")
