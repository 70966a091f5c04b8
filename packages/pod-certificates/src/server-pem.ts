import { type PemBlock, PemError, parsePem } from '@mayfly/der/pem';

const BEGIN = '-----BEGIN ';
const END = '\n-----END ';

/**
 * The blocks that the API server and kubelets find in a text. Both pass over what is no block, broken ones included, where
 * {@link parsePem} throws: each END is taken with the last BEGIN before it.
 */
export function parseServerPem(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  for (let from = 0; ; ) {
    const end = text.indexOf(END, from);
    if (end < 0) return blocks;
    const newline = text.indexOf('\n', end + 1);
    const behind = newline < 0 ? text.length : newline;
    const begin = text.lastIndexOf(BEGIN, end);
    if (begin >= from && (begin === 0 || text[begin - 1] === '\n'))
      blocks.push(...parseBlock(text.slice(begin, behind)));
    from = behind;
  }
}

function parseBlock(text: string): readonly PemBlock[] {
  try {
    return parsePem(text);
  } catch (error) {
    if (error instanceof PemError) return [];
    throw error;
  }
}
