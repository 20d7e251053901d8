//! What one would write in an afternoon: stock ureq and serde, everything owned and typed, no deadline over the whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Agent;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use crate::Outcome;
use crate::identity;

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
    #[serde(default)]
    meta: Meta,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Meta {
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    total_count: usize,
}

#[derive(Deserialize)]
struct Login {
    token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "what a client of its own would keep for its caller")]
struct Service {
    id: String,
    name: String,
    created_at: String,
    updated_at: String,
    permissions: Vec<String>,
    role_attributes: Option<Vec<String>>,
    encryption_required: bool,
    terminator_strategy: String,
    max_idle_time_millis: i64,
    configs: Option<Vec<String>>,
    config: BTreeMap<String, Value>,
    tags: Option<BTreeMap<String, Value>>,
    posture_queries: Option<Vec<PostureQueries>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "what a client of its own would keep for its caller")]
struct PostureQueries {
    policy_id: String,
    policy_type: String,
    is_passing: bool,
    posture_queries: Vec<Value>,
}

pub(crate) fn list(path: &str) -> Outcome<String> {
    let pems = identity::read(path)?;
    let agent = agent(&pems)?;
    let base = format!("https://{}/edge/client/v1", pems.authority);
    let url = format!("{base}/authenticate?method=cert");
    let body = "{\"configTypes\":[\"all\"]}";
    let answer = agent.post(&url).header("Content-Type", "application/json").send(body)?;
    let login: Envelope<Login> = read(answer)?;
    let mut services: Vec<Service> = Vec::new();
    loop {
        let url = format!("{base}/services?limit=500&offset={}", services.len());
        let page: Envelope<Vec<Service>> = read(agent.get(&url).header("zt-session", &login.data.token).call()?)?;
        services.extend(page.data);
        if page.meta.pagination.is_none_or(|p| services.len() >= p.total_count) {
            break;
        }
    }
    let bytes: usize = services.iter().map(|service| service.id.len() + service.name.len()).sum();
    Ok(format!("{} services, {bytes} bytes of ids and names", services.len()))
}

fn read<T: DeserializeOwned>(mut answer: ureq::http::Response<ureq::Body>) -> Outcome<T> {
    let text = answer.body_mut().with_config().limit(64 * 1024 * 1024).read_to_string()?;
    Ok(serde_json::from_str(&text)?)
}

fn agent(pems: &identity::Pems) -> Outcome<Agent> {
    let der = |pem: &str| -> Outcome<Vec<CertificateDer<'static>>> {
        Ok(CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>()?)
    };
    let owned = |der: &CertificateDer<'static>| Certificate::from_der(der).to_owned();
    let (chain, roots) = (der(&pems.cert)?, der(&pems.ca)?);
    let key = PrivateKey::from_pem(pems.key.as_bytes())?;
    let chain: Vec<_> = chain.iter().map(owned).collect();
    let roots: Vec<_> = roots.iter().map(owned).collect();
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .client_cert(Some(ClientCert::new_with_certs(&chain, key)))
        .root_certs(RootCerts::new_with_certs(&roots))
        .build();
    Ok(Agent::config_builder().tls_config(tls).build().into())
}
