//! The proxy that the environment names.

use super::Proxy;
use super::bypass::Bypass;
use crate::error::Error;

/// In the order in which they count. Controllers are reached by https only.
const PROXIES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const EXCEPTIONS: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// Reads what `variable` knows; one that is empty is as good as none.
pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>, Error> {
    let first = |names: &[&'static str]| {
        names.iter().find_map(|name| variable(name).filter(|value| !value.is_empty()).map(|value| (*name, value)))
    };
    let Some((name, value)) = first(&PROXIES) else { return Ok(None) };
    let bypass = first(&EXCEPTIONS).map(|(_, list)| Bypass::read(&list)).unwrap_or_default();
    let url = if value.contains("://") { value } else { format!("http://{value}") };
    Proxy::read(&url, &format!("environment variable {name}"), bypass).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_environment(variables: &[(&str, &str)]) -> Result<Option<Proxy>, Error> {
        read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    fn named(variables: &[(&str, &str)]) -> Option<String> {
        in_environment(variables).unwrap().map(|proxy| proxy.to_string())
    }

    #[test]
    fn the_first_variable_that_says_something_counts() {
        let all = [("https_proxy", "http://a:1"), ("HTTPS_PROXY", "http://b:2"), ("all_proxy", "socks5://c:3")];
        assert_eq!(named(&all).as_deref(), Some("http://a:1"));
        assert_eq!(named(&all[1..]).as_deref(), Some("http://b:2"));
        assert_eq!(named(&all[2..]).as_deref(), Some("socks5://c:3"));
        assert_eq!(named(&[("https_proxy", ""), ("ALL_PROXY", "socks5h://d:4")]).as_deref(), Some("socks5h://d:4"));
        assert_eq!(named(&[("http_proxy", "http://e:5"), ("no_proxy", "*")]), None);
    }

    #[test]
    fn a_variable_may_leave_out_the_scheme_and_hold_a_password() {
        assert_eq!(named(&[("HTTPS_PROXY", "proxy.test:3128")]).as_deref(), Some("http://proxy.test:3128"));
        assert_eq!(named(&[("HTTPS_PROXY", "u:canary@proxy.test:3128")]).as_deref(), Some("http://proxy.test:3128"));
    }

    #[test]
    fn exceptions_in_lower_case_come_first() {
        let proxy = [("all_proxy", "http://a:1"), ("no_proxy", "b.test"), ("NO_PROXY", "c.test")];
        let proxy = in_environment(&proxy).unwrap().unwrap();
        assert!(proxy.is_not_for("b.test", 443) && !proxy.is_not_for("c.test", 443));
    }

    #[test]
    fn a_variable_that_cannot_be_used_is_named() {
        for (value, says) in [("https://u:canary@h:1", "not supported"), ("u:canary@h", "the port is missing")] {
            let error = in_environment(&[("HTTPS_PROXY", value)]).unwrap_err().to_string();
            assert!(error.starts_with("environment variable HTTPS_PROXY: "), "{error}");
            assert!(error.contains(says) && !error.contains("canary"), "{error}");
        }
    }
}
