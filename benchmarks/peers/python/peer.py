"""Does jobs of the benchmarks with pyca/cryptography, in slots that the benchmarks ask for: peer.py <job>.

The first line of standard input is what the job works on, as JSON; each line after it a number of milliseconds. For each number
one line of JSON comes back: nanoseconds of a run, sample by sample. 0 asks for what one run makes, octets in base64.
"""

import json
import sys
from base64 import b64decode, b64encode
from datetime import datetime, timedelta, timezone
from time import perf_counter_ns

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, load_der_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

# Shortest time of a sample: quicker jobs are done several times for one.
SHORTEST_SAMPLE_NS = 50_000

SHA256 = hashes.SHA256()


def subject_of(identity):
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, identity["organization"]),
        x509.NameAttribute(NameOID.COMMON_NAME, identity["commonName"]),
    ])


def alternatives_of(identity):
    names = [x509.DNSName(name) for name in identity["dNSNames"]]
    return x509.SubjectAlternativeName([*names, x509.UniformResourceIdentifier(identity["uri"])])


def identity_of(subject, extensions):
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {
        "organization": subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value,
        "commonName": subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value,
        "dNSNames": names.get_values_for_type(x509.DNSName),
        "uri": names.get_values_for_type(x509.UniformResourceIdentifier)[0],
    }


def parse(given):
    """From the DER of a leaf to its subject, subjectAltName and validity."""
    der = b64decode(given["certificate"])

    def work():
        leaf = x509.load_der_x509_certificate(der)
        return {
            **identity_of(leaf.subject, leaf.extensions),
            "notBefore": int(leaf.not_valid_before_utc.timestamp()),
            "notAfter": int(leaf.not_valid_after_utc.timestamp()),
        }

    return work


def create_request(given):
    """From names and a key at hand to the DER of a signed request."""
    identity = given["identity"]
    key = load_der_private_key(b64decode(given["key"]), None)

    def work():
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject_of(identity))
        request = builder.add_extension(alternatives_of(identity), critical=False).sign(key, SHA256)
        return request.public_bytes(Encoding.DER)

    return work


def read_request(der):
    request = x509.load_der_x509_csr(der)
    if not request.is_signature_valid:
        raise ValueError("cannot believe the request: it is not signed by its key")
    return request


def verify_request(given):
    """From the DER of a request to its names, its signature checked."""
    der = b64decode(given["request"])

    def work():
        request = read_request(der)
        return identity_of(request.subject, request.extensions)

    return work


def issuer_of(given):
    """What makes a leaf of a subject, its alternative names and its key."""
    issuer = x509.load_der_x509_certificate(b64decode(given["issuer"]))
    key = load_der_private_key(b64decode(given["key"]), None)
    lifetime = timedelta(seconds=given["lifetime"])
    identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
        issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False)
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])

    def leaf(subject, alternatives, public_key):
        not_before = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(minutes=1)
        builder = (
            x509.CertificateBuilder()
            .serial_number(x509.random_serial_number())
            .issuer_name(issuer.subject)
            .subject_name(subject)
            .public_key(public_key)
            .not_valid_before(not_before)
            .not_valid_after(not_before + lifetime)
            .add_extension(usage, critical=True)
            .add_extension(purposes, critical=False)
            .add_extension(identifier, critical=False)
            .add_extension(alternatives, critical=False)
        )
        return builder.sign(key, SHA256).public_bytes(Encoding.DER)

    return leaf


def issue(given):
    """From names and a public key at hand to the DER of a leaf."""
    leaf = issuer_of(given)
    identity = given["identity"]
    public_key = load_der_public_key(b64decode(given["publicKey"]))
    return lambda: leaf(subject_of(identity), alternatives_of(identity), public_key)


def pipeline(given):
    """From the DER of a request, whose signature is checked, to the DER of a leaf with its names."""
    leaf = issuer_of(given)
    der = b64decode(given["request"])

    def work():
        request = read_request(der)
        alternatives = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return leaf(request.subject, alternatives, request.public_key())

    return work


def validate_path(given):
    """One leaf after the other, from DER, below a root that is parsed once; makes the leaf."""
    store = Store([x509.load_der_x509_certificate(b64decode(given["root"]))])
    intermediate = b64decode(given["intermediate"])
    leaves = [b64decode(leaf) for leaf in given["leaves"]]
    name = x509.DNSName(given["dNSName"])
    builder = PolicyBuilder().store(store)
    position = -1

    def work():
        nonlocal position
        position = (position + 1) % len(leaves)
        leaf = x509.load_der_x509_certificate(leaves[position])
        builder.build_server_verifier(name).verify(leaf, [x509.load_der_x509_certificate(intermediate)])
        return leaves[position]

    return work


def curve_hash(algorithm):
    return {"P-256": hashes.SHA256, "P-384": hashes.SHA384}[algorithm]()


def sign(given):
    key, message = load_der_private_key(b64decode(given["key"]), None), b64decode(given["message"])
    if given["algorithm"] == "Ed25519":
        return lambda: key.sign(message)
    scheme = ec.ECDSA(curve_hash(given["algorithm"]))
    return lambda: key.sign(message, scheme)


def verify(given):
    key = load_der_public_key(b64decode(given["publicKey"]))
    message, signature = b64decode(given["message"]), b64decode(given["signature"])
    rest = [] if given["algorithm"] == "Ed25519" else [ec.ECDSA(curve_hash(given["algorithm"]))]

    def work():
        try:
            key.verify(signature, message, *rest)
        except InvalidSignature:
            return False
        return True

    return work


def digest(given):
    algorithm = {"SHA-256": hashes.SHA256, "SHA-512": hashes.SHA512}[given["algorithm"]]
    message = b64decode(given["message"])

    def work():
        state = hashes.Hash(algorithm())
        state.update(message)
        return state.finalize()

    return work


JOBS = {
    "parse": parse,
    "csr": create_request,
    "verify-csr": verify_request,
    "issue": issue,
    "pipeline": pipeline,
    "path": validate_path,
    "sign": sign,
    "verify": verify,
    "hash": digest,
}


def slot(work, milliseconds):
    """Runs the job until the slot is over, at least once."""
    samples = []
    end = perf_counter_ns() + milliseconds * 1e6
    while not samples or perf_counter_ns() < end:
        begun = perf_counter_ns()
        runs = 0
        while runs == 0 or perf_counter_ns() - begun < SHORTEST_SAMPLE_NS:
            work()
            runs += 1
        samples.append((perf_counter_ns() - begun) / runs)
    return samples


def main():
    work = JOBS[sys.argv[1]](json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        milliseconds = float(line)
        answer = work() if milliseconds == 0 else slot(work, milliseconds)
        print(json.dumps(answer, default=lambda octets: b64encode(octets).decode()), flush=True)


main()
