//! Enrolls by whatever method a token says, or without a token at the address of a controller.
//!
//! ```console
//! $ cargo run --example enroll alice.jwt alice.json
//! $ cargo run --example enroll device.jwt device.json certificate=device.pem key=device.key
//! $ cargo run --example enroll bob.jwt bob.json username=bob password=bob.password
//! $ cargo run --example enroll https://ctrl.example.net:1280 carol.json method=token external_jwt=carol.jwt
//! ```
//!
//! `certificate`, `key`, `password`, `external_jwt` and `ca` name files. Where the answer to an earlier try was lost,
//! `resume=yes` asks again with the same key.

use std::env;
use std::error::Error;
use std::fs;
use std::process::ExitCode;

use ziti_edge_client::{
    EnrollOptions, Enrollment, EnrollmentInput, EnrollmentMethod, KeyChoice, PrivateKey, Secret, Store,
};

const USAGE: &str = "usage: enroll TOKEN.jwt|https://HOST:PORT IDENTITY.json [NAME=VALUE]...";

fn main() -> ExitCode {
    match enroll(&env::args().skip(1).collect::<Vec<_>>()) {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("enroll: {error}");
            ExitCode::FAILURE
        }
    }
}

fn enroll(arguments: &[String]) -> Result<String, Box<dyn Error>> {
    let [source, path, settings @ ..] = arguments else { return Err(USAGE.into()) };
    let mut enrollment = match source.starts_with("https://") {
        true => Enrollment::from_url(source)?,
        false => Enrollment::load(source)?,
    };
    let (mut options, mut resume) = (EnrollOptions::new().store(Store::file(path)), false);
    for setting in settings {
        let (name, value) = setting.split_once('=').ok_or(USAGE)?;
        match name {
            "method" => enrollment = enrollment.by(method(value)?)?,
            "resume" => resume = value == "yes",
            _ => options = with(options, name, value)?,
        }
    }
    let identity = if resume { enrollment.resume(&options) } else { enrollment.enroll(&options) };
    let identity = identity.map_err(|error| format!("{error}{}", hint(&enrollment)))?;
    let by = enrollment.method();
    Ok(match identity.username() {
        Some(username) => format!("{path}: enrolled by {by}; the user name is {username}"),
        None => format!("{path}: enrolled by {by}"),
    })
}

fn with(options: EnrollOptions, name: &str, value: &str) -> Result<EnrollOptions, Box<dyn Error>> {
    Ok(match name {
        "certificate" => options.certificate(read(value)?),
        "key" => options.key(KeyChoice::Existing(PrivateKey::parse(&bytes(value)?)?)),
        "ca" => options.ca(read(value)?),
        "name" => options.name(value),
        "username" => options.username(value),
        "password" => options.password(Secret::new(read(value)?.trim_end())),
        "external_jwt" => options.external_jwt(Secret::new(read(value)?.trim())),
        "without_certificate" if value == "yes" => options.without_certificate(),
        _ => return Err(format!("{name}: no such setting").into()),
    })
}

/// The methods that can be asked for: those that need no one-time token.
fn method(name: &str) -> Result<EnrollmentMethod, Box<dyn Error>> {
    let methods = [EnrollmentMethod::Network, EnrollmentMethod::Ca, EnrollmentMethod::Token];
    methods.into_iter().find(|method| method.as_str() == name).ok_or_else(|| format!("{name}: no such method").into())
}

fn hint(enrollment: &Enrollment) -> String {
    let needs: Vec<&str> = enrollment.needs().iter().copied().map(EnrollmentInput::as_str).collect();
    match needs.is_empty() {
        true => String::new(),
        false => format!("\n(an enrollment by {} needs {})", enrollment.method(), needs.join(" and ")),
    }
}

fn bytes(path: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    fs::read(path).map_err(|error| format!("{path}: {error}").into())
}

fn read(path: &str) -> Result<String, Box<dyn Error>> {
    String::from_utf8(bytes(path)?).map_err(|error| format!("{path}: {error}").into())
}
