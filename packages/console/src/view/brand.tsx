/** The sign and the name of a page. */
export const Brand = ({ title }: { readonly title: string }) => (
  <div class="brand">
    <svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">
      <path d="M12 21c-1-4-1-8 0-12 1 4 1 8 0 12Z" fill="currentColor" />
      <path d="M12 10C9 4 5 2 2 3c0 4 4 7 10 8 6-1 10-4 10-8-3-1-7 1-10 7Z" fill="currentColor" opacity=".55" />
    </svg>
    <h1>{title}</h1>
  </div>
);
