//! The second factor.

use ziti_edge_client::{Error, Secret};

use super::Call;
use crate::second_factor::set_up;

pub(super) const CALLS: &[Call] = &[
    Call::new("client detailMfa", |network| {
        let client = network.new_client();
        let id = client.mfa().enroll()?;
        let mfa = client.mfa().get()?;
        assert!(mfa.id == id && !mfa.is_verified && mfa.recovery_codes.len() == 20 && mfa.provisioning_url.is_some());
        Ok(())
    }),
    Call::new("client detailMfa", |network| network.new_client().mfa().get().map(drop))
        .case("none enrolled")
        .refused(404, "NOT_FOUND"),
    Call::new("client enrollMfa", |network| network.new_client().mfa().enroll().map(drop)),
    Call::new("client enrollMfa", |network| {
        let client = network.new_client();
        client.mfa().enroll()?;
        client.mfa().enroll().map(drop)
    })
    .case("twice")
    .refused(409, "MFA_EXISTS"),
    Call::new("client deleteMfa", |network| {
        let client = network.new_client();
        let app = set_up(&client);
        client.mfa().delete(Some(&app.code()))?;
        assert!(matches!(client.mfa().get(), Err(Error::Api(answer)) if answer.status == 404));
        Ok(())
    }),
    Call::new("client deleteMfa", |network| {
        let client = network.new_client();
        set_up(&client);
        client.mfa().delete(None)
    })
    .case("without a code")
    .refused(400, "MFA_INVALID_TOKEN"),
    Call::new("client verifyMfa", |network| {
        let client = network.new_client();
        set_up(&client);
        assert!(client.mfa().get()?.is_verified);
        Ok(())
    }),
    Call::new("client verifyMfa", |network| {
        let client = network.new_client();
        client.mfa().enroll()?;
        client.mfa().verify(&Secret::new("000000x"))
    })
    .case("a wrong code")
    .refused(400, "MFA_INVALID_TOKEN"),
    Call::new("client detailMfaQrCode", |network| {
        let client = network.new_client();
        client.mfa().enroll()?;
        assert!(client.mfa().qr_code()?.png().starts_with(b"\x89PNG"));
        Ok(())
    }),
    Call::new("client detailMfaQrCode", |network| {
        let client = network.new_client();
        set_up(&client);
        client.mfa().qr_code().map(drop)
    })
    .case("after verification")
    .refused(404, "NOT_FOUND"),
    Call::new("client detailMfaRecoveryCodes", |network| {
        let client = network.new_client();
        let app = set_up(&client);
        assert_eq!(client.mfa().recovery_codes(&app.code())?.recovery_codes.len(), 20);
        Ok(())
    }),
    Call::new("client detailMfaRecoveryCodes", |network| {
        let client = network.new_client();
        set_up(&client);
        client.mfa().recovery_codes(&Secret::new("000000x")).map(drop)
    })
    .case("a wrong code")
    .refused(400, "MFA_INVALID_TOKEN"),
    Call::new("client createMfaRecoveryCodes", |network| {
        let client = network.new_client();
        let app = set_up(&client);
        let codes = || Ok::<_, Error>(client.mfa().recovery_codes(&app.code())?.recovery_codes);
        let before = codes()?;
        client.mfa().create_recovery_codes(&app.code())?;
        let texts = |codes: &[Secret]| codes.iter().map(|code| code.expose().to_owned()).collect::<Vec<_>>();
        assert_ne!(texts(&codes()?), texts(&before));
        Ok(())
    }),
    Call::new("client createMfaRecoveryCodes", |network| {
        let client = network.new_client();
        set_up(&client);
        client.mfa().create_recovery_codes(&Secret::new("000000x"))
    })
    .case("a wrong code")
    .refused(400, "MFA_INVALID_TOKEN"),
];
