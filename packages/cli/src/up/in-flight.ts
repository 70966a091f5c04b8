import { dirname } from 'node:path';
import { decodeBase64, encodeBase64 } from '@mayfly/der/pem';
import type { InFlightRequest, InFlightStore } from '@mayfly/pod-certificates/requester';
import { type FileOperations, readFileIfThere, writeFileAtomic } from '@mayfly/rotation/fs';
import { CliError } from '../errors.js';
import { makePrivateDirectory } from './private-directory.js';

/** Keeps a request in flight, its key included, in a file of mode 0600. */
export function inFlightFile(path: string, files: FileOperations): InFlightStore {
  return {
    async load() {
      const bytes = await readFileIfThere(path, files);
      if (bytes === undefined) return undefined;
      const request = parse(new TextDecoder().decode(bytes));
      if (request === undefined)
        throw new CliError(
          'ERR_CLI_STATE',
          `Cannot read ${path}: it holds no request in flight; remove it, and a new request is made`,
        );
      return request;
    },
    async save({ stubPKCS10Request, privateKeyInfo, ...request }) {
      await makePrivateDirectory(files, dirname(path));
      const json = JSON.stringify({
        ...request,
        stubPKCS10Request: encodeBase64(stubPKCS10Request),
        privateKeyInfo: encodeBase64(privateKeyInfo),
      });
      await writeFileAtomic(path, new TextEncoder().encode(`${json}\n`), 0o600, { files });
    },
    async clear() {
      await files.unlink(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    },
  };
}

/** What was saved, or `undefined`. Errors are not passed on: those of JSON quote their input, and it holds a key. */
function parse(text: string): InFlightRequest | undefined {
  try {
    const { namespace, name, uid, createdAt, stubPKCS10Request, privateKeyInfo } = JSON.parse(text);
    const texts: readonly unknown[] = [namespace, name, stubPKCS10Request, privateKeyInfo, uid ?? ''];
    if (!texts.every((member) => typeof member === 'string') || !Number.isSafeInteger(createdAt)) return undefined;
    return {
      namespace,
      name,
      ...(uid !== undefined && { uid }),
      createdAt,
      stubPKCS10Request: decodeBase64(stubPKCS10Request),
      privateKeyInfo: decodeBase64(privateKeyInfo),
    };
  } catch {
    return undefined;
  }
}
