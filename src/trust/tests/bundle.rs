use super::*;
use crate::error::{EnrollmentProblem, Error};
use crate::trust::CaBundle;
use base64::engine::general_purpose::STANDARD;
use der::{Encode, Header, Tag, TagNumber};

/// A certs-only PKCS#7 of the given elements, in that order.
fn pkcs7(elements: &[Vec<u8>]) -> Vec<u8> {
    let tagged = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    let version = wrap(Tag::Integer, &[1]);
    let data = wrap(Tag::Sequence, &wrap(Tag::ObjectIdentifier, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]));
    let signed = [version, wrap(Tag::Set, &[]), data, wrap(tagged, &elements.concat()), wrap(Tag::Set, &[])].concat();
    let kind = wrap(Tag::ObjectIdentifier, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2]);
    wrap(Tag::Sequence, &[kind, wrap(tagged, &wrap(Tag::Sequence, &signed))].concat())
}

fn wrap(tag: Tag, content: &[u8]) -> Vec<u8> {
    [Header::new(tag, content.len().try_into().unwrap()).to_der().unwrap(), content.to_vec()].concat()
}

fn refusal(body: &[u8]) -> String {
    let error = CaBundle::from_pkcs7(body).unwrap_err();
    assert!(matches!(error, Error::Enrollment { problem: EnrollmentProblem::CaBundle, .. }), "{error:?}");
    error.to_string()
}

#[test]
fn nothing_at_all_is_told_from_something_that_cannot_be_used() {
    let none = |body: &[u8]| CaBundle::from_pkcs7_if_any(body).unwrap().is_none();
    assert!(none(b"") && none(b" \r\n\t") && none(&pkcs7(&[])) && none(STANDARD.encode(pkcs7(&[])).as_bytes()));
    for body in [&b"junk !"[..], b"0", b"MAA=", &pkcs7(&[vec![0x30, 0x00]]), &pkcs7(&[vec![0x30, 0x82, 0x7f, 0xff, 1]])]
    {
        assert!(CaBundle::from_pkcs7_if_any(body).is_err(), "{body:?}");
    }
    assert!(CaBundle::from_pkcs7_if_any(&pkcs7(&[Pki::new().root.der().to_vec()])).unwrap().is_some());
}

#[test]
fn decodes_what_real_controllers_answered() {
    for (version, certificates) in [("1.3", 2), ("1.6", 2), ("2.0", 2)] {
        let answers = recorded(version, "controller");
        let bodies = answers.iter().filter(|(operation, status, _)| operation == "listWellKnownCas" && *status == 200);
        let bodies: Vec<_> = bodies.collect();
        assert!(bodies.len() >= 3, "{version}: {}", bodies.len());
        for (_, _, body) in bodies {
            let bundle = CaBundle::from_pkcs7(body.as_bytes()).unwrap();
            assert_eq!(bundle.certificates().len(), certificates, "{version}");
            assert_eq!(bundle.problems(), [""; 0]);
        }
    }
}

#[test]
fn every_wrapping_of_the_same_set_gives_the_same_bundle() {
    let pki = Pki::new();
    let der = pkcs7(&[pki.root.der().to_vec(), pki.intermediate.der().to_vec()]);
    let base64 = STANDARD.encode(&der);
    let wrapped = base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>();
    let armored = |label: &str| pem::encode(&pem::Pem::new(label, der.clone()));
    for body in [
        der.clone(),
        base64.clone().into_bytes(),
        base64.trim_end_matches('=').as_bytes().to_vec(),
        wrapped.join("\n").into_bytes(),
        format!(" {}\r\n\r\n", wrapped.join("\r\n\t")).into_bytes(),
        armored("PKCS7").into_bytes(),
        armored("CMS").into_bytes(),
    ] {
        assert_eq!(CaBundle::from_pkcs7(&body).unwrap().to_pem(), pki.pem().replace("\r\n", "\n"));
    }
}

#[test]
fn one_bad_certificate_does_not_lose_the_others() {
    let pki = Pki::new();
    let (root, intermediate) = (pki.root.der().to_vec(), pki.intermediate.der().to_vec());
    let other_choice = wrap(Tag::ContextSpecific { constructed: true, number: TagNumber(1) }, &[5, 0]);
    let elements = [root.clone(), wrap(Tag::Sequence, b"junk"), root, other_choice, intermediate];
    let bundle = CaBundle::from_pkcs7(&pkcs7(&elements)).unwrap();
    assert_eq!(bundle.certificates().len(), 2);
    let problems = bundle.problems();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("certificate 2 is not a valid X.509"), "{problems:?}");
    assert!(problems[1].starts_with("certificate 4 is not an X.509 certificate but another kind"), "{problems:?}");
}

#[test]
fn what_precedes_a_broken_length_is_kept() {
    let pki = Pki::new();
    let bundle = CaBundle::from_pkcs7(&pkcs7(&[pki.root.der().to_vec(), vec![0x30, 0x82, 0x7f, 0xff, 1]])).unwrap();
    assert_eq!((bundle.certificates().len(), bundle.problems().len()), (1, 1));
}

#[test]
fn five_hundred_certificates_are_all_taken() {
    let elements: Vec<Vec<u8>> = (0..500)
        .map(|_| CertifiedIssuer::self_signed(ca_params("ca"), KeyPair::generate().unwrap()).unwrap().der().to_vec())
        .collect();
    assert_eq!(CaBundle::from_pkcs7(&pkcs7(&elements)).unwrap().certificates().len(), 500);
}

#[test]
fn each_unusable_answer_has_its_own_message() {
    let cut = pkcs7(&[Pki::new().root.der().to_vec()]);
    let mut not_signed_data = pkcs7(&[]);
    let oid_end = not_signed_data.windows(2).position(|pair| pair == [7, 2]).unwrap() + 1;
    not_signed_data[oid_end] = 1;
    for (body, expected) in [
        (Vec::new(), "empty"),
        (b"<html>no</html>".to_vec(), "not base64"),
        (vec![0xff, 0xfe, 0, 1], "neither text nor DER"),
        (b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n".to_vec(), "no PKCS7 block"),
        (b"-----BEGIN PKCS7-----\n!!\n-----END PKCS7-----\n".to_vec(), "not valid PEM"),
        (STANDARD.encode(b"hello").into_bytes(), "not a PKCS#7 of certificates"),
        (cut[..cut.len() - 9].to_vec(), "not a PKCS#7 of certificates"),
        (not_signed_data, "not a PKCS#7 of certificates"),
        (pkcs7(&[]), "no certificate in it"),
        (pkcs7(&[wrap(Tag::Sequence, b"junk")]), "no usable certificate in it: certificate 1 is not a valid X.509"),
        (vec![b' '; 8 * 1024 * 1024 + 1], "more than CA certificates can have"),
    ] {
        let message = refusal(&body);
        assert!(message.contains(expected), "expected {expected:?}, got {message:?}");
    }
}

#[test]
fn no_cut_of_a_real_answer_panics() {
    let answers = recorded("2.0", "controller");
    let (_, _, body) = answers.iter().find(|(name, status, _)| name == "listWellKnownCas" && *status == 200).unwrap();
    let der = STANDARD.decode(body.replace('\n', "")).unwrap();
    for end in (0..der.len()).step_by(7) {
        let _ = CaBundle::from_pkcs7(&der[..end]);
        let mut flipped = der.clone();
        flipped[end] ^= 0x55;
        let _ = CaBundle::from_pkcs7(&flipped);
    }
}

#[test]
fn pem_bundles_name_what_they_leave_out() {
    let pki = Pki::new();
    let broken = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    let bundle = CaBundle::from_pem("id.ca", &format!("text\n{broken}{}{}", pki.pem(), pki.root.pem())).unwrap();
    assert_eq!(bundle.certificates().len(), 2);
    assert_eq!(bundle.problems(), ["certificate 1 is not valid base64 between its PEM lines"]);
    let error = CaBundle::from_pem("id.ca", "nothing").unwrap_err().to_string();
    assert_eq!(error, "id.ca: no certificate in it");
}

#[test]
fn a_version_1_certificate_may_be_an_anchor() {
    assert_eq!(CaBundle::from_pem("id.ca", include_str!("version1.pem")).unwrap().certificates().len(), 1);
}

#[test]
fn a_set_of_countless_elements_is_refused() {
    let error = CaBundle::from_pkcs7(&pkcs7(&vec![vec![0x30, 0x00]; 10_001])).unwrap_err();
    assert!(error.to_string().contains("more than 10000 certificates"), "{error}");
}
