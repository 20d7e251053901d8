//! HTTP/1.1 as far as a controller needs it: requests read with bounds, answers written.

use std::io::{self, Read, Write};

const HEAD_CAP: usize = 64 * 1024;
const BODY_CAP: usize = 64 << 20;

/// One request as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Still percent-encoded.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The decoded values of a query parameter, in order.
    pub(crate) fn parameters(&self, name: &str) -> Vec<String> {
        let pairs = pairs(self.query.as_deref().unwrap_or_default());
        pairs.filter(|(key, _)| key == name).map(|(_, value)| value).collect()
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters(name).into_iter().next()
    }

    /// The values of all its headers of this name, in order.
    pub(crate) fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    /// The media type of the body without its parameters.
    pub(crate) fn content_type(&self) -> Option<&str> {
        self.header("content-type").map(|value| value.split(';').next().unwrap_or(value).trim())
    }

    /// Whether one of `offered` is acceptable; without `Accept` everything is.
    pub(crate) fn accepts(&self, offered: &[&str]) -> bool {
        let Some(accept) = self.header("accept") else { return true };
        accept.split(',').map(|range| range.split(';').next().unwrap_or(range).trim()).any(|range| {
            range == "*/*"
                || offered.iter().any(|offer| {
                    offer.eq_ignore_ascii_case(range)
                        || range.strip_suffix("/*").is_some_and(|kind| offer.starts_with(&format!("{kind}/")))
                })
        })
    }

    pub(crate) fn accepts_gzip(&self) -> bool {
        self.header("accept-encoding")
            .is_some_and(|codings| codings.split(',').any(|coding| coding.trim().eq_ignore_ascii_case("gzip")))
    }

    /// Whether the connection is to end after the answer.
    pub(crate) fn wants_close(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// The decoded names and values of a query or a form.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(&value.replace('+', " ")))
    })
}

/// Percent-encoding of everything that means something in a query.
pub(crate) fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            b' ' => encoded.push('+'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}

/// Percent-decoding; what is not valid stays as it is.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                decoded.push(byte);
                at += 3;
            }
            _ => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Why there is no request.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The connection is over, or was silent for too long between requests.
    Over,
    /// Headers came, the body did not follow in time.
    BodyTimeout(Request),
    /// The body is larger than allowed.
    TooLarge(Request),
}

impl From<io::Error> for ReadError {
    fn from(_: io::Error) -> Self {
        Self::Over
    }
}

/// Reads requests from one connection, keeping what came early for the next.
#[derive(Default)]
pub(crate) struct Reader {
    buffer: Vec<u8>,
}

impl Reader {
    /// Waits for a request and reads its head; the body is still on the wire.
    pub(crate) fn head(&mut self, stream: &mut impl Read, first_byte: impl FnOnce()) -> Result<Request, ReadError> {
        if self.buffer.is_empty() {
            self.more(stream)?;
        }
        first_byte();
        let end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
            if self.buffer.len() > HEAD_CAP {
                return Err(ReadError::Over);
            }
            self.more(stream)?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        self.buffer.drain(..end + 4);
        parse_head(&head).ok_or(ReadError::Over)
    }

    /// Reads the body that `request` announces into it.
    pub(crate) fn body(
        &mut self,
        stream: &mut (impl Read + Write),
        mut request: Request,
        cap: Option<usize>,
    ) -> Result<Request, ReadError> {
        if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            stream.flush()?;
        }
        let cap = cap.unwrap_or(BODY_CAP);
        let chunked = request.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
        let length = request.header("content-length").and_then(|value| value.parse::<usize>().ok()).unwrap_or(0);
        if !chunked && length > cap {
            return Err(ReadError::TooLarge(request));
        }
        let body = if chunked { self.chunks(stream, cap) } else { self.take(stream, length).map(Some) };
        match body {
            Ok(Some(body)) => {
                request.body = body;
                Ok(request)
            }
            Ok(None) => Err(ReadError::TooLarge(request)),
            Err(error) if is_timeout(&error) => Err(ReadError::BodyTimeout(request)),
            Err(_) => Err(ReadError::Over),
        }
    }

    fn chunks(&mut self, stream: &mut impl Read, cap: usize) -> io::Result<Option<Vec<u8>>> {
        let mut body = Vec::new();
        loop {
            let line = self.line(stream)?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(digits, 16).map_err(io::Error::other)?;
            if size > cap.saturating_sub(body.len()) {
                return Ok(None);
            }
            if size == 0 {
                while !self.line(stream)?.is_empty() {}
                return Ok(Some(body));
            }
            body.extend(self.take(stream, size)?);
            self.line(stream)?;
        }
    }

    fn line(&mut self, stream: &mut impl Read) -> io::Result<String> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n") {
                let line = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
                self.buffer.drain(..end + 2);
                return Ok(line);
            }
            if self.buffer.len() > HEAD_CAP {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.more(stream)?;
        }
    }

    fn take(&mut self, stream: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.more(stream)?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    fn more(&mut self, stream: &mut impl Read) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        match stream.read(&mut bytes)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.buffer.extend(&bytes[..read]);
                Ok(())
            }
        }
    }
}

/// A socket's read timeout has two names.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn parse_head(head: &str) -> Option<Request> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Some(Request { method, path: path.to_owned(), query, headers, body: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &str) -> Request {
        let mut stream = io::Cursor::new(bytes.as_bytes().to_vec());
        let mut reader = Reader::default();
        let request = reader.head(&mut stream, || ()).unwrap();
        reader.body(&mut stream, request, None).unwrap()
    }

    #[test]
    fn reads_a_body_by_length_and_by_chunks() {
        let request = read("POST /a?b=c%20d&b=e HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
        assert_eq!(request.body, b"hello");
        assert_eq!(request.parameters("b"), ["c d", "e"]);
        let request = read("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
        assert_eq!(request.body, b"hello");
    }

    #[test]
    fn a_body_above_the_cap_is_refused_before_it_is_read() {
        let mut stream = io::Cursor::new(b"POST / HTTP/1.1\r\nContent-Length: 999\r\n\r\n".to_vec());
        let mut reader = Reader::default();
        let request = reader.head(&mut stream, || ()).unwrap();
        assert!(matches!(reader.body(&mut stream, request, Some(10)), Err(ReadError::TooLarge(_))));
    }

    #[test]
    fn accept_ranges_match_as_the_controller_matches_them() {
        let request = read("GET / HTTP/1.1\r\nAccept: text/html\r\n\r\n");
        assert!(!request.accepts(&["application/json"]));
        assert!(read("GET / HTTP/1.1\r\nAccept: application/*;q=1\r\n\r\n").accepts(&["application/json"]));
        assert!(read("GET / HTTP/1.1\r\n\r\n").accepts(&["application/json"]));
    }

    #[test]
    fn percent_signs_that_encode_nothing_stay() {
        assert_eq!(decode("a%2Fb%20c"), "a/b c");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz"), "%zz");
    }
}
