import { ascii, children } from '../der-tree.js';
import { fault, IN_TBS } from './certificate-fault.js';
import { field, fill } from './edits.js';
import { type FaultDefinition, tolerated } from './fault.js';

const serial = (
  name: string,
  about: string,
  content: readonly number[],
  code = 'ERR_X509_SERIAL_NUMBER',
): FaultDefinition =>
  fault(`serial-${name}`, about, code, `${IN_TBS}.serialNumber`, (root) =>
    fill(field(root, 'serialNumber'), Uint8Array.from(content)),
  );
const ones = Array.from({ length: 20 }, () => 1);
const serials: readonly FaultDefinition[] = [
  serial('zero', 'serial number 0', [0]),
  serial('negative', 'serial number -1', [0xff]),
  serial('negative-long', 'a negative serial number of 20 octets', [0x80, ...ones.slice(1)]),
  serial('21-octets', 'a serial number of 21 octets', [1, ...ones]),
  serial('21-octets-with-sign', 'a serial number of 20 octets with the high bit, so 21', [0, 0x80, ...ones.slice(1)]),
  serial('padded', 'a serial number with a leading zero octet', [0, 1], 'ERR_DER_INTEGER'),
  serial('padded-negative', 'a serial number with a leading octet FF', [0xff, 0x80], 'ERR_DER_INTEGER'),
  serial('empty', 'a serial number of no octets', [], 'ERR_DER_INTEGER'),
];

const time = (name: string, about: string, tag: number, text: string): FaultDefinition =>
  fault(`time-${name}`, about, 'ERR_DER_TIME', `${IN_TBS}.validity.notAfter`, (root) => {
    const notAfter = field(root, 'validity', 1);
    notAfter.tag = tag;
    return fill(notAfter, ascii(text));
  });
const times: readonly FaultDefinition[] = [
  time('no-seconds', 'UTCTime without seconds', 0x17, '2701010000Z'),
  time('no-zone', 'UTCTime without Z', 0x17, '270101000000'),
  time('offset', 'UTCTime with an offset', 0x17, '270101000000+0000'),
  time('fraction', 'GeneralizedTime with a fraction', 0x18, '20500101000000.5Z'),
  time('generalized-no-seconds', 'GeneralizedTime without seconds', 0x18, '205001010000Z'),
  time('generalized-offset', 'GeneralizedTime with an offset', 0x18, '20500101000000+0000'),
  time('generalized-in-utc', 'fifteen characters in UTCTime', 0x17, '20270101000000Z'),
  time('utc-in-generalized', 'thirteen characters in GeneralizedTime', 0x18, '270101000000Z'),
  tolerated(time('generalized-before-2050', 'GeneralizedTime for 2027', 0x18, '20270101000000Z')),
  time('month-13', 'month 13', 0x17, '271301000000Z'),
  time('month-0', 'month 0', 0x17, '270001000000Z'),
  time('day-0', 'day 0', 0x17, '270100000000Z'),
  time('february-29', '29 February of a common year', 0x17, '270229000000Z'),
  time('hour-24', 'hour 24', 0x17, '270101240000Z'),
  time('leap-second', 'second 60', 0x17, '261231235960Z'),
  time('no-digit', 'a letter among the digits', 0x17, '27O101000000Z'),
  time('empty', 'no characters', 0x17, ''),
  fault('time-integer', 'an INTEGER for notAfter', 'ERR_DER_TAG', `${IN_TBS}.validity.notAfter`, (root) => {
    field(root, 'validity', 1).tag = 0x02;
    return field(root, 'validity', 1);
  }),
  fault('time-missing', 'no notAfter', 'ERR_DER_TRUNCATED', `${IN_TBS}.validity.notAfter`, (root) => {
    children(field(root, 'validity')).pop();
    return undefined;
  }),
];

/** Faults in the serial number and the validity of a certificate. */
export const serialAndTimeFaults: readonly FaultDefinition[] = [...serials, ...times];
