//! Signatures and hashes of ring.

use crate::{Made, Work};
use base64::prelude::{Engine, BASE64_STANDARD};
use ring::digest::{digest, SHA256, SHA512};
use ring::rand::SystemRandom;
use ring::signature::{
    EcdsaKeyPair, Ed25519KeyPair, UnparsedPublicKey, VerificationAlgorithm, ECDSA_P256_SHA256_ASN1,
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_ASN1_SIGNING,
    ED25519,
};
use serde::{Deserialize, Deserializer};
use std::error::Error;
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};

/// Keys as PKCS#8 and SubjectPublicKeyInfo.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Primitive {
    /// P-256, P-384, Ed25519, SHA-256 or SHA-512.
    algorithm: String,
    #[serde(default, deserialize_with = "octets")]
    key: Vec<u8>,
    #[serde(default, deserialize_with = "octets")]
    public_key: Vec<u8>,
    #[serde(deserialize_with = "octets")]
    message: Vec<u8>,
    #[serde(default, deserialize_with = "octets")]
    signature: Vec<u8>,
}

pub fn base64(octets: &[u8]) -> String {
    BASE64_STANDARD.encode(octets)
}

pub fn octets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    BASE64_STANDARD
        .decode(text)
        .map_err(serde::de::Error::custom)
}

pub fn sign(input: &str) -> Result<Work, Box<dyn Error>> {
    let Primitive {
        algorithm,
        key,
        message,
        ..
    } = serde_json::from_str(input)?;
    let random = SystemRandom::new();
    if algorithm == "Ed25519" {
        let pair =
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key).map_err(|error| error.to_string())?;
        return Ok(Box::new(move || {
            Ok(Made::Octets(pair.sign(&message).as_ref().to_vec()))
        }));
    }
    let scheme = match algorithm.as_str() {
        "P-256" => &ECDSA_P256_SHA256_ASN1_SIGNING,
        "P-384" => &ECDSA_P384_SHA384_ASN1_SIGNING,
        _ => return Err(format!("cannot sign with {algorithm}").into()),
    };
    let pair =
        EcdsaKeyPair::from_pkcs8(scheme, &key, &random).map_err(|error| error.to_string())?;
    Ok(Box::new(move || {
        let signature = pair.sign(&random, &message).map_err(|_| "cannot sign")?;
        Ok(Made::Octets(signature.as_ref().to_vec()))
    }))
}

pub fn verify(input: &str) -> Result<Work, Box<dyn Error>> {
    let Primitive {
        algorithm,
        public_key,
        message,
        signature,
        ..
    } = serde_json::from_str(input)?;
    let scheme: &'static dyn VerificationAlgorithm = match algorithm.as_str() {
        "P-256" => &ECDSA_P256_SHA256_ASN1,
        "P-384" => &ECDSA_P384_SHA384_ASN1,
        "Ed25519" => &ED25519,
        _ => return Err(format!("cannot verify with {algorithm}").into()),
    };
    let (_, info) = SubjectPublicKeyInfo::from_der(&public_key)?;
    let key = UnparsedPublicKey::new(scheme, info.subject_public_key.data.to_vec());
    Ok(Box::new(move || {
        Ok(Made::Verdict(key.verify(&message, &signature).is_ok()))
    }))
}

pub fn hash(input: &str) -> Result<Work, Box<dyn Error>> {
    let Primitive {
        algorithm, message, ..
    } = serde_json::from_str(input)?;
    let function = match algorithm.as_str() {
        "SHA-256" => &SHA256,
        "SHA-512" => &SHA512,
        _ => return Err(format!("cannot hash with {algorithm}").into()),
    };
    Ok(Box::new(move || {
        Ok(Made::Octets(digest(function, &message).as_ref().to_vec()))
    }))
}
