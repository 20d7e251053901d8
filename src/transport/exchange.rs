//! One request and its whole answer.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use ureq::http::header::{self, HeaderName, HeaderValue};
use ureq::http::{self, HeaderMap, Uri};
use ureq::{Agent, AsSendBody};

use super::black_out::black_out;
use super::call_state::{AttemptState, CallState};
use super::connect::into_ureq;
use super::pool::MAX_HEADERS;
use super::tcp::OUTPUT_BUFFER;
use super::{Attempt, Call, Connections, Failure};
use crate::error::{Error, Stage};
use crate::secret::Secret;
use crate::trust;
use crate::wire::{Head, Method, Request};

/// A connection may be closed by the controller while a request is on its way: what must not be sent twice uses only
/// one that was in use a moment ago.
const MAX_IDLE_IF_SENT_ONCE: Duration = Duration::from_secs(1);
/// What a controller says about the length of its answer is believed up to here.
const MAX_RESERVED: u64 = 1024 * 1024;
/// How much is read of an answer that is a refusal. What comes after cannot change what it means.
const MAX_REFUSAL: u64 = 1024 * 1024;
/// How much an answer's buffer is extended at a time.
const READ_SIZE: usize = 32 * 1024;

/// ureq writes a line of the head only if all of it fits into the output buffer, with the method or the name of the
/// header and what is around them.
const LONGEST_LINE: usize = OUTPUT_BUFFER - 64;

impl Connections {
    /// Sends `request` and reads the whole answer into `body`, whose old content is gone and whose capacity is kept.
    pub(crate) fn exchange(
        &self,
        call: &Call,
        attempt: &Attempt<'_>,
        request: &Request,
        body: &mut Vec<u8>,
    ) -> Result<Head, Failure> {
        let began = Instant::now();
        let state = call.state();
        state.check_not_inside().map_err(|error| Failure { error, sent: false })?;
        let _scope = state.make_current(attempt.controller.origin());
        let mut max_idle = (!request.idempotent).then_some(MAX_IDLE_IF_SENT_ONCE);
        let mut first_was_sent = None;
        state.traffic.add_request();
        loop {
            state.start_attempt(attempt.first_byte_by);
            let result = self.ask(state, attempt, request, max_idle, body);
            let AttemptState { sent, answered, fresh, .. } = state.attempt();
            let error = match result {
                Ok(head) => {
                    log::debug!("{} {request}: {} in {:?}", attempt.controller, head.status, began.elapsed());
                    return Ok(head);
                }
                Err(error) => error,
            };
            body.clear();
            log::debug!("{} {request}: {error}", attempt.controller);
            let was_stale = !fresh && !answered && matches!(state.stage(), Stage::Send | Stage::Wait);
            if was_stale && request.idempotent && first_was_sent.is_none() && state.left().is_ok() {
                first_was_sent = Some(sent);
                state.traffic.add_repeat();
                max_idle = Some(Duration::ZERO);
                continue;
            }
            return Err(Failure { error, sent: sent || first_was_sent == Some(true) });
        }
    }

    fn ask(
        &self,
        call: &CallState,
        attempt: &Attempt<'_>,
        request: &Request,
        max_idle: Option<Duration>,
        body: &mut Vec<u8>,
    ) -> Result<Head, Error> {
        call.enter(Stage::Resolve);
        call.left()?;
        let agent = self.pool.agent(std::process::id())?;
        let prepared = prepare(attempt, request, self.gzip && request.compress)?;
        let translate = |error| translate(error, call, attempt, request);
        let answer = send(&agent, prepared, request, max_idle).map_err(translate)?;
        call.enter(Stage::Body);
        let (parts, mut answer) = answer.into_parts();
        if let Some(encoding) = parts.headers.get(header::CONTENT_ENCODING).filter(|value| *value != "identity") {
            return Err(call.broken(format!("the answer is encoded as {encoding:?}, which was not asked for")));
        }
        let head = head(parts.status.as_u16(), &parts.headers);
        // Of a success one byte more than allowed is read, to tell that it is too much.
        let most = if head.is_success() { request.max_answer.saturating_add(1) } else { MAX_REFUSAL };
        let expected = answer.content_length().unwrap_or(0).min(MAX_RESERVED).min(most);
        body.reserve(usize::try_from(expected).unwrap_or(0).saturating_sub(body.len()));
        read_whole(answer.as_reader().take(most), call, body).map_err(translate)?;
        if head.is_success() && body.len() as u64 > request.max_answer {
            return Err(call.broken(format!("the answer is larger than {} bytes", request.max_answer)));
        }
        if !head.is_success() {
            let credentials = attempt.credentials.iter().map(|credential| &credential.value);
            let headers = request.headers.iter().map(|(_, value)| value);
            let secrets = credentials.chain(request.secret()).chain(headers).chain(&request.hidden);
            for secret in secrets.map(Secret::expose) {
                black_out(body, secret.strip_prefix("Bearer ").unwrap_or(secret));
            }
        }
        Ok(head)
    }
}

/// Everything but the body. The target may hold a secret, so it shows in no error.
fn prepare(attempt: &Attempt<'_>, request: &Request, gzip: bool) -> Result<http::Request<()>, Error> {
    let unusable = |what: &str| {
        let operation = request.operation();
        Error::InvalidArgument(format!("{operation}: the {what} holds characters that cannot be sent"))
    };
    let fits = |length: usize, what: &str| {
        if length <= LONGEST_LINE {
            return Ok(());
        }
        let operation = request.operation();
        let message =
            format!("{operation}: the {what} is too long: {length} bytes, at most {LONGEST_LINE} can be sent");
        Err(Error::InvalidArgument(message))
    };
    let plain = |value: &str, what: &str| {
        fits(value.len(), what)?;
        HeaderValue::from_str(value).map_err(|_| unusable(what))
    };
    let target = request.target(attempt.base_path);
    fits(target.expose().len(), "path with its query")?;
    let uri = Uri::try_from(format!("{}{}", attempt.controller.origin(), target.expose()))
        .map_err(|_| unusable("path or query"))?;
    let mut prepared = http::Request::new(());
    *prepared.method_mut() = method(request.method);
    *prepared.uri_mut() = uri;
    let headers = prepared.headers_mut();
    headers.insert(header::ACCEPT, plain(&request.accept, "media type")?);
    // Always said, because ureq would else offer whatever the program's other crates switched on in it.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(if gzip { "gzip" } else { "identity" }));
    if let Some(body) = &request.body {
        headers.insert(header::CONTENT_TYPE, plain(&body.media_type, "media type")?);
    }
    let mut secret = |name: &'static str, value: &Secret, what: &str| {
        fits(value.expose().len(), what)?;
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| unusable(what))?;
        value.set_sensitive(true);
        headers.append(HeaderName::from_static(name), value);
        Ok::<(), Error>(())
    };
    for credential in attempt.credentials {
        secret(credential.header, &credential.value, "login")?;
    }
    for (name, value) in &request.headers {
        secret(name, value, &format!("header {name}"))?;
    }
    Ok(prepared)
}

fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}

fn send(
    agent: &Agent,
    prepared: http::Request<()>,
    request: &Request,
    max_idle: Option<Duration>,
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    match (&request.body, request.method) {
        (Some(body), _) => run(agent, prepared.map(|()| body.bytes.as_slice()), max_idle),
        (None, Method::Get | Method::Delete) => run(agent, prepared, max_idle),
        // Says `Content-Length: 0`, which some servers insist on.
        (None, _) => run(agent, prepared.map(|()| &[][..]), max_idle),
    }
}

fn run(
    agent: &Agent,
    prepared: http::Request<impl AsSendBody>,
    max_idle: Option<Duration>,
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    match max_idle {
        None => agent.run(prepared),
        Some(age) => agent.run(agent.configure_request(prepared).max_idle_age(age).build()),
    }
}

/// Reads everything into `body`. What is in there from the last answer is overwritten, not cleared: of many pages in
/// one buffer only the first has to have its memory zeroed. Looks at the call on the way: a few bytes on the wire can
/// inflate to a great many here.
fn read_whole(mut from: impl Read, call: &CallState, body: &mut Vec<u8>) -> Result<(), ureq::Error> {
    let mut filled = 0;
    loop {
        call.left().map_err(into_ureq)?;
        if filled == body.len() {
            body.reserve(READ_SIZE);
            body.resize(filled + READ_SIZE, 0);
        }
        match from.read(&mut body[filled..])? {
            0 => break,
            amount => filled += amount,
        }
    }
    body.truncate(filled);
    Ok(())
}

fn head(status: u16, headers: &HeaderMap) -> Head {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let first = |name: &str| headers.get(name).map(text);
    Head {
        status,
        content_type: first("content-type"),
        date: first("date"),
        retry_after: first("retry-after"),
        location: first("location"),
        www_authenticate: headers.get_all(header::WWW_AUTHENTICATE).iter().map(text).collect(),
    }
}

/// What ureq met, in our words. Errors that could repeat the address of the request are not printed: it may hold a
/// secret.
fn translate(error: ureq::Error, call: &CallState, attempt: &Attempt<'_>, request: &Request) -> Error {
    let message = match error {
        ureq::Error::Other(inner) => match inner.downcast::<Error>() {
            Ok(ours) => return *ours,
            Err(other) => other.to_string(),
        },
        ureq::Error::Rustls(error) => {
            if let Some(ours) = trust::error_of_ours(&error) {
                return ours;
            }
            let message = trust::explain(&error, attempt.controller.host());
            if trust::is_not_ready(&error) {
                return call.broken(message);
            }
            return Error::Tls {
                controller: attempt.controller.origin().to_owned(),
                message: call.on_the_way(message),
            };
        }
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the answer ended too early".to_owned()
        }
        ureq::Error::Io(error) => format!("the connection broke: {error}"),
        ureq::Error::LargeResponseHeader(..) => {
            format!("the headers of the answer are larger than {MAX_HEADERS} bytes")
        }
        ureq::Error::Decompress(_, error) => format!("the compressed answer cannot be read: {error}"),
        ureq::Error::Protocol(error) => format!("the answer is not proper HTTP: {error}"),
        _ => format!("{} cannot be sent", request.operation()),
    };
    call.broken(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_what_never_has_to_be_waited_for_ends_with_the_call() {
        let call = Call::new(Duration::from_millis(20), &[]);
        call.state().enter(Stage::Body);
        let error = read_whole(io::repeat(b' '), call.state(), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("stage body"), "{error}");
    }
}
