const directives: readonly string[] = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'none'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  // Made for the address of the service worker.
  'trusted-types service-worker',
];

/** What a `meta` element of the page may say of {@link contentSecurityPolicy}. */
export const metaPolicy = (): string => directives.join('; ');

/**
 * The `Content-Security-Policy` under which the workbench works, for the header that it is served with. The page itself says
 * the same in a `meta` element, but for `frame-ancestors`, which only a header can say. It may connect to nobody.
 */
export const contentSecurityPolicy = (): string => `${metaPolicy()}; frame-ancestors 'none'`;
