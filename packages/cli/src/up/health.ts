import { messageOf } from '../errors.js';
import { answerText, type LocalServer, serveLocally } from '../local-server.js';

/** Whether everything is as it should be, and what is not. */
export interface Health {
  readonly ready: boolean;
  readonly problems: readonly string[];
}

/** All is well when nobody has a problem. */
export function healthOf(parts: readonly { readonly problems: () => readonly string[] }[]): Health {
  const problems = parts.flatMap((part) => part.problems());
  return { ready: problems.length === 0, problems };
}

/**
 * Serves `/livez` (200 while the process answers) and `/readyz` (200 or 503 with one problem on a line) as
 * {@link serveLocally} does.
 * @param address - `host:port`; port 0 takes a free one.
 * @param metrics - What `/metrics` shows, in the text format of Prometheus. Default no `/metrics`.
 * @throws {@link CliError} `ERR_CLI_PORT`, `ERR_CLI_USAGE`.
 */
export const serveHealth = (
  address: string,
  health: () => Health,
  metrics?: () => Promise<string>,
): Promise<LocalServer> =>
  serveLocally(address, '--listen', (path, _request, response) => {
    const answer = (status: number, text: string): void => answerText(response, status, text);
    if (path === '/livez') return answer(200, 'ok');
    if (path === '/metrics' && metrics !== undefined)
      return void metrics().then(
        (text) => answer(200, text.trimEnd()),
        (error: unknown) => answer(500, messageOf(error)),
      );
    if (path !== '/readyz')
      return answer(
        404,
        metrics === undefined ? 'there are /livez and /readyz' : 'there are /livez, /readyz and /metrics',
      );
    const { ready, problems } = health();
    answer(ready ? 200 : 503, ready ? 'ok' : problems.join('\n'));
  });
