//! A key in a PKCS#11 token, as the client wants a signer.

use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::RvError;
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use x509_cert::der::asn1::{BitString, OctetString, UintRef};
use x509_cert::der::{Any, Decode, Encode};
use x509_cert::spki::{AlgorithmIdentifier, ObjectIdentifier, SubjectPublicKeyInfoOwned};
use ziti_edge_client::{Signer, SigningScheme};

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// Loads a module. Once per process is enough.
pub(crate) fn module(path: &str) -> Result<Pkcs11, Box<dyn Error>> {
    let module = Pkcs11::new(path)?;
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
    Ok(module)
}

/// A private key in a token to which this process is logged in.
pub(crate) struct Token {
    reference: String,
    schemes: Vec<SigningScheme>,
    public_key: Vec<u8>,
    private_key: ObjectHandle,
    /// A session signs one thing at a time.
    session: Mutex<Session>,
}

impl Token {
    /// Finds the key pair with the label `key` in the token with the label `token`.
    pub(crate) fn log_in(module: &Pkcs11, token: &str, key: &str, pin: String) -> Result<Self, Box<dyn Error>> {
        let session = open(module, token, pin)?;
        let find = |class| -> Result<ObjectHandle, Box<dyn Error>> {
            let found = session.find_objects(&[Attribute::Class(class), Attribute::Label(key.into())])?;
            let missing = || format!("token {token}: there is no key pair with the label {key}");
            Ok(*found.first().ok_or_else(missing)?)
        };
        let private_key = find(ObjectClass::PRIVATE_KEY)?;
        let (public_key, schemes) = describe(&session, find(ObjectClass::PUBLIC_KEY)?)?;
        let reference = format!("pkcs11:token={token};object={key}");
        Ok(Self { reference, schemes, public_key, private_key, session: Mutex::new(session) })
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session of a user who is logged in.
pub(crate) fn open(module: &Pkcs11, token: &str, pin: String) -> Result<Session, Box<dyn Error>> {
    for slot in module.get_slots_with_token()? {
        if module.get_token_info(slot)?.label() == token {
            let session = module.open_rw_session(slot)?;
            return match session.login(UserType::User, Some(&AuthPin::from(pin))) {
                // By another session of this process.
                Ok(()) | Err(cryptoki::error::Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
                Err(error) => Err(format!("token {token}: {error}").into()),
            };
        }
    }
    Err(format!("there is no token with the label {token}").into())
}

/// The public key as DER, and the ways in which its private key can sign.
fn describe(session: &Session, key: ObjectHandle) -> Result<(Vec<u8>, Vec<SigningScheme>), Box<dyn Error>> {
    let wanted = [
        AttributeType::KeyType,
        AttributeType::EcParams,
        AttributeType::EcPoint,
        AttributeType::Modulus,
        AttributeType::PublicExponent,
    ];
    let (mut kind, mut curve, mut point, mut modulus, mut exponent) = (None, vec![], vec![], vec![], vec![]);
    for attribute in session.get_attributes(key, &wanted)? {
        match attribute {
            Attribute::KeyType(found) => kind = Some(found),
            Attribute::EcParams(found) => curve = found,
            Attribute::EcPoint(found) => point = found,
            Attribute::Modulus(found) => modulus = found,
            Attribute::PublicExponent(found) => exponent = found,
            _ => {}
        }
    }
    let (oid, parameters, bits, schemes) = match kind {
        Some(KeyType::EC) => {
            let scheme = match ObjectIdentifier::from_der(&curve)? {
                SECP256R1 => SigningScheme::EcdsaP256Sha256,
                _ => SigningScheme::EcdsaP384Sha384,
            };
            let point = OctetString::from_der(&point)?.into_bytes().into_vec();
            (EC_PUBLIC_KEY, Any::from_der(&curve)?, point, vec![scheme])
        }
        Some(KeyType::RSA) => {
            let numbers = vec![UintRef::new(&modulus)?, UintRef::new(&exponent)?];
            (
                RSA_ENCRYPTION,
                Any::null(),
                numbers.to_der()?,
                vec![SigningScheme::RsaPssSha256, SigningScheme::RsaPkcs1Sha256],
            )
        }
        _ => return Err("the key is of another kind than EC and RSA".into()),
    };
    let algorithm = AlgorithmIdentifier { oid, parameters: Some(parameters) };
    let subject_public_key = BitString::from_bytes(&bits)?;
    Ok((SubjectPublicKeyInfoOwned { algorithm, subject_public_key }.to_der()?, schemes))
}

impl Signer for Token {
    fn reference(&self) -> String {
        self.reference.clone()
    }

    fn public_key(&self) -> Result<Vec<u8>, String> {
        Ok(self.public_key.clone())
    }

    fn schemes(&self) -> Vec<SigningScheme> {
        self.schemes.clone()
    }

    fn sign(&self, scheme: SigningScheme, message: &[u8], _left: Duration) -> Result<Vec<u8>, String> {
        let session = self.session();
        let sign = |mechanism: &Mechanism<'_>, data: &[u8]| session.sign(mechanism, self.private_key, data);
        // Not every token can hash and sign by ECDSA in one step.
        let hashed =
            |hash: &Mechanism<'_>| session.digest(hash, message).and_then(|hash| sign(&Mechanism::Ecdsa, &hash));
        let signature = match scheme {
            SigningScheme::EcdsaP256Sha256 => hashed(&Mechanism::Sha256),
            SigningScheme::EcdsaP384Sha384 => hashed(&Mechanism::Sha384),
            SigningScheme::RsaPkcs1Sha256 => sign(&Mechanism::Sha256RsaPkcs, message),
            SigningScheme::RsaPssSha256 => {
                let hash_alg = MechanismType::SHA256;
                let parameters = PkcsPssParams { hash_alg, mgf: PkcsMgfType::MGF1_SHA256, s_len: 32.into() };
                sign(&Mechanism::Sha256RsaPkcsPss(parameters), message)
            }
            other => return Err(format!("this program cannot sign by {other:?}")),
        };
        signature.map_err(|error| format!("the token does not sign: {error}"))
    }
}
