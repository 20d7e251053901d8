//! The second factor.

use ziti_edge_client::{Error, Login, Secret};

use super::{Call, Scene};

pub(super) const CALLS: &[Call] = &[
    Call::new("client authenticateMfa", |scene| {
        assert!(scene.controller.enroll_mfa(&id(scene)));
        let login = scene.client.authenticate_mfa(&code(scene))?;
        assert!(matches!(login, Login::Complete(_)), "{login:?}");
        assert_eq!(scene.client.services().list(&Default::default())?.len(), 3);
        Ok(())
    })
    .body(r#"{"code":"*"}"#),
    Call::new("client authenticateMfa", |scene| {
        assert!(scene.controller.enroll_mfa(&id(scene)));
        scene.client.authenticate_mfa(&Secret::new("wrong")).map(drop)
    })
    .case("a wrong code")
    .body(r#"{"code":"wrong"}"#)
    .refused(400, "MFA_INVALID_TOKEN"),
    Call::new("client detailMfa", |scene| {
        let enrolled = scene.client.mfa().enroll()?;
        let mfa = scene.client.mfa().get()?;
        assert!(mfa.id == enrolled && !mfa.is_verified && mfa.recovery_codes.len() == 20);
        Ok(())
    }),
    Call::new("client detailMfa", |scene| scene.client.mfa().get().map(drop))
        .case("none enrolled")
        .refused(404, "NOT_FOUND"),
    Call::new("client enrollMfa", |scene| scene.client.mfa().enroll().map(drop)),
    Call::new("client enrollMfa", |scene| {
        scene.client.mfa().enroll()?;
        scene.client.mfa().enroll().map(drop)
    })
    .case("twice")
    .refused(409, "MFA_EXISTS"),
    Call::new("client deleteMfa", |scene| {
        verified(scene)?;
        scene.client.mfa().delete(Some(&code(scene)))?;
        assert_eq!(scene.controller.totp_code(&id(scene)), None);
        Ok(())
    })
    .headers(&[("mfa-validation-code", "*")]),
    Call::new("client deleteMfa", |scene| {
        verified(scene)?;
        scene.client.mfa().delete(None)
    })
    .case("without a code")
    .refused(400, "MFA_INVALID_TOKEN"),
    Call::new("client verifyMfa", |scene| {
        verified(scene)?;
        assert!(scene.client.mfa().get()?.is_verified);
        Ok(())
    })
    .body(r#"{"code":"*"}"#),
    Call::new("client verifyMfa", |scene| {
        scene.client.mfa().enroll()?;
        scene.client.mfa().verify(&Secret::new("wrong"))
    })
    .case("a wrong code")
    .body(r#"{"code":"wrong"}"#)
    .refused(400, "MFA_INVALID_TOKEN"),
    Call::new("client detailMfaQrCode", |scene| {
        scene.client.mfa().enroll()?;
        assert!(scene.client.mfa().qr_code()?.png().starts_with(b"\x89PNG"));
        Ok(())
    })
    .headers(&[("accept", "image/png, application/json")]),
    Call::new("client detailMfaQrCode", |scene| {
        verified(scene)?;
        scene.client.mfa().qr_code().map(drop)
    })
    .case("after verification")
    .refused(404, "NOT_FOUND"),
    Call::new("client detailMfaRecoveryCodes", |scene| {
        verified(scene)?;
        let codes = scene.client.mfa().recovery_codes(&code(scene))?.recovery_codes;
        let codes: Vec<&str> = codes.iter().map(Secret::expose).collect();
        assert_eq!(codes, scene.controller.recovery_codes(&id(scene)));
        Ok(())
    })
    .headers(&[("mfa-validation-code", "*")]),
    Call::new("client detailMfaRecoveryCodes", |scene| {
        verified(scene)?;
        scene.client.mfa().recovery_codes(&Secret::new("wrong")).map(drop)
    })
    .case("a wrong code")
    .headers(&[("mfa-validation-code", "wrong")])
    .refused(400, "MFA_INVALID_TOKEN"),
    Call::new("client createMfaRecoveryCodes", |scene| {
        verified(scene)?;
        let before = scene.controller.recovery_codes(&id(scene));
        scene.client.mfa().create_recovery_codes(&code(scene))?;
        assert_ne!(scene.controller.recovery_codes(&id(scene)), before);
        Ok(())
    })
    .body(r#"{"code":"*"}"#),
    Call::new("client createMfaRecoveryCodes", |scene| {
        verified(scene)?;
        scene.client.mfa().create_recovery_codes(&Secret::new("wrong"))
    })
    .case("a wrong code")
    .body(r#"{"code":"wrong"}"#)
    .refused(400, "MFA_INVALID_TOKEN"),
];

fn id(scene: &Scene) -> String {
    scene.controller.identity_id("alice").expect("it is the identity of the client")
}

/// The code that is right now.
fn code(scene: &Scene) -> Secret {
    Secret::new(scene.controller.totp_code(&id(scene)).expect("it has a second factor"))
}

fn verified(scene: &Scene) -> Result<(), Error> {
    scene.client.mfa().enroll()?;
    scene.client.mfa().verify(&code(scene))
}
