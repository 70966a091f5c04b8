export { type Curve, curveAlgorithm, curveOf, curvePrivateKeyInfo, readCurvePrivateKey } from './curve.js';
export { Pkcs8Error, type Pkcs8ErrorCode } from './errors.js';
export { type PrivateKeyPem, parsePrivateKeyPem } from './pem.js';
export {
  encodePrivateKeyInfo,
  MAX_PRIVATE_KEY_LENGTH,
  type PrivateKeyInfo,
  parsePrivateKeyInfo,
  privateKeyInfoNode,
  readPrivateKeyInfo,
} from './private-key-info.js';
