//! Every way to enroll.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use ziti_edge_client::{
    EnrollOptions, Enrollment, EnrollmentMethod, EnrollmentProblem, Error, Identity, KeyChoice, PrivateKey, Secret,
    Store,
};

use crate::network::{Network, unique};
use crate::stories::Story;

pub(crate) const ALL: &[(&str, Story)] = &[
    ("a_third_party_certificate_enrolls_by_a_one_time_token", a_third_party_certificate_enrolls_by_a_one_time_token),
    ("a_third_party_certificate_enrolls_by_itself", a_third_party_certificate_enrolls_by_itself),
    ("a_password_enrolls_under_the_name_of_its_token", a_password_enrolls_under_the_name_of_its_token),
    ("a_router_enrolls_with_two_keys", a_router_enrolls_with_two_keys),
    ("the_network_can_be_had_without_an_identity", the_network_can_be_had_without_an_identity),
    ("an_external_jwt_enrolls_to_a_certificate_or_to_tokens", an_external_jwt_enrolls_to_a_certificate_or_to_tokens),
];

fn problem_of(result: Result<Identity, Error>) -> EnrollmentProblem {
    match result {
        Err(Error::Enrollment { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

/// A certificate authority outside of the network, which knows it and has it verified.
struct Partner {
    id: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Partner {
    fn new(network: &Network) -> Self {
        let name = unique("ca");
        let (key, mut params) = (KeyPair::generate().unwrap(), CertificateParams::default());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, &name);
        let pem = params.self_signed(&key).unwrap().pem();
        let ca = json!({
            "name": name, "certPem": pem, "isAutoCaEnrollmentEnabled": true, "isOttCaEnrollmentEnabled": true,
            "isAuthEnabled": true, "identityRoles": [], "identityNameFormat": "[requestedName]",
        });
        let id = network.admin.create("cas", &ca);
        let partner = Self { id, issuer: Issuer::new(params, key) };
        let known = network.admin.find(&format!("cas/{}", partner.id)).expect("it was made just now");
        let (proof, _) = partner.issue(known["verificationToken"].as_str().expect("it is not verified yet"));
        network.admin.send(&format!("cas/{}/verify", partner.id), "text/plain", &proof);
        partner
    }

    /// A client certificate with this common name, and its key.
    fn issue(&self, common_name: &str) -> (String, String) {
        let (key, mut params) = (KeyPair::generate().unwrap(), CertificateParams::default());
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// What enrolls a certificate of it.
    fn options(&self, network: &Network, common_name: &str) -> EnrollOptions {
        let (certificate, key) = self.issue(common_name);
        let key = PrivateKey::parse(key.as_bytes()).unwrap();
        network.enroll_options().certificate(certificate).key(KeyChoice::Existing(key))
    }
}

fn a_third_party_certificate_enrolls_by_a_one_time_token(network: &Network) {
    let (partner, other) = (Partner::new(network), Partner::new(network));
    let invitation = network.invite_by("ottca", &json!(partner.id));
    let token = Enrollment::parse(&invitation.jwt).unwrap();
    assert_eq!(token.method(), EnrollmentMethod::OttCa);

    let refused = token.enroll(&other.options(network, "device"));
    assert_eq!(problem_of(refused), EnrollmentProblem::CertificateRefused);

    let options = partner.options(network, "device");
    let file = invitation.file("identity.json");
    let identity = token.enroll(&options.clone().store(Store::file(&file))).unwrap();
    assert_eq!(invitation.files(), ["identity.json"]);
    for identity in [identity, Identity::load(file).unwrap()] {
        let login = network.client(&identity).authenticate().unwrap();
        assert_eq!(login.session().identity_id.as_deref(), Some(invitation.id.as_str()));
    }

    assert_eq!(problem_of(token.enroll(&options)), EnrollmentProblem::TokenNotKnown);
    let second = Enrollment::parse(&network.invite_by("ottca", &json!(partner.id)).jwt).unwrap();
    assert_eq!(problem_of(second.enroll(&options)), EnrollmentProblem::CertificateInUse);
}

fn a_third_party_certificate_enrolls_by_itself(network: &Network) {
    let partner = Partner::new(network);
    let token = Enrollment::parse(&network.admin.text(&format!("cas/{}/jwt", partner.id))).unwrap();
    assert_eq!(token.method(), EnrollmentMethod::Ca);
    let (name, options) = (unique("device"), partner.options(network, "device"));

    let identity = token.enroll(&options.clone().name(&name)).unwrap();

    let login = network.client(&identity).authenticate().unwrap();
    assert_eq!(login.session().identity_name.as_deref(), Some(name.as_str()));
    assert_eq!(problem_of(token.enroll(&options)), EnrollmentProblem::CertificateInUse);
    let stranger = Partner { id: String::new(), issuer: foreign_issuer() };
    assert_eq!(problem_of(token.enroll(&stranger.options(network, "x"))), EnrollmentProblem::CertificateRefused);
}

fn foreign_issuer() -> Issuer<'static, KeyPair> {
    let (key, mut params) = (KeyPair::generate().unwrap(), CertificateParams::default());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Issuer::new(params, key)
}

fn a_password_enrolls_under_the_name_of_its_token(network: &Network) {
    let username = unique("user");
    // Controllers of 1.3 take any.
    let short = Enrollment::parse(&network.invite_by("updb", &json!(unique("user"))).jwt).unwrap();
    let short = short.enroll(&network.enroll_options().username(&username).password(Secret::new("qZ7")));
    assert!(short.is_ok() || problem_of(short) == EnrollmentProblem::PasswordRefused);

    let invitation = network.invite_by("updb", &json!(username));
    let token = Enrollment::parse(&invitation.jwt).unwrap();
    let options = network.enroll_options().username(&username).password(Secret::new("open sesame 1"));
    let file = invitation.file("identity.json");
    let identity = token.enroll(&options.clone().store(Store::file(&file))).unwrap();

    assert_eq!(identity.username(), Some(username.as_str()));
    assert!(Identity::load(file).unwrap().describe().certificate.is_none());
    assert_eq!(problem_of(token.enroll(&options)), EnrollmentProblem::TokenNotKnown);
}

fn a_router_enrolls_with_two_keys(network: &Network) {
    let id = network.admin.create("edge-routers", &json!({ "name": unique("router"), "isTunnelerEnabled": false }));
    let router = network.admin.find(&format!("edge-routers/{id}")).expect("it was made just now");
    let jwt = router["enrollmentJwt"].as_str().expect("a new router has a token");
    let token = Enrollment::parse(jwt).unwrap();
    assert_eq!((token.method(), token.subject()), (EnrollmentMethod::ErOtt, id.as_str()));

    let identity = token.enroll(&network.enroll_options()).unwrap();

    assert_eq!(identity.describe().name.as_deref(), Some(id.as_str()));
    assert!(identity.server_certificate().unwrap().is_some());
    assert_eq!(problem_of(token.enroll(&network.enroll_options())), EnrollmentProblem::TokenNotKnown);
}

fn the_network_can_be_had_without_an_identity(network: &Network) {
    let member = network.enroll();
    let file: Value = serde_json::from_str(member.identity.to_json().expose()).unwrap();
    let ca = file["id"]["ca"].as_str().unwrap().trim_start_matches("pem:").to_owned();
    let url = member.identity.controllers().next().unwrap();

    let by_address = Enrollment::from_url(url).unwrap().enroll(&network.enroll_options().ca(ca)).unwrap();
    let tokens = network.client(&member.identity).network_jwts().list().unwrap();
    let token = Enrollment::parse(&tokens[0].token).unwrap();
    assert_eq!(token.method(), EnrollmentMethod::Network);
    let by_token = token.enroll(&network.enroll_options()).unwrap();

    for identity in [by_address, by_token] {
        assert!(identity.describe().certificate.is_none());
        network.client(&identity).controller().version().unwrap();
    }
}

fn an_external_jwt_enrolls_to_a_certificate_or_to_tokens(network: &Network) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap().pem();
    let (issuer, kid) = (unique("issuer"), unique("kid"));
    let signer = json!({
        "name": unique("signer"), "enabled": true, "certPem": certificate, "kid": kid, "issuer": issuer,
        "audience": "zec-test", "claimsProperty": "sub", "useExternalId": true, "enrollToCertEnabled": true,
        "enrollToTokenEnabled": true,
    });
    network.admin.create("external-jwt-signers", &signer);
    let member = network.enroll();
    let tokens = network.client(&member.identity).network_jwts().list().unwrap();
    let door = Enrollment::parse(&tokens[0].token).unwrap().by(EnrollmentMethod::Token).unwrap();
    let jwt = |subject: &str| Secret::new(signed(&key, &kid, &issuer, subject));
    let (carol, dave) = (unique("subject"), unique("subject"));
    let options = |subject: &str| network.enroll_options().external_jwt(jwt(subject));

    match door.enroll(&options(&carol)) {
        Err(Error::Unsupported(why)) => return assert!(why.contains("since 2.0"), "{why}"),
        enrolled => drop(network.client(&enrolled.unwrap()).authenticate().unwrap()),
    }
    assert_eq!(problem_of(door.enroll(&options(&carol))), EnrollmentProblem::AlreadyEnrolled);
    let identity = door.enroll(&options(&dave).without_certificate()).unwrap();
    assert!(identity.describe().certificate.is_none());
    let stranger = Secret::new(signed(&KeyPair::generate().unwrap(), &kid, &issuer, "x"));
    let refused = door.enroll(&network.enroll_options().external_jwt(stranger));
    assert_eq!(problem_of(refused), EnrollmentProblem::ExternalJwtRefused);
}

/// An external JWT as identity providers make them, good for a few minutes.
fn signed(key: &KeyPair, kid: &str, issuer: &str, subject: &str) -> String {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let times = (now.as_secs() - 10, (now + Duration::from_secs(300)).as_secs());
    let claims = json!({ "iss": issuer, "aud": "zec-test", "sub": subject, "iat": times.0, "exp": times.1 });
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(json!({ "alg": "ES256", "typ": "JWT", "kid": kid })), part(claims));
    let signature = rcgen::SigningKey::sign(key, text.as_bytes()).unwrap();
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(in_halves(&signature)))
}

/// JWTs have the two numbers of an ECDSA signature side by side, of 32 bytes each, where DER has them one by one.
fn in_halves(der: &[u8]) -> Vec<u8> {
    let number = |at: usize| {
        let length = usize::from(der[at + 1]);
        let bytes = &der[at + 2..at + 2 + length];
        let digits = &bytes[length.saturating_sub(32)..];
        ([vec![0; 32 - digits.len()], digits.to_vec()].concat(), at + 2 + length)
    };
    let (first, next) = number(2);
    [first, number(next).0].concat()
}
