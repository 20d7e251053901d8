//! Identity files as others write them, and ours as others want them.

use super::*;
use crate::identity::NewPair;
use serde_json::{Value, json};
use std::fs;

fn pem(text: &str) -> String {
    format!("pem:{text}")
}

/// What a file says by the time it was loaded and saved in its place.
fn rewritten(text: &str) -> (Identity, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alice.json");
    for (name, pem) in [("key", &papers().key), ("cert", &papers().cert), ("ca", &papers().ca)] {
        fs::write(folder.path().join(format!("{name}.pem")), pem).unwrap();
    }
    fs::write(&path, text).unwrap();
    let identity = Identity::load(&path).unwrap_or_else(|error| panic!("{error} in {text}"));
    identity.save(&path).unwrap();
    (identity, fs::read_to_string(&path).unwrap())
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The names of the members, in order.
fn names(text: &str) -> Vec<&str> {
    let members = text.lines().filter(|line| line.starts_with("  \""));
    members.map(|line| line.split('"').nth(1).unwrap()).collect()
}

#[test]
fn a_file_of_the_go_programs_is_read_and_kept() {
    let papers = papers();
    let [key, cert, ca] = [&papers.key, &papers.cert, &papers.ca].map(|text| json!(pem(text)));
    let text = format!(
        r#"{{"ztAPI":"https://ctrl.acme.test:1280/edge/client/v1","ztAPIs":null,"configTypes":null,
            "id":{{"key":{key},"cert":{cert},"ca":{ca}}},"enableHa":false}}"#
    );
    let (identity, kept) = rewritten(&text);
    assert!(identity.leaf() == usual().leaf() && identity.ca().is_some());
    assert!(identity.config_types().is_empty());
    assert_eq!(names(&kept), ["ztAPI", "ztAPIs", "configTypes", "id", "enableHa"]);
    assert_eq!(value(&kept), value(&text));
}

/// With the list of a cluster, escaped slashes, and the signer of an external identity provider in `id`.
#[test]
fn a_file_of_the_c_programs_is_read_and_kept() {
    let papers = papers();
    let [key, cert, ca] = [&papers.key, &papers.cert, &papers.ca].map(|text| json!(pem(text)));
    let text = format!(
        r#"{{"ztAPI":"https:\/\/a.acme.test:1280\/edge\/client\/v1",
            "ztAPIs":["https:\/\/a.acme.test:1280","https:\/\/b.acme.test:1280"],
            "id":{{"cert":{cert},"key":{key},"ca":{ca},"oidc":{{"id":"x","enabled":true,"scopes":["openid"]}}}}}}"#
    );
    let (identity, kept) = rewritten(&text);
    assert!(identity.controllers().eq(["https://a.acme.test:1280", "https://b.acme.test:1280"]));
    assert!(kept.contains(r#""oidc": {"id":"x","enabled":true,"scopes":["openid"]}"#), "{kept}");
    assert_eq!(value(&kept), value(&text));
}

/// Addresses without scheme or path, PEM text without `pem:`, paths, and no CA.
#[test]
fn files_of_the_jvm_programs_and_of_older_ones_are_read() {
    let papers = papers();
    for (address, key, cert) in [
        ("https://ctrl.acme.test:1280", papers.key.clone(), papers.cert.clone()),
        ("ctrl.acme.test:1280", papers.key.replace('\n', "\r\n"), pem(&papers.cert.replace('\n', "\r\n"))),
        ("https://ctrl.acme.test:1280/", "file://key.pem".to_owned(), "./cert.pem".to_owned()),
        ("https://ctrl.acme.test:1280/edge/client/v1", "key.pem".to_owned(), "file:cert.pem".to_owned()),
    ] {
        let (identity, _) = rewritten(&json!({"ztAPI": address, "id": {"key": key, "cert": cert}}).to_string());
        assert!(identity.controllers().eq(["https://ctrl.acme.test:1280"]));
        assert!(identity.leaf() == usual().leaf() && identity.ca().is_none(), "{key}");
    }
}

#[test]
fn a_file_may_hold_nothing_but_addresses() {
    for text in [
        r#"{"ztAPI":"https://ctrl.acme.test:1280"}"#,
        r#"{"ztAPI":"https://ctrl.acme.test:1280","id":null}"#,
        r#"{"ztAPI":"https://ctrl.acme.test:1280","id":{}}"#,
        r#"{"ztAPI":"","ztAPIs":["https://ctrl.acme.test:1280"],"id":{"key":"","cert":null,"ca":""}}"#,
    ] {
        let (identity, kept) = rewritten(text);
        assert!(identity.leaf().is_none() && identity.ca().is_none());
        assert_eq!(value(&kept), value(text));
        Identity::from_json(identity.to_json().expose()).unwrap();
    }
}

#[test]
fn numbers_and_whatever_else_is_not_known_stay_as_they_were_written() {
    let unknown = [
        ("enableHa", "true"),
        ("big", "123456789012345678901234567890"),
        ("fine", "1.0000000000000000000000001"),
        ("power", "-1E+400"),
        ("zero", "-0"),
        ("nested", r#"{ "b" : [ 1.50 , null ], "a":{}}"#),
        ("escapes", r#""\u00e9\/\ud83d\ude00""#),
    ];
    let members: String = unknown.iter().map(|(name, json)| format!("{name:?}:{json},")).collect();
    let id = format!(r#"{{{members}"key":"key.pem","cert":"cert.pem","ca":"ca.pem"}}"#);
    let (_, kept) = rewritten(&format!(r#"{{{members}"ztAPI":"https://ctrl.acme.test","id":{id}}}"#));
    for (name, json) in unknown {
        assert_eq!(kept.matches(&format!("{name:?}: {json}")).count(), 2, "{name} in {kept}");
    }
    assert!(kept.contains(r#""key": "key.pem""#), "references stay references: {kept}");
}

/// What all readers of a file demand: Go decodes `ztAPI` and the members of `id` into texts and `ztAPIs` into a list of
/// texts or null, and takes what is behind a `pem:` at the very start of a text for PEM; C and the JVM want the path
/// behind the address.
fn assert_readable_by_all(text: &str) {
    let file = value(text);
    let is_full = |url: &Value| url.as_str().is_some_and(|url| url.starts_with("https://") && url.ends_with("/v1"));
    assert!(is_full(&file["ztAPI"]), "{text}");
    let listed = file.get("ztAPIs").filter(|listed| !listed.is_null());
    assert!(listed.is_none_or(|listed| listed.as_array().unwrap().iter().all(is_full)), "{text}");
    for (name, block) in [("key", "PRIVATE KEY"), ("cert", "CERTIFICATE"), ("ca", "CERTIFICATE")] {
        let value = file["id"][name].as_str().expect("a text");
        assert!(value.starts_with("pem:-----BEGIN ") && value.trim_end().ends_with("-----"), "{value}");
        assert!(value.matches("pem:").count() == 1 && value.contains(block), "{value}");
    }
    assert!(file.get("renewal").is_none(), "nothing is left of what was on its way");
}

/// Whatever changes while a client lives, in whosever file.
#[test]
fn what_is_changed_here_is_what_all_of_them_read() {
    let papers = papers();
    let [key, cert, ca] = [&papers.key, &papers.cert, &papers.ca].map(|text| json!(pem(text)));
    let id = format!(r#"{{"key":{key},"cert":{cert},"ca":{ca}}}"#);
    let url = "https://a.test:1280/edge/client/v1";
    for text in [
        format!(r#"{{"ztAPI":"{url}","ztAPIs":null,"configTypes":null,"id":{id},"enableHa":false}}"#),
        format!(r#"{{"ztAPI":"{url}","ztAPIs":["{url}"],"id":{id}}}"#),
        format!(r#"{{"ztAPI":"{url}","id":{{"key":"file:key.pem","cert":"cert.pem","ca":"file://ca.pem"}}}}"#),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for (name, pem) in [("key.pem", &papers.key), ("cert.pem", &papers.cert), ("ca.pem", &papers.ca)] {
            fs::write(folder.path().join(name), pem).unwrap();
        }
        fs::write(folder.path().join("alice.json"), &text).unwrap();
        let identity = Identity::load(folder.path().join("alice.json")).unwrap();
        let own = identity.client_auth().unwrap();
        let pair = NewPair { key: own.key().clone(), chain: own.chain().to_vec() };
        let changed = identity.with_pair(&pair).unwrap().with_ca(identity.ca().unwrap()).unwrap();
        let changed = changed.with_controllers(&["a.test:1280", "https://[::1]:1280/edge/client/v1"]).unwrap();
        // A key that stays where it was is not copied into the file.
        let file = changed.inner.document.to_json();
        let stays = text.contains("file:key.pem");
        assert_eq!(file.expose().contains("file:key.pem"), stays);
        assert_readable_by_all(changed.to_json().expose());
        assert_eq!(value(file.expose()).get("enableHa"), value(&text).get("enableHa"));
        let both = changed.text_with(&pair).unwrap();
        assert!(
            Identity::from_json(both.expose()).unwrap().leaf() == identity.leaf(),
            "others skip what they do not know"
        );
    }
}

/// Go and C decode into typed members; the JVM takes `pem:` away wherever it stands and reads the rest as PEM.
#[test]
fn what_is_written_here_is_what_all_of_them_read() {
    let papers = papers();
    let key = PrivateKey::from_pem("k", &papers.key).unwrap();
    let ca = crate::trust::CaBundle::from_pem("ca", &papers.ca).unwrap();
    let urls = ["https://a:1280", "https://b:1280"].map(|url| crate::wire::ControllerUrl::parse(url).unwrap());
    for (count, expected) in [(1, &["ztAPI", "id"][..]), (2, &["ztAPI", "ztAPIs", "id"])] {
        let identity = assembled(&urls[..count], &key, &papers.cert, &ca).unwrap();
        let text = identity.to_json();
        assert_eq!(names(text.expose()), expected);
        let file = value(text.expose());
        assert_eq!(file["ztAPI"], "https://a:1280/edge/client/v1");
        assert_eq!(file["id"].as_object().unwrap().len(), 3);
        assert_readable_by_all(text.expose());
        let order = ["\"key\"", "\"cert\"", "\"ca\""].map(|name| text.expose().find(name).unwrap());
        assert!(order.is_sorted(), "{order:?}");
        for (name, block) in [("key", "PRIVATE KEY"), ("cert", "CERTIFICATE"), ("ca", "CERTIFICATE")] {
            let value = file["id"][name].as_str().expect("a text");
            let (begin, end) = (format!("pem:-----BEGIN {block}-----\n"), format!("-----END {block}-----\n"));
            assert!(value.starts_with(&begin) && value.ends_with(&end), "{value}");
            assert!(value.matches("pem:").count() == 1 && !value.contains('\r'), "{value}");
        }
    }
}
