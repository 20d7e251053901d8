//! The program's command line.

use std::path::PathBuf;
use std::time::Duration;

use ziti_edge_testkit::{Fault, Operation, ServerKey, Version};

pub(crate) const HELP: &str = "\
A controller for tests. Its first line on stdout is `url https://…`; it runs until stdin closes or it is signalled.

usage: ziti-edge-testkit [OPTIONS]

  --version 1.3|1.6|2.0       behave like this controller (2.0)
  --services N                start with N services (0; with --recorded 500)
  --recorded PAGE_FILE        make the services out of a recorded page of `GET /services`
  --server-key p256|p384|rsa  the kind of the TLS key, which signs tokens too (p256)
  --port P                    listen on this port of 127.0.0.1 (a free one)
  --identity NAME --jwt FILE  make an identity and write its enrollment token; may be repeated
  --password NAME:PASSWORD    let an identity log in by this password, too; its user name is NAME
  --totp NAME                 let the logins of an identity want a one-time code, which the line `totp NAME` on stdin asks
                              for: the answer is the line `totp NAME CODE` on stdout
  --external-jwt NAME:FILE    let an identity log in by an external JWT, and write one that is good for an hour
  --session-timeout SECONDS   end sessions after this time (1800)
  --access-token-lifetime SECONDS
                              let access tokens of OpenID Connect expire after this time (1800)
  --close-after N             close each connection after N answers, without announcing it
  --fault OPERATION=FAULT     let this go wrong; may be repeated
  --help                      say this

operations: any version cacerts enroll authenticate session logout services service other, and every operation id of
  the API document that the controller has, such as updateService; also oidcDiscovery oidcKeys oidcAuthorize
  oidcLoginPage oidcLogin oidcAuthQueries oidcTotp oidcTotpEnroll oidcTotpEnrollVerify oidcTotpEnrollCancel
  oidcCallback oidcToken oidcIntrospect oidcUserinfo oidcRevoke oidcEndSession oidcLoggedOut
faults: refuse silent-after-accept stall-in-handshake drip-handshake stall-before-answer stall-in-headers
  stall-after-headers stall-in-body stall-reading drip drip-body reset reset-in-body close-before-answer truncate
  wrong-length oversized:BYTES gzip-bomb huge-headers bad-json empty-body html status:STATUS session-gone
  too-many-requests[:RETRY-AFTER] lost-answer no-such-path
";

/// An identity to make, and where its token goes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) jwt: PathBuf,
    pub(crate) password: Option<String>,
    pub(crate) totp: bool,
    pub(crate) external_jwt: Option<PathBuf>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) help: bool,
    pub(crate) version: Version,
    pub(crate) services: Option<usize>,
    pub(crate) recorded: Option<PathBuf>,
    pub(crate) server_key: ServerKey,
    pub(crate) port: u16,
    pub(crate) identities: Vec<Wanted>,
    pub(crate) session_timeout: Option<Duration>,
    pub(crate) access_token_lifetime: Option<Duration>,
    pub(crate) close_after: usize,
    pub(crate) faults: Vec<(Operation, Fault)>,
}

impl Arguments {
    /// Reads the arguments after the program's name; the error is one line for the user.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut arguments = arguments.into_iter();
        let mut parsed = Self::default();
        let (mut identity, mut logins) = (None, Vec::new());
        while let Some(option) = arguments.next() {
            if option == "--help" {
                return Ok(Self { help: true, ..parsed });
            }
            let known = [
                "--version",
                "--services",
                "--recorded",
                "--server-key",
                "--port",
                "--identity",
                "--jwt",
                "--password",
                "--totp",
                "--external-jwt",
                "--session-timeout",
                "--access-token-lifetime",
                "--close-after",
                "--fault",
            ];
            if !known.contains(&option.as_str()) {
                return Err(format!("{option}: no such option, see --help"));
            }
            let value = arguments.next().ok_or_else(|| format!("{option}: its value is missing"))?;
            match option.as_str() {
                "--identity" => {
                    if let Some(waiting) = identity.replace(value) {
                        return Err(format!("--identity {waiting}: its --jwt is missing"));
                    }
                }
                "--jwt" => {
                    let name = identity.take().ok_or_else(|| format!("--jwt {value}: its --identity is missing"))?;
                    parsed.identities.push(Wanted { name, jwt: value.into(), ..Wanted::default() });
                }
                "--password" | "--totp" | "--external-jwt" => logins.push((option, value)),
                _ => parsed.set(&option, value)?,
            }
        }
        match identity {
            Some(waiting) => Err(format!("--identity {waiting}: its --jwt is missing")),
            None => logins.iter().try_for_each(|(option, value)| parsed.log_in_by(option, value)).map(|()| parsed),
        }
    }

    /// Says how an identity logs in, which may come before or after it.
    fn log_in_by(&mut self, option: &str, value: &str) -> Result<(), String> {
        let (name, detail) = match option {
            "--totp" => (value, ""),
            // No password is told, not even one that is put wrongly.
            _ => value.split_once(':').ok_or_else(|| format!("{option}: not of the form that --help tells"))?,
        };
        let identity = self.identities.iter_mut().find(|identity| identity.name == name);
        let identity = identity.ok_or_else(|| format!("{option} {name}: there is no such --identity"))?;
        match option {
            "--password" => identity.password = Some(detail.to_owned()),
            "--totp" => identity.totp = true,
            _ => identity.external_jwt = Some(detail.into()),
        }
        Ok(())
    }

    fn set(&mut self, option: &str, value: String) -> Result<(), String> {
        let not_a_number = |_| format!("{option} {value}: not a number that fits");
        match option {
            "--version" => self.version = value.parse()?,
            "--services" => self.services = Some(value.parse().map_err(not_a_number)?),
            "--server-key" => self.server_key = server_key(&value)?,
            "--port" => self.port = value.parse().map_err(not_a_number)?,
            "--session-timeout" => {
                self.session_timeout = Some(Duration::from_secs(value.parse().map_err(not_a_number)?));
            }
            "--access-token-lifetime" => {
                self.access_token_lifetime = Some(Duration::from_secs(value.parse().map_err(not_a_number)?));
            }
            "--close-after" => self.close_after = value.parse().map_err(not_a_number)?,
            "--fault" => self.faults.push(fault(&value)?),
            _ => self.recorded = Some(value.into()),
        }
        Ok(())
    }
}

fn server_key(text: &str) -> Result<ServerKey, String> {
    match text {
        "p256" => Ok(ServerKey::P256),
        "p384" => Ok(ServerKey::P384),
        "rsa" => Ok(ServerKey::Rsa),
        _ => Err(format!("--server-key {text}: expected p256, p384 or rsa")),
    }
}

fn fault(text: &str) -> Result<(Operation, Fault), String> {
    let wrong = |what: &str| format!("--fault {text}: {what}, see --help");
    let (operation, fault) = text.split_once('=').ok_or_else(|| wrong("not of the form OPERATION=FAULT"))?;
    let operation = Operation::by_name(operation).ok_or_else(|| wrong("no such operation"))?;
    let (name, detail) = fault.split_once(':').map_or((fault, None), |(name, detail)| (name, Some(detail)));
    let fault = match (name, detail) {
        ("oversized", Some(bytes)) => Fault::Oversized { bytes: bytes.parse().map_err(|_| wrong("not a size"))? },
        ("status", Some(status)) => Fault::Status(status.parse().map_err(|_| wrong("not a status"))?),
        ("too-many-requests", after) => Fault::TooManyRequests { retry_after: after.map(str::to_owned) },
        (name, None) => plain_fault(name).ok_or_else(|| wrong("no such fault"))?,
        _ => return Err(wrong("no such fault")),
    };
    Ok((operation, fault))
}

fn plain_fault(name: &str) -> Option<Fault> {
    Some(match name {
        "refuse" => Fault::Refuse,
        "silent-after-accept" => Fault::SilentAfterAccept,
        "stall-in-handshake" => Fault::StallInHandshake,
        "drip-handshake" => Fault::DripHandshake,
        "stall-before-answer" => Fault::StallBeforeAnswer,
        "stall-in-headers" => Fault::StallInHeaders,
        "stall-after-headers" => Fault::StallAfterHeaders,
        "stall-in-body" => Fault::StallInBody,
        "stall-reading" => Fault::StallReading,
        "drip" => Fault::Drip,
        "drip-body" => Fault::DripBody,
        "reset" => Fault::Reset,
        "reset-in-body" => Fault::ResetInBody,
        "close-before-answer" => Fault::CloseBeforeAnswer,
        "truncate" => Fault::Truncate,
        "wrong-length" => Fault::WrongLength,
        "gzip-bomb" => Fault::GzipBomb,
        "huge-headers" => Fault::HugeHeaders,
        "bad-json" => Fault::BadJson,
        "empty-body" => Fault::EmptyBody,
        "html" => Fault::Html,
        "session-gone" => Fault::SessionGone,
        "lost-answer" => Fault::LostAnswer,
        "no-such-path" => Fault::NoSuchPath,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn reads_every_option() {
        let parsed = parse(
            "--version 1.6 --services 3 --port 4000 --identity alice --jwt a.jwt --identity bob --jwt b.jwt \
             --session-timeout 60 --access-token-lifetime 30 --fault services=status:503 --fault updateService=drip --recorded page.json",
        )
        .unwrap();
        assert_eq!(parsed.version, Version::V1_6);
        assert_eq!((parsed.services, parsed.port), (Some(3), 4000));
        assert_eq!(parsed.identities[1], Wanted { name: "bob".into(), jwt: "b.jwt".into(), ..Wanted::default() });
        assert_eq!(parsed.session_timeout, Some(Duration::from_secs(60)));
        assert_eq!(parsed.access_token_lifetime, Some(Duration::from_secs(30)));
        assert_eq!(
            parsed.faults,
            [(Operation::Services, Fault::Status(503)), (Operation::Named("updateService"), Fault::Drip)]
        );
        assert_eq!(parsed.recorded, Some("page.json".into()));
        let parsed =
            parse("--totp bob --identity bob --jwt b.jwt --password bob:a:b --external-jwt bob:c.jwt").unwrap();
        let (password, external_jwt) = (Some("a:b".into()), Some("c.jwt".into()));
        let bob = Wanted { name: "bob".into(), jwt: "b.jwt".into(), password, totp: true, external_jwt };
        assert_eq!(parsed.identities, [bob]);
    }

    #[test]
    fn every_fault_and_operation_of_the_help_is_known() {
        let faults = HELP.split_once("\nfaults: ").unwrap().1.split_whitespace();
        for name in faults {
            let name = name.replace("[:RETRY-AFTER]", ":5").replace("BYTES", "9").replace("STATUS", "500");
            assert!(fault(&format!("any={name}")).is_ok(), "{name}");
        }
        for (_, name) in Operation::NAMES {
            assert!(HELP.contains(name), "{name}");
        }
    }

    #[test]
    fn tells_what_is_wrong() {
        for (line, error) in [
            ("--nope", "--nope: no such option, see --help"),
            ("--port", "--port: its value is missing"),
            ("--port x", "--port x: not a number that fits"),
            ("--version 9", "version 9: not one of 1.3, 1.6, 2.0"),
            ("--identity alice", "--identity alice: its --jwt is missing"),
            ("--jwt a.jwt", "--jwt a.jwt: its --identity is missing"),
            ("--password alice:secret", "--password alice: there is no such --identity"),
            ("--totp alice", "--totp alice: there is no such --identity"),
            ("--password secret", "--password: not of the form that --help tells"),
            ("--external-jwt a.jwt", "--external-jwt: not of the form that --help tells"),
            ("--fault drip", "--fault drip: not of the form OPERATION=FAULT, see --help"),
            ("--fault any=nope", "--fault any=nope: no such fault, see --help"),
        ] {
            assert_eq!(parse(line).unwrap_err(), error);
        }
    }
}
