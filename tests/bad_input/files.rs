//! Identity files that cannot be used: the file as such, its JSON, its addresses.

use std::fs;

use serde_json::{Value, json};
use ziti_edge_client::{Client, Identity, Proxy};

use crate::world::{Case, Place};

pub(crate) const CASES: &[&Case] = &[
    &Case {
        name: "no file",
        says: &["/folder/alice.json", "read", "No such file"],
        run: |place| place.attempt(|| Identity::load(place.path("alice.json"))),
    },
    &Case {
        name: "a folder",
        says: &["identity file /folder/alice.json", "is a folder"],
        run: |place| {
            fs::create_dir(place.path("alice.json")).unwrap();
            place.attempt(|| Identity::load(place.path("alice.json")))
        },
    },
    #[cfg(unix)]
    &Case {
        name: "a pipe that nobody writes to",
        says: &["identity file /folder/alice.json", "not a regular file"],
        run: |place| {
            use rustix::fs::{CWD, FileType, Mode, mknodat};
            mknodat(CWD, place.path("alice.json"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
            place.attempt(|| Identity::load(place.path("alice.json")))
        },
    },
    #[cfg(unix)]
    &Case {
        name: "links in a circle",
        says: &["/folder/alice.json", "symbolic links"],
        run: |place| {
            std::os::unix::fs::symlink("alice.json", place.path("other.json")).unwrap();
            std::os::unix::fs::symlink("other.json", place.path("alice.json")).unwrap();
            place.attempt(|| Identity::load(place.path("alice.json")))
        },
    },
    &Case {
        name: "100 MB of nothing",
        says: &["identity file /folder/alice.json", "has 104857600 bytes"],
        run: |place| {
            fs::File::create(place.path("alice.json")).unwrap().set_len(100 * 1024 * 1024).unwrap();
            place.attempt(|| Identity::load(place.path("alice.json")))
        },
    },
    &Case {
        name: "100 MB of text in memory",
        says: &["identity: ", "too many"],
        run: |place| {
            let text = " ".repeat(100 * 1024 * 1024);
            place.attempt(|| Identity::from_json(&text))
        },
    },
    &Case { name: "an empty file", says: &["alice.json", "is empty"], run: |place| place.load("\n") },
    &Case {
        name: "UTF-16",
        says: &["alice.json", "UTF-16", "UTF-8"],
        run: |place| {
            let text = format!("\u{feff}{}", place.good());
            place.load(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
        },
    },
    &Case {
        name: "a byte order mark",
        says: &["alice.json", "byte order mark"],
        run: |place| place.load(format!("\u{feff}{}", place.good())),
    },
    &Case { name: "no text", says: &["alice.json", "not UTF-8"], run: |place| place.load([b'{', 0xff, b'}']) },
    &Case {
        name: "JSON that was cut off",
        says: &["alice.json", "not valid JSON", "line 1"],
        run: |place| place.load(&place.good().to_string()[..100]),
    },
    &Case { name: "a list", says: &["alice.json", "not a JSON object"], run: |place| place.load("[]") },
    &Case {
        name: "brackets without end",
        says: &["alice.json", "column"],
        run: |place| place.load(format!("{{\"x\":{}", "[".repeat(200_000))),
    },
    &Case {
        name: "a member twice",
        says: &["alice.json", "\"ztAPI\" twice"],
        run: |place| place.load(r#"{"ztAPI":"https://a:1","ztAPI":"https://b:1","id":{}}"#),
    },
    &Case { name: "id a text", says: &["alice.json", "id is not"], run: |place| changed(place, "/id", json!("alice")) },
    &Case { name: "no ztAPI", says: &["alice.json", "ztAPI"], run: without_address },
    &Case {
        name: "ztAPI by http",
        says: &["alice.json", "ztAPI", "\"http://ctrl.test:1280\"", "only https"],
        run: |place| changed(place, "/ztAPI", json!("http://ctrl.test:1280")),
    },
    &Case {
        name: "ztAPI garbage",
        says: &["alice.json", "ztAPI", "not a name"],
        run: |place| changed(place, "/ztAPI", json!("https://a b c")),
    },
    &Case {
        name: "ztAPI of the control plane",
        says: &["alice.json", "ztAPI", "port is not a number"],
        run: |place| changed(place, "/ztAPI", json!("tls:ctrl.test:6262")),
    },
    &Case {
        name: "ztAPI without a host",
        says: &["alice.json", "ztAPI", "host is missing"],
        run: |place| changed(place, "/ztAPI", json!("https:///edge/client/v1")),
    },
    &Case {
        name: "ztAPI with an open bracket",
        says: &["alice.json", "ztAPI", "bracket"],
        run: |place| changed(place, "/ztAPI", json!("https://[::1:1280")),
    },
    &Case {
        name: "ztAPI a number",
        says: &["alice.json", "ztAPI is not a text"],
        run: |place| changed(place, "/ztAPI", json!(1280)),
    },
    &Case {
        name: "ztAPIs a text",
        says: &["alice.json", "ztAPIs is not a list"],
        run: |place| changed(place, "/ztAPIs", json!("https://ctrl.test:1280")),
    },
    &Case {
        name: "one of ztAPIs by http",
        says: &["alice.json", "ztAPIs", "\"ws://ctrl.test:1280\""],
        run: |place| changed(place, "/ztAPIs", json!(["https://ctrl.test:1280", "ws://ctrl.test:1280"])),
    },
    &Case {
        name: "nobody to vouch for the controller",
        says: &["id.ca", "trust_system_roots"],
        run: |place| {
            let mut file = place.good();
            file["id"].as_object_mut().unwrap().remove("ca");
            let identity = Identity::from_json(&file.to_string()).unwrap();
            place.attempt(|| Client::new(&identity))
        },
    },
    &Case {
        name: "nobody to log in as",
        says: &["identity has no certificate"],
        run: |place| {
            let mut file = place.good();
            file["id"].as_object_mut().unwrap().retain(|name, _| name == "ca");
            let client = Client::new(&Identity::from_json(&file.to_string()).unwrap()).unwrap();
            place.attempt(|| client.authenticate())
        },
    },
    &Case {
        name: "a proxy without a scheme",
        says: &["proxy address", "scheme is missing"],
        run: |place| place.attempt(|| Proxy::parse("proxy.test:3128")),
    },
    &Case {
        name: "a proxy without a port",
        says: &["proxy address", "port is missing"],
        run: |place| place.attempt(|| Proxy::parse("http://proxy.test")),
    },
    &Case {
        name: "a proxy of another kind",
        says: &["proxies of the kind socks4://", "http://", "socks5://"],
        run: |place| place.attempt(|| Proxy::parse("socks4://proxy.test:1080")),
    },
    &Case {
        name: "a service without an id",
        says: &["id \"\"", "not an id of /services"],
        run: |place| {
            let client = Client::new(&Identity::load(place.path("bob.json")).unwrap()).unwrap();
            place.attempt(|| client.services().get(""))
        },
    },
];

fn changed(place: &Place<'_>, pointer: &str, value: Value) -> String {
    place.load_changed(|file| *file.pointer_mut(pointer).unwrap() = value)
}

fn without_address(place: &Place<'_>) -> String {
    place.load_changed(|file| file.as_object_mut().unwrap().retain(|name, _| !name.starts_with("zt")))
}
