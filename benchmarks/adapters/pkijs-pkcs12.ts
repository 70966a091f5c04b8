import * as pkijs from 'pkijs';
import type { PfxJob } from './node-forge-pkcs12.js';

const buffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
const octets = (password: string): ArrayBuffer => buffer(new TextEncoder().encode(password));

/** DER of the private key in a file. */
export async function open({ file, password }: PfxJob): Promise<Uint8Array> {
  const pfx = pkijs.PFX.fromBER(buffer(file));
  const secret = octets(password);
  await pfx.parseInternalValues({ checkIntegrity: true, password: secret });
  const safe = pfx.parsedValue!.authenticatedSafe!;
  await safe.parseInternalValues({ safeContents: safe.safeContents.map(() => ({ password: secret })) });
  for (const { value } of safe.parsedValue.safeContents)
    for (const { bagValue } of value.safeBags)
      if (bagValue instanceof pkijs.PKCS8ShroudedKeyBag) {
        // Declared protected, and the only way to open the bag.
        await (bagValue as unknown as { parseInternalValues(o: object): Promise<void> }).parseInternalValues({
          password: secret,
        });
        return new Uint8Array(bagValue.parsedValue!.toSchema().toBER(false));
      }
  throw new Error('Cannot open: there is no key');
}

/** A file with the same algorithms as Mayfly's. */
export async function create({ password, entry, iterations }: PfxJob): Promise<Uint8Array> {
  const secret = octets(password);
  const contentEncryptionAlgorithm = { name: 'AES-CBC', length: 256 };
  const encryption = {
    contentEncryptionAlgorithm,
    hmacHashAlgorithm: 'SHA-256',
    iterationCount: iterations,
    password: secret,
  };
  const shrouded = new pkijs.PKCS8ShroudedKeyBag({
    parsedValue: pkijs.PrivateKeyInfo.fromBER(buffer(entry.privateKeyInfo)),
  });
  await (shrouded as unknown as { makeInternalValues(o: object): Promise<void> }).makeInternalValues(encryption); // as above
  const certificates = entry.certificates.map(
    (der) =>
      new pkijs.SafeBag({
        bagId: '1.2.840.113549.1.12.10.1.3',
        bagValue: new pkijs.CertBag({ parsedValue: pkijs.Certificate.fromBER(buffer(der)) }),
      }),
  );
  const key = new pkijs.SafeBag({ bagId: '1.2.840.113549.1.12.10.1.2', bagValue: shrouded });
  const pfx = new pkijs.PFX({
    parsedValue: {
      integrityMode: 0,
      authenticatedSafe: new pkijs.AuthenticatedSafe({
        parsedValue: {
          safeContents: [
            { privacyMode: 0, value: new pkijs.SafeContents({ safeBags: [key] }) },
            { privacyMode: 1, value: new pkijs.SafeContents({ safeBags: certificates }) },
          ],
        },
      }),
    },
  });
  await pfx.parsedValue!.authenticatedSafe!.makeInternalValues({ safeContents: [{}, encryption] });
  await pfx.makeInternalValues({
    password: secret,
    iterations,
    pbkdf2HashAlgorithm: { name: 'SHA-256' },
    hmacHashAlgorithm: 'SHA-256',
  });
  return new Uint8Array(pfx.toSchema().toBER(false));
}
