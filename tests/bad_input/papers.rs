//! Keys, certificates and CA bundles that cannot be used.

use std::fs;

use serde_json::json;
use ziti_edge_client::{Client, Identity};

use crate::world::{Case, Place, World};

const VERSION_1: &str = include_str!("../../src/trust/tests/version1.pem");
const ENCRYPTED_PKCS8: &str = include_str!("../../src/identity/tests/keys/encrypted-pkcs8.pem");
const NOT_A_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";

pub(crate) const CASES: &[&Case] = &[
    &Case {
        name: "a key without a certificate",
        says: &["alice.json", "(id.key)", "no certificate (id.cert)"],
        run: |place| place.load_changed(|file| drop(file["id"].as_object_mut().unwrap().remove("cert"))),
    },
    &Case {
        name: "a certificate without a key",
        says: &["alice.json", "(id.cert)", "no private key (id.key)"],
        run: |place| place.load_changed(|file| drop(file["id"].as_object_mut().unwrap().remove("key"))),
    },
    &Case {
        name: "the key of somebody else",
        says: &["alice.json: id.key", "does not belong"],
        run: |place| with(place, "key", text_of(&place.good(), "key")),
    },
    &Case {
        name: "a chain with its leaf at the end",
        says: &["alice.json: id.key", "certificate 2", "put it first"],
        run: |place| {
            place.load_changed(|file| {
                const END: &str = "-----END CERTIFICATE-----\n";
                let chain = text_of(file, "cert").replace("pem:", "");
                let (leaf, rest) = chain.split_at(chain.find(END).unwrap() + END.len());
                file["id"]["cert"] = json!(format!("pem:{rest}{leaf}"));
            })
        },
    },
    &Case {
        name: "a key under a password",
        says: &["alice.json: id.key", "is encrypted", "openssl"],
        run: |place| with(place, "key", format!("pem:{ENCRYPTED_PKCS8}")),
    },
    &Case {
        name: "a key of junk",
        says: &["alice.json: id.key", "base64"],
        run: |place| {
            let junk = "-----BEGIN PRIVATE KEY-----\n%%%%\n-----END PRIVATE KEY-----\n";
            with(place, "key", format!("pem:{junk}"))
        },
    },
    &Case {
        name: "a key that is no key",
        says: &["alice.json: id.key", "cannot be used", "RSA"],
        run: |place| {
            let none = "-----BEGIN PRIVATE KEY-----\nMAMCAQE=\n-----END PRIVATE KEY-----\n";
            with(place, "key", format!("pem:{none}"))
        },
    },
    &Case {
        name: "a key that was cut off",
        says: &["alice.json: id.key", "cut off"],
        run: |place| {
            let key = text_of(&place.good(), "key");
            with(place, "key", key[..80].to_owned())
        },
    },
    &Case {
        name: "two keys",
        says: &["alice.json: id.key", "more than one"],
        run: |place| {
            let key = text_of(&place.good(), "key");
            with(place, "key", format!("{key}{}", key.trim_start_matches("pem:")))
        },
    },
    &Case {
        name: "a certificate in the place of the key",
        says: &["alice.json: id.key", "no private key"],
        run: |place| {
            let cert = text_of(&place.good(), "cert");
            with(place, "key", cert)
        },
    },
    &Case {
        name: "nothing after pem:",
        says: &["alice.json: id.key", "after pem:"],
        run: |place| with(place, "key", "pem:nothing".into()),
    },
    &Case {
        name: "nothing after file:",
        says: &["alice.json: id.cert", "after file:"],
        run: |place| with(place, "cert", "file://".into()),
    },
    &Case {
        name: "a key in hardware",
        says: &["alice.json: id.key", "pkcs11:", "file:"],
        run: |place| with(place, "key", "pkcs11:/usr/lib/softhsm.so?id=1&pin=1234".into()),
    },
    &Case {
        name: "a key in a file that is not there",
        says: &["/folder/keys/alice.key", "No such file"],
        run: |place| with(place, "key", "file:keys/alice.key".into()),
    },
    &Case {
        name: "a key in a folder",
        says: &["alice.json: id.key", "file /folder/keys", "is a folder"],
        run: |place| {
            fs::create_dir(place.path("keys")).unwrap();
            with(place, "key", "keys".into())
        },
    },
    #[cfg(unix)]
    &Case {
        name: "a CA bundle behind links in a circle",
        says: &["/folder/ca.pem", "symbolic links"],
        run: |place| {
            std::os::unix::fs::symlink("ca.pem", place.path("ca.pem")).unwrap();
            with(place, "ca", "file://ca.pem".into())
        },
    },
    &Case {
        name: "a key that is a number",
        says: &["alice.json: id.key is not a text"],
        run: |place| place.load_changed(|file| file["id"]["key"] = json!(7)),
    },
    &Case {
        name: "a certificate of version 1",
        says: &["V1", "version 3"],
        run: |place| with(place, "cert", format!("pem:{VERSION_1}")),
    },
    &Case {
        name: "a certificate of other DER",
        says: &["alice.json: id.cert", "certificate 1"],
        run: |place| with(place, "cert", format!("pem:{NOT_A_CERTIFICATE}")),
    },
    &Case {
        name: "an intermediate of other DER",
        says: &["alice.json: id.cert", "certificate 3"],
        run: |place| {
            place.load_changed(|file| {
                file["id"]["cert"] = json!(format!("{}{NOT_A_CERTIFICATE}", text_of(file, "cert")));
            })
        },
    },
    &Case {
        name: "a certificate that was cut off",
        says: &["alice.json: id.cert", "certificate 1", "cut off"],
        run: |place| {
            let cert = text_of(&place.good(), "cert");
            with(place, "cert", cert[..200].to_owned())
        },
    },
    &Case {
        name: "a key in the place of the certificate",
        says: &["alice.json: id.cert", "no certificate"],
        run: |place| {
            let key = text_of(&place.good(), "key");
            with(place, "cert", key)
        },
    },
    &Case {
        name: "a chain without end",
        says: &["alice.json: id.cert", "more than 32"],
        run: |place| {
            let cert = text_of(&place.good(), "cert").replace("pem:", "");
            with(place, "cert", cert.repeat(20))
        },
    },
    &Case {
        name: "a CA bundle of junk only",
        says: &["alice.json: id.ca", "no usable certificate", "certificate 1"],
        run: |place| with(place, "ca", format!("pem:{NOT_A_CERTIFICATE}")),
    },
    &Case {
        name: "a CA bundle without a certificate",
        says: &["alice.json: id.ca", "no certificate in it"],
        run: |place| {
            let key = text_of(&place.good(), "key");
            with(place, "ca", key)
        },
    },
];

/// The text of a member of `id`.
fn text_of(file: &serde_json::Value, name: &str) -> String {
    file["id"][name].as_str().unwrap().to_owned()
}

/// An identity file that is as it should be but for one member of `id`.
fn with(place: &Place<'_>, name: &str, text: String) -> String {
    place.load_changed(|file| file["id"][name] = json!(text))
}

#[test]
fn good_ca_certificates_among_junk_are_used() {
    let world = World::new();
    let place = world.place();
    let mut file = place.good();
    let good = text_of(&file, "ca").replace("pem:", "");
    let cut = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    file["id"]["ca"] = json!(format!("pem:a note\n{NOT_A_CERTIFICATE}{VERSION_1}{cut}{good}{good}"));
    let identity = Identity::from_json(&file.to_string()).unwrap();
    Client::new(&identity).unwrap().authenticate().unwrap();
}

#[test]
fn pem_with_odd_white_space_is_read() {
    let world = World::new();
    let place = world.place();
    let mut file = place.good();
    for name in ["key", "cert", "ca"] {
        let text = text_of(&file, name).replace("pem:", "pem: \r\n").replace('\n', "\r\n");
        file["id"][name] = json!(format!("  {text}\r\n  "));
    }
    let identity = Identity::from_json(&file.to_string()).unwrap();
    Client::new(&identity).unwrap().authenticate().unwrap();
}
