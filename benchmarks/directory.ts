const here = new URL('.', import.meta.url);

/** Where the benchmarks are, whether this runs from `dist` or, in tests, from the source. */
export const directory: URL = here.pathname.endsWith('/dist/') ? new URL('..', here) : here;
