import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import {
  keyEntries,
  keyStore,
  modern,
  passwordless,
  readPfx,
  trustedEntries,
  trustStore,
  writePfx,
} from '@mayfly/pkcs12';
import { legacy, legacy3Des, legacyRc2 } from '@mayfly/pkcs12/legacy';
import { afterAll, describe, expect, test } from 'vitest';
import { isMissing, java, openStoreBench, orMissing, PASSWORD } from './store-bench.js';

const bench = openStoreBench();
afterAll(bench.remove);
const { directory, at, run, pair } = bench;

const ec = pair('elliptic', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256');
const rsa = pair('rsa', 'rsa:2048');
const profiles = [modern, legacy3Des, legacyRc2];

async function written(profile: (typeof profiles)[number], name = `${profile.name}.p12`): Promise<string> {
  const trusted = [{ certificate: rsa.certificates[0]!, friendlyName: 'authority' }];
  const pfx = keyStore({ keys: [ec, rsa], trusted });
  writeFileSync(at(name), await writePfx(pfx, PASSWORD, { profile, iterations: 2048 }));
  return at(name);
}

const noJava = isMissing('java', '-version') || isMissing('keytool', '-help');

describe.skipIf(noJava)(`Java${orMissing('java and keytool', noJava)}`, { timeout: 120_000 }, () => {
  test.each(profiles.map((profile) => [profile.name, profile] as const))(
    'opens key, chain and trust of profile %s',
    async (_name, profile) => {
      const file = await written(profile);
      expect(run('java', java('ReadStore.java'), file, PASSWORD)).toBe(
        'authority trusted\nelliptic key chain=1 fits=true\nrsa key chain=1 fits=true\n',
      );
    },
  );

  test('keytool lists and imports what is written', async () => {
    const file = await written(modern, 'import.p12');
    expect(run('keytool', '-list', '-keystore', file, '-storetype', 'PKCS12', '-storepass', PASSWORD)).toMatch(
      /contains 3 entries/,
    );
    run(
      'keytool',
      '-importkeystore',
      '-srckeystore',
      file,
      '-srcstoretype',
      'PKCS12',
      '-srcstorepass',
      PASSWORD,
      '-destkeystore',
      at('copy.p12'),
      '-deststoretype',
      'PKCS12',
      '-deststorepass',
      'changeit',
      '-noprompt',
    );
    const pfx = await readPfx(readFileSync(at('copy.p12')), 'changeit');
    expect(
      keyEntries(pfx)
        .map(({ friendlyName }) => friendlyName)
        .sort(),
    ).toEqual(['elliptic', 'rsa']);
    expect(trustedEntries(pfx)).toEqual([expect.objectContaining({ friendlyName: 'authority' })]);
  });

  test('a trust store is one, with a password', async () => {
    const store = trustStore([{ certificate: ec.certificates[0]!, friendlyName: 'ca' }]);
    writeFileSync(at('trust.p12'), await writePfx(store, 'changeit', { iterations: 2048 }));
    expect(run('java', java('ReadStore.java'), at('trust.p12'), 'changeit')).toBe('ca trusted\n');
  });

  test('a trust store without one is opened without one', async () => {
    const store = trustStore([{ certificate: ec.certificates[0]!, friendlyName: 'ca' }], { encrypted: false });
    writeFileSync(at('open.p12'), await writePfx(store, null, { profile: passwordless }));
    expect(run('java', java('ReadStore.java'), at('open.p12'))).toBe('ca trusted\n');
  });

  test('what keytool makes is read', async () => {
    for (const [name, ...options] of [['now'], ['old', '-J-Dkeystore.pkcs12.legacy']]) {
      run(
        'keytool',
        '-genkeypair',
        '-keyalg',
        'EC',
        '-alias',
        'mine',
        '-dname',
        'CN=mine',
        '-keystore',
        at(`${name}.p12`),
        '-storetype',
        'PKCS12',
        '-storepass',
        'changeit',
        ...options,
      );
      run(
        'keytool',
        '-importcert',
        '-alias',
        'ca',
        '-file',
        at('rsa.crt'),
        '-keystore',
        at(`${name}.p12`),
        '-storepass',
        'changeit',
        '-noprompt',
        ...options,
      );
      const pfx = await readPfx(readFileSync(at(`${name}.p12`)), 'changeit', {
        legacy,
        limits: { derivationTime: 240_000 },
      });
      expect(keyEntries(pfx)).toEqual([
        expect.objectContaining({ friendlyName: 'mine', certificates: [expect.anything()] }),
      ]);
      expect(trustedEntries(pfx)).toEqual([expect.objectContaining({ friendlyName: 'ca' })]);
    }
  });

  test('a JKS keystore is told from a broken file', async () => {
    run(
      'keytool',
      '-genkeypair',
      '-keyalg',
      'EC',
      '-alias',
      'mine',
      '-dname',
      'CN=mine',
      '-keystore',
      at('old.jks'),
      '-storetype',
      'JKS',
      '-storepass',
      'changeit',
      '-keypass',
      'changeit',
    );
    await expect(readPfx(readFileSync(at('old.jks')), 'changeit')).rejects.toThrow(
      /JKS keystore; "keytool -importkeystore/,
    );
  });
});

const noNss = isMissing('pk12util', '-h');
describe.skipIf(noNss)(`NSS${orMissing('pk12util, Debian package libnss3-tools', noNss)}`, { timeout: 300_000 }, () => {
  const database = ['-d', `sql:${directory}`];

  test.each(profiles.map((profile) => [profile.name, profile] as const))(
    'imports profile %s',
    async (_name, profile) => {
      const file = await written(profile, `nss-${profile.name}.p12`);
      expect(run('pk12util', '-l', file, '-W', PASSWORD)).toMatch(/Friendly Name: elliptic/);
      run('certutil', '-N', ...database, '--empty-password');
      expect(run('pk12util', '-i', file, ...database, '-W', PASSWORD)).toMatch(/IMPORT SUCCESSFUL/);
      for (const name of ['cert9.db', 'key4.db', 'pkcs11.txt']) rmSync(at(name), { force: true });
    },
  );

  test('what it exports is read', async () => {
    const file = await written(modern, 'nss-source.p12');
    run('certutil', '-N', ...database, '--empty-password');
    run('pk12util', '-i', file, ...database, '-W', PASSWORD);
    run('pk12util', '-o', at('nss-out.p12'), '-n', 'elliptic', ...database, '-W', 'export');
    const pfx = await readPfx(readFileSync(at('nss-out.p12')), 'export', {
      legacy,
      limits: { derivationTime: 240_000 },
    });
    expect(keyEntries(pfx)).toEqual([expect.objectContaining({ friendlyName: 'elliptic' })]);
  });
});

const noGnuTls = isMissing('certtool', '--version');
describe.skipIf(noGnuTls)(
  `GnuTLS${orMissing('certtool, Debian package gnutls-bin', noGnuTls)}`,
  { timeout: 300_000 },
  () => {
    test.each(profiles.map((profile) => [profile.name, profile] as const))(
      'opens profile %s',
      async (_name, profile) => {
        const file = await written(profile, `gnutls-${profile.name}.p12`);
        const text = run('certtool', '--p12-info', '--inder', '--infile', file, '--password', PASSWORD);
        expect(text.match(/BEGIN (?:ENCRYPTED )?PRIVATE KEY/g)).toHaveLength(2);
        expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
      },
    );

    test('what it makes is read', async () => {
      for (const cipher of ['aes-256', '3des-pkcs12']) {
        run(
          'certtool',
          '--to-p12',
          '--load-privkey',
          at('elliptic.key'),
          '--load-certificate',
          at('elliptic.crt'),
          '--p12-name',
          'mine',
          '--password',
          'x',
          '--pkcs-cipher',
          cipher,
          '--outder',
          '--outfile',
          at(`${cipher}.p12`),
        );
        const pfx = await readPfx(readFileSync(at(`${cipher}.p12`)), 'x', {
          legacy,
          limits: { derivationTime: 240_000 },
        });
        expect(keyEntries(pfx)).toEqual([expect.objectContaining({ friendlyName: 'mine' })]);
      }
    });
  },
);
