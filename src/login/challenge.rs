//! `WWW-Authenticate`, which controllers send since 2.0: what it says of the login that a request came with.

/// The realms of logins themselves, and not of what may be missing beside them.
const LOGINS: [&str; 2] = ["zt-session", "openziti-oidc"];
const OVER: [&str; 2] = ["invalid", "expired"];
/// What begins a challenge; the controllers know no others.
const SCHEMES: [&str; 2] = ["bearer", "zt-session"];

/// True if a challenge of the login itself calls it invalid or expired.
///
/// It is read as it may come: controllers separate parameters by spaces and challenges by commas, standards demand it the
/// other way round; names and words are of any case, values with quotes or without, and in any order.
pub(super) fn says_expired(challenges: &[String]) -> bool {
    challenges.iter().any(|line| is_over(line))
}

fn is_over(line: &str) -> bool {
    let (mut realm, mut error) = (String::new(), String::new());
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',', ';']);
        if rest.is_empty() {
            return false;
        }
        let end = rest.find([' ', '\t', ',', ';', '=']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let Some(value) = after.trim_start_matches([' ', '\t']).strip_prefix('=') else {
            if SCHEMES.contains(&name.to_ascii_lowercase().as_str()) {
                (realm, error) = (String::new(), String::new());
            }
            rest = after;
            continue;
        };
        let (value, after) = value_of(value.trim_start_matches([' ', '\t']));
        match name.to_ascii_lowercase().as_str() {
            "realm" => realm = value.to_ascii_lowercase(),
            "error" => error = value.to_ascii_lowercase(),
            _ => {}
        }
        if LOGINS.contains(&realm.as_str()) && OVER.contains(&error.as_str()) {
            return true;
        }
        rest = after;
    }
}

/// A value with quotes or without, and what comes after it. Quotes within it are no part of any value that matters.
fn value_of(text: &str) -> (&str, &str) {
    match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => text.split_at(text.find([' ', '\t', ',', ';']).unwrap_or(text.len())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn says(header: &str) -> bool {
        says_expired(&[header.to_owned()])
    }

    #[test]
    fn a_challenge_of_the_login_that_calls_it_over_is_recognized() {
        for header in [
            r#"zt-session realm="zt-session" error="invalid" error_description="the session is unknown""#,
            r#"Bearer realm="openziti-oidc" error="expired""#,
            r#"zt-session realm="zt-session" error="missing", Bearer realm="openziti-oidc", error="invalid""#,
            r#"bearer REALM="OpenZiti-OIDC",ERROR="Invalid""#,
            r#"Bearer realm = "openziti-oidc" , error = "invalid""#,
            "Bearer realm=openziti-oidc;error=expired",
            r#"Bearer error="expired", realm="openziti-oidc""#,
            r#"  ,, Bearer	realm="openziti-oidc"	error="invalid"#,
            r#"Bearer error_description="say \"realm", realm="openziti-oidc", error="invalid""#,
            r#"BEARER Realm="openziti-oidc",error_description="no bearer, such as error=missing",Error=Expired"#,
            "zt-session\trealm=zt-session  error=invalid",
            r#"Negotiate abc==, Bearer realm="openziti-oidc" error="invalid""#,
        ] {
            assert!(says(header), "{header}");
        }
        let lines = ["Basic", r#"Bearer realm="openziti-oidc" error="invalid""#].map(str::to_owned);
        assert!(says_expired(&lines), "in a header of its own");
    }

    #[test]
    fn other_challenges_do_not_say_that_the_login_is_over() {
        for header in [
            "",
            "Basic",
            "=",
            "\"",
            "Bearer realm=",
            r#"zt-session realm="zt-session" error="missing""#,
            r#"Bearer realm="openziti-secondary-ext-jwt" error="expired""#,
            r#"Bearer realm="openziti-secondary-ext-jwt" error="invalid", zt-session realm="zt-session""#,
            r#"zt-session realm="zt-session",Bearer error="invalid" realm="openziti-secondary-ext-jwt""#,
            r#"zt-session realm="zt-session", Bearer realm="openziti-primary-ext-jwt" error="expired""#,
            r#"zt-session realm="zt-session error="invalid"#,
            r#"Bearer realm="openziti-oidc" error_description="error=invalid""#,
            r#"Bearer realm="x" error_description="realm=openziti-oidc error=invalid""#,
        ] {
            assert!(!says(header), "{header}");
        }
    }

    #[test]
    fn what_is_no_challenge_takes_no_time_and_does_no_harm() {
        for piece in ["=", "\"", " ", ",", "realm", "Bearer ", "error=\"", "é", "\u{0}"] {
            assert!(!says(&piece.repeat(100_000)), "{piece}");
        }
    }

    /// All that were recorded with a 401 to a request with a login.
    #[test]
    fn those_of_real_controllers_say_what_the_exchange_was_about() {
        let (mut over, mut other) = (0, 0);
        for area in ["oidc", "mfa", "errors", "authentication", "api-session", "authenticators"] {
            let file = format!("{}/tests/recordings/2.0/{area}.jsonl", env!("CARGO_MANIFEST_DIR"));
            for line in std::fs::read_to_string(file).unwrap().lines() {
                let exchange: Value = serde_json::from_str(line).unwrap();
                let headers: Vec<(String, String)> =
                    serde_json::from_value(exchange["response"]["headers"].clone()).unwrap();
                let mut challenges =
                    headers.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
                let Some((_, challenge)) = challenges.next() else { continue };
                let expected = [r#""zt-session" error="invalid""#, r#""openziti-oidc" error="invalid""#];
                let expected = expected.iter().any(|said| challenge.contains(said));
                assert_eq!(says(&challenge), expected, "{area} {}", exchange["n"]);
                *if expected { &mut over } else { &mut other } += 1;
            }
        }
        assert!(over >= 10 && other >= 10, "{over} {other}");
    }
}
