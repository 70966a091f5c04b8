export { contentSecurityPolicy } from './content-security-policy.js';
export { pagesDirectory } from './pages-directory.js';
