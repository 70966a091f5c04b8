/** Where the built pages lie, as a `file:` URL that ends with a slash: `workbench.html`, `status.html`, `service-worker.js`, `assets/`. */
export const pagesDirectory = (): URL => new URL('../dist/pages/', import.meta.url);
