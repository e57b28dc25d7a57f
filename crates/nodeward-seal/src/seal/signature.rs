//! Ed25519 signatures over a seal, and over the record of a build.
//!
//! A private key is PKCS#8 and a public key SubjectPublicKeyInfo, both in PEM, as `openssl genpkey -algorithm
//! ed25519` and `openssl pkey -pubout` write them.

use ed25519_dalek::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::document::{AlgorithmName, Document, SignatureBlock};

/// Keys are a few hundred bytes.
pub const MAX_KEY_BYTES: u64 = 64 * 1024;

/// Why a seal was not signed, or its signature does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The key can't be read.
    #[error(
        "no Ed25519 private key in PEM (PKCS#8, not encrypted); `openssl genpkey -algorithm ed25519 -out seal.key` makes one"
    )]
    PrivateKey,
    /// The key can't be read.
    #[error("no Ed25519 public key in PEM; `openssl pkey -in seal.key -pubout -out seal.pub` makes one")]
    PublicKey,
    /// Nobody signed.
    #[error("the seal is not signed; sign it with `nodeward seal --sign KEY`")]
    Unsigned,
    /// Somebody else signed.
    #[error("the seal is signed by another key than the one that is trusted")]
    OtherKey,
    /// The document was changed after it was signed.
    #[error("the signature does not hold: the seal was changed after it was signed")]
    Broken,
}

/// Signs a document with a private key.
///
/// # Errors
/// The key can't be read.
pub fn sign(document: &mut Document, key: &str) -> Result<(), SignatureError> {
    document.signature = Some(sign_text(&document.text_to_sign(), key)?);
    Ok(())
}

/// Signs the text of a document, which begins with its schema: a text of one is none of another.
pub(crate) fn sign_text(text: &str, key: &str) -> Result<SignatureBlock, SignatureError> {
    let key = SigningKey::from_pkcs8_pem(key).map_err(|_| SignatureError::PrivateKey)?;
    let value = key.sign(text.as_bytes()).to_bytes();
    Ok(SignatureBlock { algorithm: AlgorithmName::Ed25519, key: key.verifying_key().to_bytes(), value })
}

/// Checks that the holder of a key signed the document as it is. The key comes from outside: the one in the
/// document says only who claims to have signed.
///
/// # Errors
/// It can't be trusted.
pub fn verify(document: &Document, key: &str) -> Result<(), SignatureError> {
    let key = public_key(key)?;
    let block = document.signature.as_ref().ok_or(SignatureError::Unsigned)?;
    if block.key != key {
        return Err(SignatureError::OtherKey);
    }
    verify_text(&document.text_to_sign(), block)
}

/// The bytes of a public key.
pub(crate) fn public_key(pem: &str) -> Result<[u8; 32], SignatureError> {
    let key = VerifyingKey::from_public_key_pem(pem).map_err(|_| SignatureError::PublicKey)?;
    Ok(key.to_bytes())
}

/// Checks that the key which a block names made it over this text. Whose key it is, is for others to ask.
pub(crate) fn verify_text(text: &str, block: &SignatureBlock) -> Result<(), SignatureError> {
    let key = VerifyingKey::from_bytes(&block.key).map_err(|_| SignatureError::Broken)?;
    key.verify_strict(text.as_bytes(), &Signature::from_bytes(&block.value))
        .map_err(|_| SignatureError::Broken)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::seal::{EvalRules, SealPath, SealedSource};
    use crate::{Origin, SourceKind};

    /// A key as openssl writes it.
    fn pem(label: &str, prefix: &[u8], key: [u8; 32]) -> String {
        use base64::Engine as _;
        let der = [prefix, &key].concat();
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN {label} KEY-----\n{body}\n-----END {label} KEY-----\n")
    }

    pub(crate) fn private(seed: u8) -> String {
        pem("PRIVATE", b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", [seed; 32])
    }

    pub(crate) fn public(seed: u8) -> String {
        let key = SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes();
        pem("PUBLIC", b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", key)
    }

    fn document() -> Document {
        let path = SealPath::parse("app.js").unwrap();
        let source = SealedSource {
            path: path.clone(),
            kind: SourceKind::Cjs,
            sha256: crate::seal::Digest::of(b""),
            size: 0,
            origin: Origin::Static,
            package: None,
            content: None,
        };
        Document::new(vec![path], vec![source], Vec::new(), EvalRules::default())
    }

    #[test]
    fn a_signature_holds_for_what_was_signed_and_by_whom() {
        let mut signed = document();
        assert_eq!(verify(&signed, &public(1)), Err(SignatureError::Unsigned));
        sign(&mut signed, &private(1)).unwrap();
        let read = Document::parse("seal".as_ref(), signed.write().as_bytes()).unwrap();
        assert_eq!(read, signed);
        assert_eq!(verify(&read, &public(1)), Ok(()));
        assert_eq!(verify(&read, &public(2)), Err(SignatureError::OtherKey));
        let mut changed = read.clone();
        changed.sources[0].size = 1;
        assert_eq!(verify(&changed, &public(1)), Err(SignatureError::Broken));
        let mut changed = read;
        changed.signature.as_mut().unwrap().value[0] ^= 1;
        assert_eq!(verify(&changed, &public(1)), Err(SignatureError::Broken));
    }

    #[test]
    fn keys_of_another_form_are_refused() {
        assert_eq!(sign(&mut document(), &public(1)), Err(SignatureError::PrivateKey));
        assert_eq!(verify(&document(), &private(1)), Err(SignatureError::PublicKey));
        assert_eq!(verify(&document(), ""), Err(SignatureError::PublicKey));
    }
}
