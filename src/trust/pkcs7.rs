//! Taking a certs-only PKCS#7 apart, as far as its set of certificates.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Encode, Reader, SliceReader, Tag, TagNumber};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// The first byte of DER; it is also the text "0".
const DER_SEQUENCE: u8 = 0x30;
/// More than any network's CA certificates need.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Tiny elements would take far more memory than the bytes that came.
const MAX_ELEMENTS: usize = 10_000;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// DER of a PKCS#7 that comes as base64 with any white space, as PEM, or as DER.
pub(super) fn unarmor(body: &[u8]) -> Result<Vec<u8>, String> {
    if body.len() > MAX_BYTES {
        return Err(format!("{} bytes are more than CA certificates can have", body.len()));
    }
    let is_text = body.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    if body.first() == Some(&DER_SEQUENCE) && !is_text {
        return Ok(body.to_vec());
    }
    let text = std::str::from_utf8(body).map_err(|_| "neither text nor DER".to_owned())?;
    if text.contains("-----BEGIN ") {
        return from_pem(text);
    }
    let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    match compact.as_slice() {
        [] => Err("empty".to_owned()),
        _ => BASE64.decode(&compact).map_err(|_| "not base64".to_owned()),
    }
}

fn from_pem(text: &str) -> Result<Vec<u8>, String> {
    let blocks = pem::parse_many(text).map_err(|_| "not valid PEM".to_owned())?;
    let block = blocks.into_iter().find(|block| matches!(block.tag(), "PKCS7" | "CMS"));
    block.map(pem::Pem::into_contents).ok_or_else(|| "no PKCS7 block in the PEM text".to_owned())
}

/// What is in a PKCS#7's set of certificates.
#[derive(Default)]
pub(super) struct CertificateSet {
    /// Tag and complete DER of each, in the order they come.
    pub(super) elements: Vec<(Tag, Vec<u8>)>,
    /// Why nothing can be told of what follows the elements, where that is so.
    pub(super) broken_end: Option<String>,
}

/// Reads the set element by element, because it is neither sorted nor free of duplicates.
pub(super) fn certificate_set(pkcs7: &[u8]) -> Result<CertificateSet, String> {
    let set = find_set(pkcs7).map_err(|error| format!("not a PKCS#7 of certificates ({error})"))?;
    let mut found = CertificateSet::default();
    let mut reader = SliceReader::new(set.unwrap_or_default()).map_err(|error| error.to_string())?;
    while !reader.is_finished() {
        if found.elements.len() == MAX_ELEMENTS {
            return Err(format!("more than {MAX_ELEMENTS} certificates"));
        }
        match AnyRef::decode(&mut reader).and_then(|element| Ok((element.header().tag(), element.to_der()?))) {
            Ok(element) => found.elements.push(element),
            Err(error) => {
                found.broken_end = Some(error.to_string());
                break;
            }
        }
    }
    Ok(found)
}

/// `ContentInfo { signedData, [0] SignedData { version, digests, content, [0] certificates OPTIONAL, … } }`.
fn find_set(pkcs7: &[u8]) -> Result<Option<&[u8]>, der::Error> {
    let mut info = fields(AnyRef::from_der(pkcs7)?)?;
    let kind = ObjectIdentifier::decode(&mut info)?;
    if kind != SIGNED_DATA {
        return Err(der::ErrorKind::OidUnknown { oid: kind }.into());
    }
    let content = AnyRef::decode(&mut info)?;
    content.header().tag().assert_eq(tagged_zero())?;
    let mut signed = fields(AnyRef::from_der(content.value())?)?;
    for _version_digests_content in 0..3 {
        AnyRef::decode(&mut signed)?;
    }
    let next = AnyRef::decode(&mut signed)?;
    Ok((next.header().tag() == tagged_zero()).then(|| next.value()))
}

fn fields(sequence: AnyRef<'_>) -> Result<SliceReader<'_>, der::Error> {
    sequence.header().tag().assert_eq(Tag::Sequence)?;
    SliceReader::new(sequence.value())
}

fn tagged_zero() -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(0) }
}
