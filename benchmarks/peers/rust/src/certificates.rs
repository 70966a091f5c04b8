//! Certificates and requests: made by rcgen, read by x509-parser.

use crate::primitives::octets;
use crate::{Made, Work};
use rcgen::{
    CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
    SubjectPublicKeyInfo,
};
use ring::rand::{SecureRandom, SystemRandom};
use rustls_pki_types::{CertificateDer, CertificateSigningRequestDer};
use serde::{Deserialize, Serialize};
use std::error::Error;
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{
    FromDer, GeneralName, ParsedExtension, X509Certificate, X509CertificationRequest, X509Name,
};

/// Whom a certificate or a request is for.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    organization: String,
    common_name: String,
    #[serde(rename = "dNSNames")]
    dns_names: Vec<String>,
    uri: String,
}

/// What is read from a certificate, or of it from a request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    #[serde(flatten)]
    identity: Identity,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    #[serde(default)]
    identity: Identity,
    #[serde(default, deserialize_with = "octets")]
    key: Vec<u8>,
    #[serde(default, deserialize_with = "octets")]
    issuer: Vec<u8>,
    #[serde(default)]
    lifetime: i64,
    #[serde(default, deserialize_with = "octets")]
    public_key: Vec<u8>,
    #[serde(default, deserialize_with = "octets")]
    request: Vec<u8>,
    #[serde(default, deserialize_with = "octets")]
    certificate: Vec<u8>,
}

impl Input {
    fn signing_key(&self) -> Result<KeyPair, Box<dyn Error>> {
        Ok(KeyPair::from_pkcs8_der_and_sign_algo(
            &self.key.as_slice().into(),
            &rcgen::PKCS_ECDSA_P256_SHA256,
        )?)
    }

    fn authority(&self) -> Result<Issuer<'static, KeyPair>, Box<dyn Error>> {
        Ok(Issuer::from_ca_cert_der(
            &CertificateDer::from(self.issuer.clone()),
            self.signing_key()?,
        )?)
    }
}

fn names(identity: &Identity) -> Result<CertificateParams, Box<dyn Error>> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, &identity.organization);
    params
        .distinguished_name
        .push(DnType::CommonName, &identity.common_name);
    for name in &identity.dns_names {
        params
            .subject_alt_names
            .push(SanType::DnsName(name.as_str().try_into()?));
    }
    params
        .subject_alt_names
        .push(SanType::URI(identity.uri.as_str().try_into()?));
    Ok(params)
}

/// What a leaf has beside its names: a random serial number, an hour, its usages.
fn complete(params: &mut CertificateParams, lifetime: i64) -> Result<(), Box<dyn Error>> {
    let mut serial = [0; 16];
    SystemRandom::new()
        .fill(&mut serial)
        .map_err(|_| "cannot draw a serial number")?;
    serial[0] &= 0x7f;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.not_before = OffsetDateTime::now_utc().replace_nanosecond(0)? - Duration::minutes(1);
    params.not_after = params.not_before + Duration::seconds(lifetime);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params.use_authority_key_identifier_extension = true;
    Ok(())
}

/// From names and a key at hand to the DER of a signed request.
pub fn create_request(input: &str) -> Result<Work, Box<dyn Error>> {
    let input: Input = serde_json::from_str(input)?;
    let key = input.signing_key()?;
    Ok(Box::new(move || {
        Ok(Made::Octets(
            names(&input.identity)?
                .serialize_request(&key)?
                .der()
                .to_vec(),
        ))
    }))
}

/// From names and a public key at hand to the DER of a leaf.
pub fn issue(input: &str) -> Result<Work, Box<dyn Error>> {
    let input: Input = serde_json::from_str(input)?;
    let authority = input.authority()?;
    let public_key = SubjectPublicKeyInfo::from_der(&input.public_key)?;
    Ok(Box::new(move || {
        let mut params = names(&input.identity)?;
        complete(&mut params, input.lifetime)?;
        Ok(Made::Octets(
            params.signed_by(&public_key, &authority)?.der().to_vec(),
        ))
    }))
}

/// From the DER of a request, whose signature rcgen checks, to the DER of a leaf with its names.
pub fn pipeline(input: &str) -> Result<Work, Box<dyn Error>> {
    let input: Input = serde_json::from_str(input)?;
    let authority = input.authority()?;
    let der = CertificateSigningRequestDer::from(input.request);
    Ok(Box::new(move || {
        let mut request = CertificateSigningRequestParams::from_der(&der)?;
        complete(&mut request.params, input.lifetime)?;
        Ok(Made::Octets(request.signed_by(&authority)?.der().to_vec()))
    }))
}

/// From the DER of a request to its names, its signature checked.
pub fn verify_request(input: &str) -> Result<Work, Box<dyn Error>> {
    let input: Input = serde_json::from_str(input)?;
    Ok(Box::new(move || {
        let (_, request) = X509CertificationRequest::from_der(&input.request)?;
        request.verify_signature()?;
        let mut identity = subject(&request.certification_request_info.subject)?;
        for extension in request.requested_extensions().into_iter().flatten() {
            add_alternatives(&mut identity, extension);
        }
        Ok(Made::Facts(Facts {
            identity,
            not_before: None,
            not_after: None,
        }))
    }))
}

/// From the DER of a leaf to its subject, subjectAltName and validity.
pub fn parse(input: &str) -> Result<Work, Box<dyn Error>> {
    let input: Input = serde_json::from_str(input)?;
    Ok(Box::new(move || {
        let (_, leaf) = X509Certificate::from_der(&input.certificate)?;
        let mut identity = subject(leaf.subject())?;
        for extension in leaf.extensions() {
            add_alternatives(&mut identity, extension.parsed_extension());
        }
        let validity = leaf.validity();
        Ok(Made::Facts(Facts {
            identity,
            not_before: Some(validity.not_before.timestamp()),
            not_after: Some(validity.not_after.timestamp()),
        }))
    }))
}

fn subject(name: &X509Name<'_>) -> Result<Identity, Box<dyn Error>> {
    let organization = name
        .iter_organization()
        .next()
        .ok_or("no organization")?
        .as_str()?
        .to_owned();
    let common_name = name
        .iter_common_name()
        .next()
        .ok_or("no commonName")?
        .as_str()?
        .to_owned();
    Ok(Identity {
        organization,
        common_name,
        ..Identity::default()
    })
}

fn add_alternatives(identity: &mut Identity, extension: &ParsedExtension<'_>) {
    let ParsedExtension::SubjectAlternativeName(alternatives) = extension else {
        return;
    };
    for name in &alternatives.general_names {
        match name {
            GeneralName::DNSName(text) => identity.dns_names.push((*text).to_owned()),
            GeneralName::URI(text) => (*text).clone_into(&mut identity.uri),
            _ => {}
        }
    }
}
