export {
  equalGeneralNames,
  type GeneralName,
  type GeneralNameType,
  generalNameNode,
  generalNamesNode,
  MAX_GENERAL_NAMES,
  readGeneralName,
  readGeneralNames,
} from './general-name/codec.js';
export { type DNSNameOptions, isDNSName, isMailbox, type Mailbox, parseMailbox } from './general-name/dns-name.js';
export { formatIPAddress, parseIPAddress } from './general-name/ip-address.js';
export { formatGeneralName, parseGeneralName } from './general-name/text.js';
