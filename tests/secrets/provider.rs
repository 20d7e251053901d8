//! Logins at identity providers: what only the two sides may know, and what refusals repeat of it.

use std::time::Duration;

use serde_json::json;
use ziti_edge_client::{
    DeviceLogin, JwtSource, LoopbackListener, ProviderLogin, ProviderOptions, ProviderSettings, ProviderToken, Proxy,
};
use ziti_edge_testkit::{ProviderEndpoint, ProviderFault, ProviderPart, TestProvider};

use crate::canaries::Canaries;
use crate::witness::Witness;

const BACK: &str = "http://127.0.0.1:8765/auth/callback";
const TOKEN: ProviderEndpoint = ProviderEndpoint::Token;

pub(crate) fn run(witness: &mut Witness, canaries: &mut Canaries) {
    let provider = TestProvider::start().unwrap();
    let settings = ProviderSettings::new(provider.issuer(), provider.client_id());
    let options = ProviderOptions::new().ca(provider.ca_pem()).timeout(Duration::from_secs(5));
    let options = options.on_refresh_token(|_, _| Err("nowhere to keep it".to_owned()));
    canaries.plant("provider proxy password", "canary-of-a-provider-proxy");
    let proxy = Proxy::parse("http://user:canary-of-a-provider-proxy@127.0.0.1:1").unwrap();
    witness.see("ProviderOptions", &options.clone().proxy(proxy));
    witness.see("ProviderSettings", &settings);

    let token = browser(&provider, &settings, &options, witness, canaries);
    tokens(&provider, &token, &settings, &options, witness, canaries);
    device(&provider, &settings, &options, witness, canaries);
}

/// The values of these parameters of an address, or of the last request.
fn plant(canaries: &mut Canaries, url: &str, names: &[&str]) {
    for name in names {
        let pairs = url.split(['?', '&']).filter_map(|pair| pair.split_once('='));
        for (_, value) in pairs.filter(|(known, _)| known == name) {
            canaries.plant(&format!("provider {name}"), value);
        }
    }
}

fn plant_sent(canaries: &mut Canaries, provider: &TestProvider, name: &str) {
    canaries.plant(&format!("provider {name}"), provider.seen().last().unwrap().parameter(name).unwrap());
}

fn browser(
    provider: &TestProvider,
    settings: &ProviderSettings,
    options: &ProviderOptions,
    witness: &mut Witness,
    canaries: &mut Canaries,
) -> ProviderToken {
    let login = ProviderLogin::begin(settings, BACK, options).unwrap();
    witness.see("ProviderLogin", &login);
    plant(canaries, login.login_url(), &["state", "nonce"]);
    let back = provider.browse(login.login_url()).unwrap();
    plant(canaries, &back, &["code"]);
    for wrong in [back.replace("8765", "8766"), back.replace("state=", "state=x"), back.replace("iss=", "iss=x")] {
        witness.fail("a wrong redirect", login.complete(&wrong));
    }
    let state = login.login_url().split(['?', '&']).find_map(|pair| pair.strip_prefix("state=")).unwrap();
    let refusal = json!({"error": "server_error", "error_description": format!("no state {state} here")});
    provider.change(ProviderPart::Redirect, refusal);
    witness.fail("a refusal that repeats", login.complete(&provider.browse(login.login_url()).unwrap()));
    provider.heal();
    for status in [200, 400, 401, 500] {
        provider.fault(TOKEN, ProviderFault::Repeat(status));
        witness.fail("an exchange that is repeated", login.complete(&back));
        plant_sent(canaries, provider, "code_verifier");
    }
    provider.heal();
    let token = login.complete(&back).unwrap();
    witness.fail("a code that is used up", login.complete(&back));

    let listener = LoopbackListener::bind(0).unwrap();
    witness.see("LoopbackListener", &listener);
    witness.fail("nobody comes back", listener.wait(&login, Duration::from_millis(50)));
    token
}

fn tokens(
    provider: &TestProvider,
    token: &ProviderToken,
    settings: &ProviderSettings,
    options: &ProviderOptions,
    witness: &mut Witness,
    canaries: &mut Canaries,
) {
    let kept = token.refresh_token().unwrap();
    canaries.plant("provider refresh token", kept.expose());
    for (name, jwt) in [("access", token.access_token().unwrap()), ("ID", token.id_token().unwrap())] {
        let (signed, signature) = jwt.expose().rsplit_once('.').unwrap();
        canaries.plant(&format!("claims of the {name} token"), &signed[signed.len() - 80..]);
        canaries.plant(&format!("signature of the {name} token"), signature);
    }
    witness.see("ProviderToken", token);
    witness.see("JwtSource", &JwtSource::provider(token));
    for status in [200, 400, 503] {
        provider.fault(TOKEN, ProviderFault::Repeat(status));
        witness.fail("a refresh that is repeated", token.refresh());
    }
    provider.heal();
    for spoiled in [json!({"access_token": [token.token().expose()]}), json!({"id_token": token.token().expose()})] {
        provider.change(ProviderPart::Tokens, spoiled);
        witness.fail("tokens that are none", token.refresh());
        provider.heal();
    }
    let again = || ProviderToken::from_refresh_token(settings, options, &kept);
    witness.fail("a refresh token that is used up", again());
    provider.fault(TOKEN, ProviderFault::LoseAnswer);
    witness.fail("an answer that is lost", again());
    provider.heal();
}

fn device(
    provider: &TestProvider,
    settings: &ProviderSettings,
    options: &ProviderOptions,
    witness: &mut Witness,
    canaries: &mut Canaries,
) {
    let login = DeviceLogin::begin(settings, options).unwrap();
    witness.see("DeviceLogin", &login);
    for status in [200, 400, 500] {
        provider.fault(TOKEN, ProviderFault::Repeat(status));
        witness.fail("a device code that is repeated", login.wait(Duration::from_millis(600)));
        plant_sent(canaries, provider, "device_code");
    }
    provider.heal();
    provider.enter_user_code(login.user_code(), false);
    witness.fail("a user who says no", login.wait(Duration::from_secs(5)));
}
