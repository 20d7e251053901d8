//! The external JWT signers of a recorded network, and tokens of them in place of the recorded ones.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use ziti_edge_testkit::{ExternalSigner, TestController};

use super::exchange::Exchange;

/// Ids of signers by their names before the dash.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signers {
    ids: BTreeMap<String, String>,
}

impl Signers {
    /// Makes the signers that the recordings list.
    pub(crate) fn build(controller: &TestController, exchanges: &[Exchange]) -> Self {
        let lists = exchanges.iter().filter(|exchange| exchange.is("listExternalJwtSigners") && exchange.status == 200);
        let rows = lists.max_by_key(|exchange| exchange.answer.as_ref().map(Vec::len));
        let rows = rows.and_then(Exchange::json).map(|mut body| body["data"].take()).unwrap_or_default();
        let rows = rows.as_array().into_iter().flatten();
        // One of an earlier recording has the name of one of this.
        let of_this_run = |row: &&Value| run_of(row) == run_of(rows.clone().last().unwrap());
        let made = rows.clone().map(|row| (row, controller.add_external_signer(signer(row))));
        let made: Vec<(&Value, String)> = made.collect();
        let own = made.into_iter().filter(|(row, _)| of_this_run(row));
        Self { ids: own.map(|(row, id)| (kind_of(row).to_owned(), id)).collect() }
    }

    /// The id of a signer, empty if the recordings do not list it.
    pub(crate) fn id(&self, kind: &str) -> String {
        self.ids.get(kind).cloned().unwrap_or_default()
    }

    /// A header with a recorded token, with one that was signed just now in its place. It lasts as long, and tells the
    /// same; a signature that was wrong is wrong.
    pub(crate) fn header(&self, controller: &TestController, value: &str, exchange: &Exchange) -> String {
        let Some((scheme, token)) = value.split_once(' ') else { return value.to_owned() };
        let Some(mut claims) = claims(token) else { return value.to_owned() };
        let issuer = claims["iss"].as_str().unwrap_or_default();
        let kind = issuer.trim_start_matches("https://").split('.').next().unwrap_or_default();
        let kind = if exchange.purpose.contains("bad signature") { "idp2" } else { kind };
        let signer = self.ids.get(kind).or_else(|| self.ids.values().next());
        let Some(signer) = signer else { return value.to_owned() };
        let life = claims["exp"].as_i64().unwrap_or_default() - claims["iat"].as_i64().unwrap_or_default();
        let template = controller.external_token(signer, &json!({})).and_then(|token| self::claims(&token)).unwrap();
        let now = template["iat"].as_i64().unwrap();
        for (name, time) in [("iat", now), ("nbf", now), ("exp", now + life)] {
            claims[name] = time.into();
        }
        format!("{scheme} {}", controller.external_token(signer, &claims).unwrap())
    }
}

fn signer(row: &Value) -> ExternalSigner {
    let text = |name: &str| row[name].as_str().map(str::to_owned);
    let kind = kind_of(row);
    ExternalSigner {
        issuer: format!("https://{kind}.example.test/{}", run_of(row)),
        audience: text("audience").unwrap(),
        client_id: text("clientId"),
        auth_url: text("externalAuthUrl"),
        scopes: row["scopes"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap().to_owned()).collect(),
        claim: if kind == "idp" { "email" } else { "sub" }.to_owned(),
        enrolls_to_certificate: row["enrollToCertEnabled"] == true,
        enrolls_to_token: row["enrollToTokenEnabled"] == true,
        ..ExternalSigner::named(&text("name").unwrap())
    }
}

fn kind_of(row: &Value) -> &str {
    row["name"].as_str().unwrap().split('-').next().unwrap()
}

fn run_of(row: &Value) -> &str {
    row["name"].as_str().unwrap().split('-').nth(1).unwrap()
}

/// The claims of a token, if it is one.
fn claims(token: &str) -> Option<Value> {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok().filter(Value::is_object)
}
