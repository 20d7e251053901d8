//! Reads recorded answers as the operations here do.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;

use super::model::Created;
use super::{MfaEnrollment, QrCode, RecoveryCodes};
use crate::api::recorded::body;
use crate::error::Error;
use crate::wire::envelope;

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "detailMfa" => envelope::data::<MfaEnrollment>(operation, body).map(drop),
        "enrollMfa" => envelope::data::<Created>(operation, body).map(drop),
        "detailMfaQrCode" => QrCode::read(operation, body.to_vec()).map(drop),
        "detailMfaRecoveryCodes" => envelope::data::<RecoveryCodes>(operation, body).map(drop),
        _ => return None,
    })
}

/// The recorded answers with this number, of each controller.
fn bodies(number: u32) -> [String; 3] {
    ["1.3", "1.6", "2.0"].map(|version| body(&format!("{version} mfa {number}")))
}

/// The recorded pictures with this number. Their exchanges are not text.
fn pictures(number: u32) -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let picture = |version: &str| {
        let text = std::fs::read_to_string(folder.join(version).join("mfa.jsonl")).unwrap();
        let mut exchanges = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let exchange = exchanges.find(|exchange| exchange["n"] == number).unwrap();
        BASE64_STANDARD.decode(exchange["response"]["body_base64"].as_str().unwrap()).unwrap()
    };
    ["1.3", "1.6", "2.0"].map(picture).into()
}

#[test]
fn an_enrollment_holds_what_sets_up_a_device_until_it_is_verified() {
    for body in bodies(9) {
        let mfa: MfaEnrollment = envelope::data("GET /x", body.as_bytes()).unwrap();
        assert!(!mfa.is_verified && !mfa.id.is_empty() && mfa.created_at.is_some() && mfa.updated_at.is_some());
        assert!(mfa.provisioning_url.as_ref().unwrap().expose().starts_with("otpauth://totp/openziti.io:"));
        assert_eq!(mfa.recovery_codes.len(), 20);
        assert!(mfa.recovery_codes.iter().all(|code| code.expose().len() == 6));
        let shown = format!("{mfa:?}");
        assert!(!shown.contains("otpauth") && !shown.contains(mfa.recovery_codes[0].expose()), "{shown}");
    }
    for body in bodies(21) {
        let mfa: MfaEnrollment = envelope::data("GET /x", body.as_bytes()).unwrap();
        assert!(mfa.is_verified && mfa.provisioning_url.is_none() && mfa.recovery_codes.is_empty());
    }
}

#[test]
fn recovery_codes_are_those_of_the_enrollment() {
    for (before, after) in bodies(9).into_iter().zip(bodies(26)) {
        let mfa: MfaEnrollment = envelope::data("GET /x", before.as_bytes()).unwrap();
        let codes: RecoveryCodes = envelope::data("GET /x", after.as_bytes()).unwrap();
        assert_eq!(codes.id, mfa.id);
        let texts = |codes: &[crate::Secret]| codes.iter().map(|code| code.expose().to_owned()).collect::<Vec<_>>();
        assert_eq!(texts(&codes.recovery_codes), texts(&mfa.recovery_codes));
        assert!(!format!("{codes:?}").contains(codes.recovery_codes[0].expose()));
    }
}

#[test]
fn a_qr_code_is_the_picture_as_it_came() {
    for body in [pictures(10), pictures(11)].concat() {
        let code = QrCode::read("GET /x", body.clone()).unwrap();
        assert_eq!(code.png(), body);
        assert_eq!(format!("{code:?}"), format!("QrCode {{ png_len: {} }}", body.len()));
    }
}

#[test]
fn what_is_no_picture_is_no_qr_code() {
    for body in ["", "PNG", "<html>log in</html>", r#"{"data":{},"meta":{}}"#] {
        let error = QrCode::read("GET /x", body.into()).unwrap_err();
        assert!(matches!(&error, Error::Decode { message, .. } if message.contains("not a PNG")), "{error:?}");
    }
}
