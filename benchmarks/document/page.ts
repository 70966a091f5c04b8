import MarkdownIt from 'markdown-it';

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --link: light-dark(#0b57d0, #8ab4f8); }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.9rem; } h2 { margin-top: 2.6rem; border-top: 1px solid var(--line); padding-top: 1.2rem; }
a { color: var(--link); } img { max-width: 100%; height: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .87rem; font-variant-numeric: tabular-nums; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .28rem .6rem; text-align: left; vertical-align: top; }
th { background: var(--soft); } tr:hover td { background: var(--soft); }
table:has(th:nth-child(6)) td:nth-child(n+3):nth-child(-n+6) { white-space: nowrap; }
pre { background: var(--soft); padding: .8rem 1rem; overflow-x: auto; border-radius: .4rem; }
code { font: .9em ui-monospace, monospace; white-space: nowrap; } pre code { white-space: pre; }
nav { font-size: .9rem; margin: 1rem 0; } nav a { margin-right: .9rem; white-space: nowrap; }
`;

/** A static page of its own, readable without scripts and in the dark. */
export function page(title: string, markdown: string): string {
  const headings = [...markdown.matchAll(/^## (.*)$/gm)].map(([, text]) => text!);
  const body = new MarkdownIt()
    .render(markdown)
    .replace(/<h2>(.*?)<\/h2>/g, (_, text: string) => `<h2 id="${anchor(text)}">${text}</h2>`)
    .replace(/<table>/g, '<div class="scroll"><table>')
    .replace(/<\/table>/g, '</table></div>')
    .replace(
      '</h1>',
      `</h1>\n<nav>${headings.map((text) => `<a href="#${anchor(text)}">${text}</a>`).join('\n')}</nav>`,
    );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
${body}</html>
`;
}

const anchor = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
