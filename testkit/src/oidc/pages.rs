//! What is served to read: the discovery document, and pages for browsers.

use serde_json::{Value, json};

use crate::manners::Version;

/// What `.well-known/openid-configuration` tells: where everything is, and what there would be if it were asked for.
pub(crate) fn discovery(issuer: &str, algorithm: &str, version: Version) -> Value {
    let at = |path: &str| format!("{issuer}/{path}");
    let client_authentication = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("oauth/token"),
        "introspection_endpoint": at("oauth/introspect"),
        "userinfo_endpoint": at("userinfo"),
        "revocation_endpoint": at("revoke"),
        "end_session_endpoint": at("end_session"),
        "device_authorization_endpoint": at("device_authorization"),
        "jwks_uri": at("keys"),
        "scopes_supported": ["openid", "profile", "email", "phone", "address", "offline_access"],
        "response_types_supported": ["code", "id_token", "id_token token"],
        "grant_types_supported": [
            "authorization_code",
            "implicit",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [algorithm],
        "request_object_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": client_authentication,
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "revocation_endpoint_auth_methods_supported": client_authentication,
        "revocation_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "introspection_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "aud", "exp", "iat", "iss", "auth_time", "nonce", "amr", "name"],
        "code_challenge_methods_supported": ["S256"],
        "ui_locales_supported": ["en"],
        "request_parameter_supported": true,
        "request_uri_parameter_supported": false,
    });
    if version == Version::V2_0 {
        document["openziti_endpoints"] = json!({
            "password": at("login/password"),
            "cert": at("login/cert"),
            "ext_jwt": at("login/ext-jwt"),
            "totp": at("login/totp"),
            "totp_enroll": at("login/totp/enroll"),
            "totp_enroll_verify": at("login/totp/enroll/verify"),
            "auth_queries": at("login/auth-queries"),
        });
    }
    document
}

/// A page for a browser to log in at. It is here to be mistaken for an answer, not to be looked at.
pub(crate) fn login_page(error: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html>\n\n<head>\n    <title>Login</title>\n</head>\n\n<body>\n    \
         <form method=\"POST\"><input name=\"username\"><input name=\"password\" type=\"password\"></form>\n    \
         <p>{error}</p>\n</body>\n\n</html>\n"
    )
}

/// What goes with a redirection, for who does not follow it by itself.
pub(crate) fn link(location: &str) -> String {
    format!("<a href=\"{}\">Found</a>.\n\n", location.replace('&', "&amp;"))
}
