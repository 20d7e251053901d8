//! What the examples that log in by a password or an external JWT do, word for word.
#![allow(dead_code, reason = "each test program uses its part")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use ziti_edge_testkit::{ExternalSigner, IdentityOptions, TestController, Version};

/// Where clients log in: with a session, as long as nobody says otherwise, or over OIDC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Legacy,
    Oidc,
}

impl Flow {
    pub(crate) const ALL: [Self; 2] = [Self::Legacy, Self::Oidc];
}

/// Runs a program: as it is, or by a tool.
pub(crate) type Run = fn(&Path) -> Command;

/// Alice's folder, with an identity file that has no certificate.
struct Scene {
    controller: TestController,
    folder: TempDir,
    id: String,
    run: Run,
}

/// How a program ended: exit code, standard output, standard error.
type Told = (Option<i32>, String, String);

impl Scene {
    fn new(flow: Flow, run: Run) -> Self {
        // With AES it would look to valgrind as if values were read that were never set.
        let builder = TestController::builder().version(Version::V2_0).services(1).only_chacha20(true);
        let controller = builder.oidc(flow == Flow::Oidc).start().unwrap();
        let alice = IdentityOptions {
            name: "alice".to_owned(),
            password: Some("right".to_owned()),
            external_id: Some("alice".to_owned()),
            ..IdentityOptions::default()
        };
        let id = controller.create_identity_with(alice).id;
        let folder = tempfile::tempdir().unwrap();
        let file = json!({"ztAPI": controller.api_url(), "id": {"ca": controller.ca_pem()}});
        fs::write(folder.path().join("identity.json"), file.to_string()).unwrap();
        Self { controller, folder, id, run }
    }

    /// Runs a program that reads `lines`. Its output with the ids of requests as `ID`.
    fn told(&self, program: &Path, arguments: &[&str], lines: &[&str]) -> Told {
        let mut command = (self.run)(program);
        command.args(arguments).current_dir(self.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
        // It may have ended without reading.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| without_ids(&String::from_utf8(bytes).unwrap());
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn has_no_login(&self) -> bool {
        self.controller.session_count() == 0
    }
}

fn without_ids(text: &str) -> String {
    const BEFORE: &str = "[request ";
    let mut parts = text.split(BEFORE);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |told, part| told + BEFORE + "ID" + part.find(']').map_or("", |end| &part[end..]))
}

fn ended(code: i32, out: &str, told: &str) -> Told {
    (Some(code), out.to_owned(), told.to_owned())
}

const SERVICES: &str = "svc-00001\n";

/// A program that asks for a password, and for codes until one is right.
pub(crate) fn password_and_code(program: &Path, flow: Flow, run: Run) {
    let scene = Scene::new(flow, run);
    let told = |lines: &[&str]| scene.told(program, &["identity.json", "alice"], lines);
    assert_eq!(told(&["right"]), ended(0, SERVICES, "password: "));
    assert!(scene.has_no_login(), "it logs out");
    let (login, id) = match flow {
        Flow::Legacy => ("POST /authenticate", " [request ID]"),
        Flow::Oidc => ("POST /oidc/login/password", ""),
    };
    let refused = format!(
        "password: password_totp: the controller refuses this identity: {login}: 401 INVALID_AUTH: The authentication \
         request failed{id}; the password is not sent again until the client is given credentials or told to \
         retry\n"
    );
    let (code, out, said) = told(&["wrong"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert_eq!(said, refused, "{flow:?}");

    scene.controller.enroll_mfa(&scene.id);
    let totp_code = scene.controller.totp_code(&scene.id).unwrap();
    let wrong = match flow {
        Flow::Legacy => "/authenticate/mfa: 400 MFA_INVALID_TOKEN: An invalid token/code was provided [request ID]",
        Flow::Oidc => "/oidc/login/totp: 400 INVALID TOTP CODE: an invalid TOTP code was supplied",
    };
    let wrong = format!("password: code: password_totp: POST {wrong}\ncode: ");
    assert_eq!(told(&["right", "000000x", &totp_code]), ended(0, SERVICES, &wrong), "{flow:?}");
    assert!(scene.has_no_login(), "it logs out");
    let no_code = ended(1, "", "password: code: \npassword_totp: no code\n");
    assert_eq!(told(&["right"]), no_code, "{flow:?}");
    let usage = ended(1, "", "usage: password_totp IDENTITY.json USERNAME\n");
    let (code, out, said) = scene.told(program, &[], &[]);
    assert_eq!((code, out, said.trim_start_matches("password_totp: ").to_owned()), usage);
}

/// A program that reads the token in a file whenever a login needs one.
pub(crate) fn external_jwt(program: &Path, flow: Flow, run: Run) {
    let scene = Scene::new(flow, run);
    let signer = scene.controller.add_external_signer(ExternalSigner::named("idp"));
    let arguments = ["identity.json", "token"];
    let with = |claims: Value| {
        let token = scene.controller.external_token(&signer, &claims).unwrap();
        fs::write(scene.folder.path().join("token"), format!("{token}\n")).unwrap();
        scene.told(program, &arguments, &[])
    };
    assert_eq!(with(json!({"sub": "alice"})), ended(0, SERVICES, ""), "{flow:?}");
    assert!(scene.has_no_login(), "it logs out");
    let failed = |why: &str| {
        let told = format!("external_jwt: no external JWT was supplied: {why} (the supply callback returned 1)\n");
        ended(1, "", &told)
    };
    for refused in [json!({"sub": "mallory"}), json!({"sub": "alice", "exp": 1})] {
        assert_eq!(with(refused), failed("token holds a token that is refused or has expired"), "{flow:?}");
    }
    fs::remove_file(scene.folder.path().join("token")).unwrap();
    assert_eq!(scene.told(program, &arguments, &[]), failed("token cannot be read, or is no token"), "{flow:?}");
    let usage = ended(1, "", "usage: external_jwt IDENTITY.json TOKEN_FILE\n");
    assert_eq!(scene.told(program, &[], &[]), usage);
}
