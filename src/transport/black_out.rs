//! Keeps secrets of a request out of what is told of its refusal.

/// Blackens each place of `body` where `secret` stands, as it is or in any way in which JSON can write it. A refusal
/// becomes part of errors and logs, and who refuses likes to repeat what was sent.
pub(super) fn black_out(body: &mut [u8], secret: &str) {
    if secret.is_empty() {
        return;
    }
    let mut at = 0;
    while at < body.len() {
        let rest = &body[at..];
        let Some(length) = written(rest, secret, in_json).or_else(|| written(rest, secret, plain)) else {
            at += 1;
            continue;
        };
        if !is_name_of_member(body, at, at + length) {
            body[at..at + length].fill(b'*');
        }
        at += length;
    }
}

/// The name of a member is no repetition: with the password `error` nothing of the refusal could be read any more.
fn is_name_of_member(body: &[u8], start: usize, end: usize) -> bool {
    body[..start].ends_with(b"\"") && body[end..].starts_with(b"\":")
}

/// Tells how many bytes at the start of a text stand for a character, if they do.
type Writing = fn(&[u8], char) -> Option<usize>;

/// How many bytes at the start of `text` stand for all of `secret`, if they do.
fn written(text: &[u8], secret: &str, writing: Writing) -> Option<usize> {
    secret.chars().try_fold(0, |length, c| writing(&text[length..], c).map(|more| length + more))
}

fn plain(text: &[u8], c: char) -> Option<usize> {
    text.starts_with(c.encode_utf8(&mut [0; 4]).as_bytes()).then(|| c.len_utf8())
}

fn in_json(text: &[u8], c: char) -> Option<usize> {
    let Some(escape) = text.strip_prefix(b"\\") else { return plain(text, c) };
    let meant = match escape.first()? {
        b'u' => return in_hexadecimal(text, c),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        other => char::from(*other),
    };
    (meant == c).then_some(2)
}

/// One `\uXXXX`, or two for a character beyond them.
fn in_hexadecimal(text: &[u8], c: char) -> Option<usize> {
    c.encode_utf16(&mut [0; 2]).iter().try_fold(0, |length, unit| {
        let digits = text[length..].strip_prefix(b"\\u")?.get(..4)?;
        let found = u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
        (found == *unit).then_some(length + 6)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blackened(body: &str, secret: &str) -> String {
        let mut body = body.as_bytes().to_vec();
        black_out(&mut body, secret);
        String::from_utf8(body).unwrap()
    }

    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let secret = "a\"/\\<é\u{1f511}\u{2028}\n\tz";
        for written in [
            secret,
            r#"a\"/\\<é🔑\u2028\n\tz"#,
            r#"a\"\/\\\u003cé🔑\u2028\u000a\u0009z"#,
            r#"\u0061\u0022\u002F\u005C\u003C\u00E9\uD83D\uDD11\u2028\u000A\u0009\u007a"#,
            r#"a\"\/\\\u003C\u00e9\ud83d\udd11\u2028\n\tz"#,
        ] {
            let text = format!(r#"{{"value":"{written}","again":"{written}"}}"#);
            let stars = "*".repeat(written.len());
            assert_eq!(blackened(&text, secret), format!(r#"{{"value":"{stars}","again":"{stars}"}}"#), "{written}");
        }
    }

    #[test]
    fn nothing_else_is_blackened() {
        for (body, secret) in [
            (r#"{"a":"\u0062\n\"#, "x"),
            ("canar", "canary"),
            (r"\u00", "a"),
            (r"\u006", "a"),
            (r"\ud83d", "\u{1f511}"),
            (r"\ud83d\u0041", "\u{1f511}"),
            ("anything", ""),
            ("", "secret"),
            (r#"{"error":{"code":1}}"#, "error"),
        ] {
            assert_eq!(blackened(body, secret), body, "{secret}");
        }
        assert_eq!(blackened("aaaaa", "aa"), "****a");
    }

    #[test]
    fn a_secret_is_blacked_out_but_for_names_of_members() {
        assert_eq!(blackened("no abc, abcabc, ab", "abc"), "no ***, ******, ab");
        assert_eq!(
            blackened(r#"{"error":{"message":"error: 'error'"}}"#, "error"),
            r#"{"error":{"message":"*****: '*****'"}}"#
        );
        assert_eq!(blackened(r#"{"code":"code","x":["code"]}"#, "code"), r#"{"code":"****","x":["****"]}"#);
        assert_eq!(
            (blackened("", "a"), blackened("abc", ""), blackened("a", "ab")),
            (String::new(), "abc".to_owned(), "a".to_owned())
        );
    }
}
