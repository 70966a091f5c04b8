const ATEXT = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\\u0000-\\u007f]";
const DOT_ATOM = `(?:${ATEXT})+(?:\\.(?:${ATEXT})+)*`;
const QUOTED = '"(?:[^"\\\\\\r\\n]|\\\\[\\u0020-\\u007e])*"';
const DOMAIN_LITERAL = '\\[[\\u0021-\\u005a\\u005e-\\u007e]*\\]';
const ADDR_SPEC = `(?:${DOT_ATOM}|${QUOTED})@(?:${DOT_ATOM}|${DOMAIN_LITERAL})`;
const ADDRESS = /* @__PURE__ */ new RegExp(`^(?:${ADDR_SPEC}|(?:[^<>@]*\\s)?<${ADDR_SPEC}>)$`, 'u');

/** Whether text is one mail address of RFC 5322 §3.4, with or without a display name. */
export const isMailAddress = (text: string): boolean => ADDRESS.test(text.trim());
