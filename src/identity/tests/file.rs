use super::*;
use crate::error::Error;
use crate::trust::CaBundle;
use crate::wire::ControllerUrl;
use std::fs;
use std::path::Path;

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> std::path::PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

fn controllers(identity: &Identity) -> Vec<&str> {
    identity.controllers().collect()
}

#[test]
fn reads_a_usual_file() {
    let folder = tempfile::tempdir().unwrap();
    let identity = Identity::load(write(folder.path(), "alice.json", usual_json())).unwrap();
    assert_eq!(controllers(&identity), ["https://ctrl.acme.test:1280"]);
    assert_eq!(identity.client_auth().unwrap().chain().len(), 2);
    assert_eq!(identity.leaf(), identity.client_auth().unwrap().chain().first());
    assert_eq!(identity.ca().unwrap().certificates().len(), 2);
    assert_eq!(identity.config_types(), [""; 0]);
}

#[test]
fn controllers_are_listed_once_with_the_preferred_one_first() {
    for (addresses, expected) in [
        (r#""ztAPI":"https://a:1/edge/client/v1","ztAPIs":null"#, vec!["https://a:1"]),
        (
            r#""ztAPI":"b:2","ztAPIs":["https://a:1","https://B:2/x","https://a:1/"]"#,
            vec!["https://b:2", "https://a:1"],
        ),
        (r#""ztAPIs":["https://a:1"]"#, vec!["https://a:1"]),
        (r#""ztAPI":"","ztAPIs":["https://a:1"]"#, vec!["https://a:1"]),
    ] {
        let identity = Identity::from_json(&format!(r#"{{{addresses},"id":{{}}}}"#)).unwrap();
        assert_eq!(controllers(&identity), expected);
    }
}

#[test]
fn an_identity_needs_no_certificate() {
    let ca = serde_json::json!(format!("pem:{}", papers().ca));
    let text = format!(r#"{{"ztAPI":"https://a:1","configTypes":["x.v1"],"id":{{"ca":{ca},"key":null,"cert":""}}}}"#);
    let identity = Identity::from_json(&text).unwrap();
    assert!(identity.client_auth().is_none() && identity.leaf().is_none() && identity.ca().is_some());
    assert_eq!(identity.config_types(), ["x.v1"]);
}

#[test]
fn every_form_of_key_and_certificates_gives_the_same_identity() {
    let (folder, papers) = (tempfile::tempdir().unwrap(), papers());
    write(folder.path(), "key.pem", &papers.key);
    write(folder.path(), "cert.pem", papers.cert.replace('\n', "\r\n"));
    let ca = write(folder.path(), "ca.pem", &papers.ca);
    let crlf = |text: &str| text.replace('\n', "\r\n");
    for json in [
        identity_json("file:key.pem", "file://cert.pem", &format!("file://{}", ca.display())),
        identity_json("key.pem", "./cert.pem", ca.to_str().unwrap()),
        identity_json(&papers.key, &papers.cert, &papers.ca),
        identity_json(&crlf(&papers.key), &format!("pem: {}", crlf(&papers.cert)), &format!("pem://{}", papers.ca)),
    ] {
        let identity = Identity::load(write(folder.path(), "alice.json", json)).unwrap();
        assert_eq!(identity.leaf(), usual().leaf());
        assert_eq!(identity.ca().unwrap().to_pem(), usual().ca().unwrap().to_pem());
        let inlined = Identity::from_json(identity.to_json().expose()).unwrap();
        assert_eq!(inlined.leaf(), usual().leaf());
    }
}

#[test]
fn an_expired_certificate_is_no_error_here() {
    let (pki, key) = (Pki::new(), new_key());
    let pair = KeyPair::from_pem(key.text().expose()).unwrap();
    let leaf = pki.leaf(&pair, LeafPlan { from_days: -30, until_days: -3, ..LeafPlan::default() });
    let json = identity_json(key.text().expose(), &certificates_to_pem(&[leaf]), &pki.pem());
    assert!(Identity::from_json(&json).unwrap().leaf().is_some());
}

#[test]
fn each_bad_text_has_its_own_message() {
    let papers = papers();
    let (key, cert, ca) = (papers.key.as_str(), papers.cert.as_str(), papers.ca.as_str());
    let other_key = new_key();
    let with_address = |address: &str| format!(r#"{{"ztAPI":{address},"id":{{}}}}"#);
    for (json, expected) in [
        ("{".to_owned(), "is not valid JSON (line 1, column 1)"),
        ("[]".to_owned(), "is not a JSON object"),
        ("\"secret\"".to_owned(), "is not a JSON object"),
        ("{} {}".to_owned(), "is not valid JSON"),
        (
            format!(r#"{{"ztAPI":"https://a","id":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000)),
            "id is not a JSON",
        ),
        (r#"{"ztAPI":"https://a","ztAPI":"https://b","id":{}}"#.to_owned(), r#"has the member "ztAPI" twice"#),
        (r#"{"ztAPI":"https://a","id":{"key":"a","key":"b"}}"#.to_owned(), r#"id has the member "key" twice"#),
        (r#"{"ztAPI":"https://a","id":"secret"}"#.to_owned(), "id is not a JSON object"),
        (r#"{"id":{}}"#.to_owned(), "ztAPI is missing"),
        (with_address("17"), "ztAPI is not a text"),
        (with_address("\"http://a:1\""), "only https is"),
        (with_address("\"https://\""), "the host is missing"),
        (r#"{"ztAPIs":"https://a","id":{}}"#.to_owned(), "ztAPIs is not a list of texts"),
        (r#"{"ztAPIs":["https://a",null],"id":{}}"#.to_owned(), "ztAPIs is not a list of texts"),
        (r#"{"ztAPI":"https://a","configTypes":7,"id":{}}"#.to_owned(), "configTypes is not a list of texts"),
        (r#"{"ztAPI":"https://a","id":{"key":7}}"#.to_owned(), "id.key is not a text"),
        (identity_json(key, "", ca), "but no certificate (id.cert)"),
        (identity_json("", cert, ca), "but no private key (id.key)"),
        (identity_json("keychain:alice", cert, ca), "id.key: keychain:alice is not in a file"),
        (identity_json("pem:abc", cert, ca), "id.key: there is no PEM text after pem:"),
        (identity_json(cert, cert, ca), "id.key: no private key"),
        (identity_json(key, key, ca), "id.cert: no certificate"),
        (identity_json(key, cert, key), "id.ca: no certificate in it"),
        (identity_json(other_key.text().expose(), cert, ca), "id.key: the private key does not belong to"),
        (identity_json("no/such/file.pem", cert, ca), "no/such/file.pem: read: No such file"),
        (" ".repeat(8 * 1024 * 1024 + 1), "bytes are too many, at most 8388608 are read"),
        (
            format!(
                r#"{{"ztAPIs":[{}],"id":{{}}}}"#,
                (0..101).map(|n| format!("\"https://a:{}\"", n + 1)).collect::<Vec<_>>().join(",")
            ),
            "ztAPIs: more than 100 controllers",
        ),
    ] {
        let error = Identity::from_json(&json).unwrap_err();
        assert!(error.to_string().contains(expected), "expected {expected:?}, got {error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}

#[test]
fn each_bad_file_has_its_own_message() {
    let folder = tempfile::tempdir().unwrap();
    let utf16: Vec<u8> = usual_json().encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (content, expected) in [
        (Vec::new(), "is empty"),
        (b" \r\n".to_vec(), "is empty"),
        ([&[0xff, 0xfe], utf16.as_slice()].concat(), "is UTF-16 text"),
        ([b"\xef\xbb\xbf", usual_json().as_bytes()].concat(), "begins with a byte order mark"),
        (b"{\"ztAPI\": \"\xff\"}".to_vec(), "is not UTF-8 text"),
        (vec![b' '; 8 * 1024 * 1024 + 1], "has 8388609 bytes, at most 8388608 are read"),
    ] {
        let path = write(folder.path(), "alice.json", &content);
        let error = Identity::load(&path).unwrap_err();
        assert!(matches!(error, Error::Identity(_)), "{error:?}");
        assert!(error.to_string().contains(&format!("alice.json: {expected}")), "{error}");
        assert!(fs::read(&path).unwrap() == content, "the file was changed");
    }
    let huge = fs::File::create(folder.path().join("huge.json")).unwrap();
    huge.set_len(100 * 1024 * 1024).unwrap();
    let message = Identity::load(folder.path().join("huge.json")).unwrap_err().to_string();
    assert!(message.contains("has 104857600 bytes"), "{message}");
    let message = Identity::load(folder.path()).unwrap_err().to_string();
    assert!(message.contains("is a folder, not a file"), "{message}");
    let error = Identity::load(folder.path().join("none.json")).unwrap_err();
    assert!(matches!(error, Error::Storage { .. }), "{error:?}");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo.json");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let around = folder.path().join("loop.json");
    std::os::unix::fs::symlink(&around, &around).unwrap();
    for (path, expected) in [
        (fifo.as_path(), "is not a regular file"),
        (Path::new("/dev/zero"), "is not a regular file"),
        (around.as_path(), "symbolic links"),
    ] {
        let message = Identity::load(path).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    let json = identity_json(fifo.to_str().unwrap(), &papers().cert, &papers().ca);
    let message = Identity::from_json(&json).unwrap_err().to_string();
    assert!(message.contains("id.key: file ") && message.contains("is not a regular file"), "{message}");
}

#[test]
fn puts_together_what_an_enrollment_brings() {
    let papers = papers();
    let urls = ["https://a:1", "https://b:2"].map(|url| ControllerUrl::parse(url).unwrap());
    let (key, ca) = (PrivateKey::from_pem("k", &papers.key).unwrap(), CaBundle::from_pem("ca", &papers.ca).unwrap());
    let identity = assembled(&urls, &key, &papers.cert, &ca).unwrap();
    let json: serde_json::Value = serde_json::from_str(identity.to_json().expose()).unwrap();
    assert_eq!(json["ztAPI"], "https://a:1/edge/client/v1");
    assert_eq!(json["ztAPIs"], serde_json::json!(["https://a:1/edge/client/v1", "https://b:2/edge/client/v1"]));
    assert_eq!(json["id"]["key"], format!("pem:{}", papers.key));
    assert_eq!(controllers(&identity), ["https://a:1", "https://b:2"]);
    assert_eq!(identity.controller_urls(), urls);

    let one = assembled(&urls[..1], &key, &papers.cert, &ca).unwrap();
    assert!(!one.to_json().expose().contains("ztAPIs"));
    let stranger = new_key();
    let message = assembled(&urls, &stranger, &papers.cert, &ca).unwrap_err().to_string();
    assert!(message.contains("does not belong to the certificate CN=leaf"), "{message}");
    assembled(&urls, &key, "nothing", &ca).unwrap_err();
    assembled(&[], &key, &papers.cert, &ca).unwrap_err();
}

#[test]
fn what_a_network_with_very_many_authorities_brings_can_be_read_again() {
    let papers = papers();
    let key = KeyPair::generate().unwrap();
    let padding = rcgen::CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![7; 3000]);
    let authority = |number: usize| {
        let mut parameters = rcgen::CertificateParams::default();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, format!("authority {number}"));
        parameters.custom_extensions.push(padding.clone());
        parameters.self_signed(&key).unwrap().pem()
    };
    let ca = CaBundle::from_pem("ca", &(0..500).map(authority).collect::<String>()).unwrap();
    let url = ControllerUrl::parse("https://a:1").unwrap();
    let own_key = PrivateKey::from_pem("k", &papers.key).unwrap();
    let identity = assembled(&[url], &own_key, &papers.cert, &ca).unwrap();
    let text = identity.to_json();
    assert!(text.expose().len() > 2 * 1024 * 1024);
    assert_eq!(Identity::from_json(text.expose()).unwrap().ca().unwrap().certificates().len(), 500);
}

#[test]
fn a_file_of_very_many_members_is_read_at_once() {
    let members: String = (0..300_000).map(|number| format!("\"member {number}\":1,")).collect();
    let start = std::time::Instant::now();
    Identity::from_json(&format!("{{{members}{}", &usual_json()[1..])).unwrap();
    assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn relative_paths_start_where_they_started_when_the_identity_was_read() {
    let identity = usual();
    assert_eq!(identity.inner.folder, std::env::current_dir().unwrap());
}

#[test]
fn debug_text_shows_the_subject_and_no_key() {
    let shown = format!("{:?}", usual());
    let expected = r#"Identity { controllers: [https://ctrl.acme.test:1280], certificate: Some("CN=leaf"), .. }"#;
    assert_eq!(shown, expected);
}
