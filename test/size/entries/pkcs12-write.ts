// What a page needs to hand out a key with its certificates.
export { keyStore, writePfx } from '@mayfly/pkcs12';
