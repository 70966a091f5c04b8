// What reading a certificate costs, before anything in it is decoded.
export { parseCertificate } from '@mayfly/x509';
