import { describe, expect, test } from 'vitest';
import { parsePkcs11Uri } from './pkcs11-uri.js';

test.each<[string, string, object]>([
  ['a label alone', 'pkcs11:object=ca', { object: 'ca' }],
  ['an id of octets', 'pkcs11:id=%00%a1A', { id: Uint8Array.of(0, 0xa1, 0x41) }],
  [
    'every attribute',
    'pkcs11:token=My%20HSM;manufacturer=A;serial=0001;model=M;slot-id=327;object=ca;id=%01;type=private' +
      '?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin',
    {
      ...{ token: 'My HSM', manufacturer: 'A', serial: '0001', model: 'M', slotID: 327, object: 'ca' },
      ...{ id: Uint8Array.of(1), modulePath: '/usr/lib/softhsm/libsofthsm2.so', pinSource: '/run/secrets/pin' },
    },
  ],
  ['UTF-8', 'pkcs11:object=%C5%93', { object: 'œ' }],
  ['a bare path as source', 'pkcs11:object=a?pin-source=/etc/pin', { object: 'a', pinSource: '/etc/pin' }],
  ['a file URI with slashes', 'pkcs11:object=a?pin-source=file:///etc/pin', { object: 'a', pinSource: '/etc/pin' }],
  ['the scheme in capitals', 'PKCS11:object=a', { object: 'a' }],
  ['a path of Windows', 'pkcs11:object=a?module-path=C:%5Cp11.dll', { object: 'a', modulePath: 'C:\\p11.dll' }],
])('%s', (_name, uri, read) => {
  expect(parsePkcs11Uri(uri)).toEqual(read);
});

describe('refuses', () => {
  test.each<[string, string, string]>([
    ['another scheme', 'file:/ca.key', 'it does not begin with "pkcs11:"'],
    ['no key', 'pkcs11:token=a', 'it names no key, by object or id'],
    ['nothing', 'pkcs11:', 'it names no key'],
    ['an attribute twice', 'pkcs11:object=a;object=b', 'its attribute object stands there twice'],
    ['an attribute that is unknown', 'pkcs11:object=a;colour=b', 'its attribute "colour" is not known here'],
    ['one of the query in the path', 'pkcs11:object=a;module-path=/a', 'its attribute "module-path" is not known'],
    ['another type', 'pkcs11:object=a;type=cert', 'its type is not "private"'],
    ['a member of Object', 'pkcs11:object=a;constructor=b', 'its attribute "constructor" is not known here'],
    ['no value', 'pkcs11:object', 'an attribute is not written as name=value'],
    ['an empty attribute', 'pkcs11:object=a;', 'an attribute is not written as name=value'],
    ['half an escape', 'pkcs11:object=%4', 'object has a character that has to be percent-encoded'],
    ['a blank', 'pkcs11:object=a b', 'object has a character that has to be percent-encoded'],
    ['octets that are no text', 'pkcs11:object=%ff', 'object is no UTF-8'],
    ['a slot that is no number', 'pkcs11:object=a;slot-id=0x1', 'slot-id is no number'],
    ['a relative module', 'pkcs11:object=a?module-path=libp11.so', 'module-path is no absolute path'],
    ['a command for the PIN', 'pkcs11:object=a?pin-source=%7C/usr/bin/pin', 'pin-source is no absolute path'],
    ['another query attribute', 'pkcs11:object=a?module-name=p11', 'its query attribute "module-name" is not known'],
  ])('%s', (_name, uri, state) => {
    expect(() => parsePkcs11Uri(uri)).toThrow(
      expect.objectContaining({ code: 'ERR_KEYS_PKCS11_URI', message: expect.stringContaining(state) }),
    );
  });

  test('a PIN, without repeating it', () => {
    const read = (): unknown => parsePkcs11Uri('pkcs11:object=a?pin-value=5678');
    expect(read).toThrow(/pin-value shows the PIN/);
    expect(read).not.toThrow(/5678/);
  });
});
