use serde_json::Value;

use super::*;
use crate::api::recorded::successes;
use crate::wire::envelope;

#[test]
fn recorded_signers_are_read_as_they_are() {
    let (mut enroll_by_token, mut target_tokens) = (0, 0);
    for (name, body) in successes("listExternalJwtSigners") {
        let (signers, pagination) = envelope::rows::<ExternalJwtSigner>("GET /x", body.as_bytes()).unwrap();
        let sent: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(pagination.total_count, sent["meta"]["pagination"]["totalCount"].as_u64(), "{name}");
        for (signer, sent) in signers.iter().zip(sent["data"].as_array().unwrap()) {
            let texts = [
                ("id", Some(signer.id.as_str())),
                ("name", signer.name.as_deref()),
                ("externalAuthUrl", signer.external_auth_url.as_deref()),
                ("openIdConfigurationUrl", signer.open_id_configuration_url.as_deref()),
                ("clientId", signer.client_id.as_deref()),
                ("audience", signer.audience.as_deref()),
                ("targetToken", signer.target_token.as_deref()),
                ("createdAt", signer.created_at.as_ref().map(|at| at.as_str())),
                ("updatedAt", signer.updated_at.as_ref().map(|at| at.as_str())),
            ];
            for (key, text) in texts {
                assert_eq!(sent[key].as_str(), text, "{name} {key}");
            }
            let scopes: Vec<&str> = sent["scopes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert_eq!(signer.scopes, scopes, "{name}");
            let flag = |key: &str| sent[key].as_bool().unwrap_or(false);
            assert_eq!(signer.enroll_to_cert_enabled, flag("enrollToCertEnabled"), "{name}");
            assert_eq!(signer.enroll_to_token_enabled, flag("enrollToTokenEnabled"), "{name}");
            assert_eq!(Some(&signer.tags), sent["tags"].as_object(), "{name}");
            enroll_by_token += u32::from(signer.enroll_to_token_enabled);
            target_tokens += u32::from(signer.target_token.is_some());
        }
    }
    assert!(enroll_by_token > 0 && target_tokens > 0, "{enroll_by_token} {target_tokens}");
}
