// What a page needs to take a key store in, old algorithms left out.
export { keyEntries, readPfx } from '@mayfly/pkcs12';
