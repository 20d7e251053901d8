//! Enrolls and lists services with a key that never leaves a PKCS#11 token.
//!
//! With SoftHSM2, which keeps its tokens in files:
//!
//! ```console
//! $ softhsm2-util --init-token --free --label work --so-pin 0000 --pin 1234
//! $ pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label work --login --pin 1234 \
//!     --keypairgen --key-type EC:prime256v1 --label alice
//! $ export PKCS11_PIN=1234
//! $ cargo run --example pkcs11 -- /usr/lib/softhsm/libsofthsm2.so work alice alice.json alice.jwt
//! $ cargo run --example pkcs11 -- /usr/lib/softhsm/libsofthsm2.so work alice alice.json
//! ```

mod token;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use token::Token;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, EnrollOptions, Enrollment, Identity, KeyChoice, Signer, Store};

const USAGE: &str = "usage: pkcs11 MODULE TOKEN KEY IDENTITY.json [TOKEN.jwt], with the PIN in PKCS11_PIN";

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pkcs11: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [module, token, key, identity, jwt @ ..] = arguments else { return Err(USAGE.into()) };
    let pin = std::env::var("PKCS11_PIN").map_err(|_| USAGE)?;
    let module = token::module(module)?;
    let signer: Arc<dyn Signer> = Arc::new(Token::log_in(&module, token, key, pin)?);
    if let [jwt] = jwt {
        let options = EnrollOptions::new().store(Store::file(identity)).key(KeyChoice::Signer(Arc::clone(&signer)));
        Enrollment::load(jwt)?.enroll(&options)?;
    }
    let client = Client::new(&Identity::load_with_signer(identity, signer)?)?;
    for service in &client.services().list(&ServiceQuery::new())? {
        println!("{}\t{}", service.id(), service.name());
    }
    client.logout()?;
    Ok(())
}
