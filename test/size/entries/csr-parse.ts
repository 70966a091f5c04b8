// What a registration authority at the edge needs to read a request and check its proof of possession.
export { verifyWithWebCrypto } from '@mayfly/keys/webcrypto';
export { parseCertificationRequest, verifyCertificationRequest } from '@mayfly/pkcs10';
