/** A page that is built here, by the name of its file. */
export type PageName = 'workbench' | 'status';

const directives: readonly string[] = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
];

const ofPage: Readonly<Record<PageName, readonly string[]>> = {
  // The policy is made for the address of the service worker.
  workbench: ["connect-src 'none'", "worker-src 'self'", 'trusted-types service-worker'],
  status: ["connect-src 'self'", "trusted-types 'none'"],
};

/** What a `meta` element of a page may say of {@link contentSecurityPolicy}. */
export const metaPolicy = (page: PageName): string => [...directives, ...ofPage[page]].join('; ');

/**
 * The `Content-Security-Policy` under which a page works, for the header that it is served with. The page itself says the
 * same in a `meta` element, but for `frame-ancestors`, which only a header can say. The workbench may connect to nobody, the
 * status page to its own server.
 */
export const contentSecurityPolicy = (page: PageName): string => `${metaPolicy(page)}; frame-ancestors 'none'`;
