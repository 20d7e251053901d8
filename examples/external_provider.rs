//! Logs in at the identity provider of a network, in a browser, and prints the services.
//!
//! ```console
//! $ cargo run --example external_provider IDENTITY.json
//! ```
//!
//! The provider has to know `http://127.0.0.1/auth/callback` as a redirect address, with any port. The identity needs
//! no certificate.

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{
    Client, Credentials, Error, Identity, JwtSource, LoopbackListener, ProviderLogin, ProviderOptions, ProviderSettings,
};

/// A person has to find a password.
const FIVE_MINUTES: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [identity] => run(identity),
        _ => Err(Error::InvalidArgument("usage: external_provider IDENTITY.json".to_owned())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("external_provider: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(path: &str) -> Result<(), Error> {
    let identity = Identity::load(path)?;
    // Who the providers are is told without a login.
    let client = Client::new(&identity)?;
    client.set_credentials(Credentials::external_jwt(log_in(&client)?))?;

    for service in &client.services().list(&ServiceQuery::new())? {
        println!("{}", service.name());
    }
    client.logout()
}

/// Has the user log in at the first provider of the network.
fn log_in(client: &Client) -> Result<JwtSource, Error> {
    let signers = client.external_jwt_signers().list(&ListQuery::new())?;
    let signer =
        signers.first().ok_or_else(|| Error::Unsupported("the network has no identity provider".to_owned()))?;

    let listener = LoopbackListener::bind(0)?;
    let settings = ProviderSettings::for_signer(signer)?;
    let login = ProviderLogin::begin(&settings, &listener.redirect_uri(), &ProviderOptions::new())?;
    println!("Open this in a browser, and log in:\n{}", login.login_url());
    let redirect_url = listener.wait(&login, FIVE_MINUTES)?;

    // The client renews the token by itself. Who wants to keep the login for the next start is given each refresh token by
    // ProviderOptions::on_refresh_token.
    let token = login.complete(redirect_url.expose())?;
    Ok(JwtSource::provider(&token))
}
