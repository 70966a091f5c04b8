import { concatBytes, type Oid, octetString } from '@mayfly/der';
import { X509Error } from '../errors.js';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension } from './find-extension.js';

/** The OID of RFC 6962 §3.3. */
export const idSignedCertificateTimestampList: Oid = '1.3.6.1.4.1.11129.2.4.2';

/** RFC 6962 §3.2, version 1. Bytes are views. */
export interface SignedCertificateTimestamp {
  readonly version: 0;
  /** SHA-256 of the log's public key. */
  readonly logID: Uint8Array;
  /** Milliseconds since 1970-01-01T00:00:00Z, as the log has them. */
  readonly timestamp: bigint;
  readonly extensions: Uint8Array;
  /** HashAlgorithm of RFC 5246 §7.4.1.4.1; 4 is SHA-256. */
  readonly hashAlgorithm: number;
  /** SignatureAlgorithm of the same; 1 is RSA, 3 is ECDSA. */
  readonly signatureAlgorithm: number;
  readonly signature: Uint8Array;
}

/** A timestamp of a version that is not known, from its version octet on. */
export interface UnknownTimestamp {
  readonly version: undefined;
  readonly bytes: Uint8Array;
}

/**
 * Reads the timestamps that transparency logs gave for a certificate (RFC 6962 §3.3). Their signatures are not checked.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` when lengths do not add up or the list is empty.
 */
export const signedCertificateTimestamps = (
  of: HasExtensions,
): readonly (SignedCertificateTimestamp | UnknownTimestamp)[] | undefined =>
  readExtension(of, idSignedCertificateTimestampList, 'signedCertificateTimestamps', (reader) =>
    parseTimestampList(reader.octetString('')),
  );

function parseTimestampList(bytes: Uint8Array): readonly (SignedCertificateTimestamp | UnknownTimestamp)[] {
  const whole = new TlsCursor(bytes);
  const list = new TlsCursor(whole.vector());
  whole.end();
  const timestamps: (SignedCertificateTimestamp | UnknownTimestamp)[] = [];
  while (!list.done) timestamps.push(parseTimestamp(list.vector()));
  if (timestamps.length === 0) refuse(0, 'the list is empty');
  return timestamps;
}

function parseTimestamp(bytes: Uint8Array): SignedCertificateTimestamp | UnknownTimestamp {
  const cursor = new TlsCursor(bytes);
  if (cursor.take(1)[0] !== 0) return { version: undefined, bytes };
  const logID = cursor.take(32);
  const timestamp = cursor.uint64();
  const extensions = cursor.vector();
  const [hashAlgorithm, signatureAlgorithm] = cursor.take(2) as unknown as [number, number]; // exactly two octets
  const signature = cursor.vector();
  cursor.end();
  return { version: 0, logID, timestamp, extensions, hashAlgorithm, signatureAlgorithm, signature };
}

/**
 * Writes a list of timestamps; not critical.
 * @throws RangeError for an empty list and parts that are too long for their length prefix, or a logID of not 32 octets.
 */
export function signedCertificateTimestampsExtension(
  timestamps: readonly (SignedCertificateTimestamp | UnknownTimestamp)[],
): Extension {
  if (timestamps.length === 0) throw new RangeError('Cannot encode signedCertificateTimestamps: the list is empty');
  const list = concatBytes(...timestamps.map((timestamp) => vector(encodeTimestamp(timestamp))));
  return extensionOf(idSignedCertificateTimestampList, false, octetString(vector(list)));
}

function encodeTimestamp(timestamp: SignedCertificateTimestamp | UnknownTimestamp): Uint8Array {
  if (timestamp.version === undefined) return timestamp.bytes;
  if (timestamp.logID.length !== 32)
    throw new RangeError(`Cannot encode signedCertificateTimestamps: logID of ${timestamp.logID.length} octets`);
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, timestamp.timestamp);
  return concatBytes(
    Uint8Array.of(timestamp.version),
    timestamp.logID,
    time,
    vector(timestamp.extensions),
    Uint8Array.of(timestamp.hashAlgorithm, timestamp.signatureAlgorithm),
    vector(timestamp.signature),
  );
}

/** `opaque <0..2^16-1>` of RFC 5246 §4.3. */
function vector(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 0xffff)
    throw new RangeError(`Cannot encode signedCertificateTimestamps: ${bytes.length} octets in one part`);
  return concatBytes(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes);
}

function refuse(offset: number, state: string): never {
  throw new X509Error('ERR_X509_EXTENSION', offset, 'signedCertificateTimestamps', state);
}

/** A cursor over structures of the TLS presentation language (RFC 5246 §4). */
class TlsCursor {
  private readonly bytes: Uint8Array;
  private position = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.position === this.bytes.length;
  }

  take(length: number): Uint8Array {
    const end = this.position + length;
    if (end > this.bytes.length) refuse(this.position, `${length} octets expected, fewer are left`);
    const taken = this.bytes.subarray(this.position, end);
    this.position = end;
    return taken;
  }

  vector(): Uint8Array {
    const [high, low] = this.take(2) as unknown as [number, number]; // exactly two octets
    return this.take(high * 256 + low);
  }

  uint64(): bigint {
    const octets = this.take(8);
    return new DataView(octets.buffer, octets.byteOffset, 8).getBigUint64(0);
  }

  end(): void {
    if (!this.done) refuse(this.position, `${this.bytes.length - this.position} octets left over`);
  }
}
