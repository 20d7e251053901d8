//! Identity files that are wrong in ways which tempt to quote from them.

use serde_json::{Value, json};
use ziti_edge_client::Identity;
use ziti_edge_testkit::TestController;

use crate::canaries::Canaries;
use crate::witness::Witness;

pub(crate) fn run(witness: &mut Witness, canaries: &mut Canaries) {
    let controller = TestController::builder().oidc(false).start().unwrap();
    let good: Value = serde_json::from_str(&controller.enrolled_identity_json("alice")).unwrap();
    let key = good["id"]["key"].as_str().unwrap().trim_start_matches("pem:").to_owned();
    canaries.plant_key("private key in a file", &key);
    let body: String = key.lines().filter(|line| !line.starts_with("-----")).collect();
    canaries.plant("pin of a key in hardware", "pin-canary-1234");

    let values: Vec<Value> = vec![
        json!(body),
        json!(format!("pem:{body}")),
        json!(body.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join("\n")),
        json!(key.replace("-----", "----")),
        json!(key.replace("-----BEGIN PRIVATE KEY-----\n", "")),
        json!(key.replace("BEGIN", "begin")),
        json!(key.replace('\n', " ")),
        json!(key.replace('M', "!")),
        json!(format!("file:{}", key.replace('\n', ""))),
        json!(format!("pem:{}", key.replace("PRIVATE KEY", "KEY"))),
        json!(format!("pem:{}{}", key, key)),
        json!([key]),
        json!({"pem": key}),
        json!("pkcs11:/lib/softhsm.so?pin=pin-canary-1234"),
        json!("pkcs11://slot?pin-value=pin-canary-1234"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alice.json");
    for (number, value) in values.into_iter().enumerate() {
        for member in ["key", "cert", "ca"] {
            let mut file = good.clone();
            file["id"][member] = value.clone();
            std::fs::write(&path, file.to_string()).unwrap();
            // Some of these are a file that can be read, if not an identity that can be used.
            if let Err(error) = Identity::load(&path) {
                witness.fail::<()>(&format!("{member} {number}"), Err(error));
            }
        }
    }
    let text = good.to_string();
    let at = text.find("PRIVATE KEY").unwrap();
    for broken in
        [&text[..at + 100], &text[at..], &text.replace(':', " "), &format!("{key}{text}"), &format!("\"{body}\"")]
    {
        std::fs::write(&path, broken).unwrap();
        witness.fail("a broken file", Identity::load(&path));
        witness.fail("a broken text", Identity::from_json(broken));
    }
    for (pointer, value) in
        [("/id", json!(key)), ("/ztAPI", json!([key])), ("/ztAPIs", json!(key)), ("/id/cert", json!(7))]
    {
        let mut file = good.clone();
        *file.pointer_mut(pointer).unwrap() = value;
        witness.fail("a key in the wrong place", Identity::from_json(&file.to_string()));
    }
}
