import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  hasScript,
  isBuilt,
  mayfly,
  mayflyUntilReady,
  mayflyWords,
  newDirectory,
  podRunning,
  repository,
  start,
  unlessBuilt,
} from './command.js';

const POPULAR = join(repository, '../shared/specs/popular-manifests');
const hasPopular = existsSync(POPULAR);

const fileIn = (directory: string, name: string, text: string): void => writeFileSync(join(directory, name), text);
const openssl = (cwd: string, ...args: readonly string[]): string =>
  execFileSync('openssl', args, { cwd, encoding: 'utf8' });

test
  .skipIf(!isBuilt || !hasPopular)
  .concurrent(
    `manifests from articles are served unchanged, and the commands beside them work${unlessBuilt}${hasPopular ? '' : ' (skipped: ../shared/specs/popular-manifests is missing)'}`,
    async () => {
      const directory = newDirectory();
      const files = readdirSync(POPULAR).filter((name) => name.endsWith('.yaml'));
      const run = mayfly(['up', ...files.flatMap((name) => ['-f', join(POPULAR, name)])], directory);
      await run.seen(/ Ready /);
      const volume = (pod: string, name: string): string =>
        join(directory, '.mayfly/pods/default', pod, 'volumes', name);
      const volumes = [
        volume('app-with-csr', 'pod-cert'),
        volume('secure-app', 'pod-cert'),
        volume('api-server', 'server-cert'),
        volume('api-client', 'client-cert'),
      ];
      for (const place of volumes) {
        expect(openssl(place, 'x509', '-in', 'tls.crt', '-noout', '-subject', '-issuer', '-dates')).toMatch(
          /^subject=.*\nissuer=O ?= ?Mayfly, CN ?= ?.+\nnotBefore=.+ GMT\nnotAfter=.+ GMT\n$/,
        );
        expect(openssl(place, 'verify', '-CAfile', 'ca.crt', 'tls.crt')).toBe('tls.crt: OK\n');
        expect(
          execFileSync('sh', ['-c', 'openssl x509 -noout -enddate < tls.crt'], { cwd: place, encoding: 'utf8' }),
        ).toMatch(/^notAfter=/);
      }
      const text = openssl(volumes[0]!, 'x509', '-in', 'tls.crt', '-noout', '-subject', '-ext', 'subjectAltName');
      expect(text).toMatch(/O ?= ?production, CN ?= ?app\.production\.svc/);
      expect(text).toContain('DNS:app.production.svc.cluster.local, DNS:app.production.svc');
      run.child.kill('SIGINT');
      expect(await run.ended).toEqual({ code: 0, signal: null });
      // What is ignored is said once, whatever the number of files.
      const said = (run.stdout() + run.stderr()).trim().split('\n');
      expect(said.filter((line) => line.includes('ignored in local mode'))).toHaveLength(1);
      expect(said.filter((line) => line.includes("Mayfly's own signer"))).toHaveLength(1);
      expect(said.filter((line) => line.includes('popular form'))).toHaveLength(1);
    },
  );

test
  .skipIf(!isBuilt)
  .concurrent(`with --output json every line is an object and the last is the summary${unlessBuilt}`, async () => {
    const directory = newDirectory();
    fileIn(directory, 'pods.yaml', podRunning('web', ['true']));
    const run = await mayflyUntilReady(['up', '-f', 'pods.yaml', '--output', 'json', '--lifetime', '60s'], directory);
    expect((await run.ended).code).toBe(0);
    const lines = run.stdout().trimEnd().split('\n');
    const objects = lines.map((line) => JSON.parse(line));
    expect(objects.at(-1)).toEqual({
      requests: 0,
      failed: 0,
      rotations: 0,
      overdue: 0,
      issued: 1,
      denied: 0,
      exited: 0,
      problems: [],
    });
    expect(objects.slice(0, -1).map(({ reason }) => reason)).toEqual([
      'AuthorityCreated',
      'VolumeWritten',
      'Issued',
      'Ready',
    ]);
    for (const event of objects.slice(0, -1)) expect(event.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(objects[2]).toMatchObject({
      type: 'Normal',
      pod: 'shop/web',
      volume: 'tls',
      serialNumber: expect.any(String),
    });
  });

test
  .skipIf(!isBuilt)
  .concurrent(`SIGINT ends all in order: summary, exit code 0, lock released${unlessBuilt}`, async () => {
    const directory = newDirectory();
    fileIn(directory, 'pods.yaml', podRunning('web', ['true']));
    const first = mayfly(['up', '-f', 'pods.yaml', '--listen', 'none'], directory, { NO_COLOR: '1' });
    await first.seen(/ Ready /);
    const second = mayfly(['up', '-f', 'pods.yaml'], directory);
    expect((await second.ended).code).toBe(1);
    expect(second.stderr()).toContain(`process ${first.child.pid} on `);
    expect(second.stderr()).toContain('choose another directory with --state');
    first.child.kill('SIGINT');
    expect(await first.ended).toEqual({ code: 0, signal: null });
    expect(first.stdout()).toMatch(/\nAll well after \S+: 1 certificate issued, 0 rotations, 0 overdue\n$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey
    expect(first.stdout()).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(existsSync(join(directory, '.mayfly/lock'))).toBe(false);
    const third = await mayflyUntilReady(['up', '-f', 'pods.yaml'], directory);
    expect((await third.ended).code).toBe(0);
    expect(third.stdout()).toMatch(/ Loaded .*\n(?:.*\n)*.*0 certificates issued/);
  });

test.skipIf(!isBuilt).concurrent(`a pod that never got a certificate makes the exit code 1${unlessBuilt}`, async () => {
  const directory = newDirectory();
  fileIn(
    directory,
    'pods.yaml',
    podRunning('web', ['true'], {}, ', stubPKCS10Request: { dnsNames: [bank.example.com] }'),
  );
  fileIn(directory, 'policy.yaml', 'signers: [{ name: mayfly.dev/workload, allow: [{ namespace: shop }] }]\n');
  const run = mayfly(['up', '-f', 'pods.yaml', '--policy', 'policy.yaml', '--for', '4s'], directory);
  expect((await run.ended).code).toBe(1);
  expect(run.stdout()).toContain('dNSName "bank.example.com" is withheld by signers[0].allow[0] (policy.yaml:1)');
  expect(run.stdout().match(/ Denied /g)).toHaveLength(1);
  expect(run.stdout()).toContain('Not all well after');
});

test
  .skipIf(!isBuilt)
  .concurrent(`every fault of the manifests is told with file, line and column${unlessBuilt}`, async () => {
    const directory = newDirectory();
    fileIn(
      directory,
      'pods.yaml',
      podRunning('web', ['true']).replace('expirationSeconds: 3600', 'expirationSecond: 60'),
    );
    fileIn(
      directory,
      'more.yaml',
      podRunning('db', ['true']).replace('mayfly.dev/workload', 'kubernetes.io/kubelet-serving'),
    );
    const run = mayfly(['up', '-f', 'pods.yaml', 'more.yaml'], directory);
    expect((await run.ended).code).toBe(1);
    expect(run.stdout()).toBe('');
    expect(run.stderr()).toMatch(/^pods\.yaml:\d+:\d+ .*expirationSecond.*expirationSeconds/m);
    expect(run.stderr()).toMatch(/^more\.yaml:\d+:\d+ .*kubelet-serving.*Name a signer of your own/m);
    expect(existsSync(join(directory, '.mayfly'))).toBe(false);
  });

test.skipIf(!isBuilt).concurrent.each<readonly [string, readonly string[], number, RegExp]>([
  ['a lifetime below the shortest', ['up', '--lifetime', '5s'], 2, /--lifetime 5s: need 10s to/],
  ['a lifetime that is no duration', ['up', '--lifetime', 'soon'], 2, /90s, 2m/],
  ['a misspelt option', ['up', '--lifetme', '60s'], 2, /Did you mean --lifetime/],
  ['an unknown command', ['upp'], 2, /Did you mean up/],
  ['an address without a port', ['up', '--listen', 'localhost'], 2, /Write host:port/],
  ['a missing file', ['up', '-f', 'nowhere.yaml'], 1, /nowhere\.yaml/],
  ['exec without --pod', ['exec', '--', 'true'], 2, /--pod/],
  ['a pod to run that is not there', ['up', '--run', 'nobody'], 1, /Cannot run pod nobody: the manifests have shop\//],
  ['a pod to run that has no command', ['up', '--run', 'catalog'], 1, /names no command/],
])(`%s is refused${unlessBuilt}`, async (_name, args, code, message) => {
  const directory = newDirectory();
  const run = mayfly(args, directory);
  expect((await run.ended).code).toBe(code);
  expect(run.stderr()).toMatch(message);
  expect(run.stderr()).not.toMatch(/^ +at /m);
});

test.skipIf(!isBuilt).concurrent.each([
  [
    'up',
    ['--filename', '--lifetime', '--for', '--state', '--policy', '--run', '--listen', '--output', '--ca-lifetime'],
  ],
  ['exec', ['--pod', '--container', '--state', '--wait', 'MAYFLY_CREDENTIAL_DIRECTORY']],
  ['translate', ['--filename', '--signer-name', 'kubectl apply']],
])(`%s --help has its options and examples${unlessBuilt}`, async (command, words) => {
  const directory = newDirectory();
  const run = mayfly([command, '--help'], directory);
  expect((await run.ended).code).toBe(0);
  for (const word of [...words, `mayfly ${command} `, 'Examples:']) expect(run.stdout()).toContain(word);
  expect(
    run
      .stdout()
      .split('\n')
      .filter((line) => line.length > 120),
  ).toEqual([]);
});

test
  .skipIf(!isBuilt || !hasScript)
  .concurrent(
    `a terminal shows the table${unlessBuilt}${hasScript ? '' : ' (skipped: script of util-linux is missing)'}`,
    async () => {
      const directory = newDirectory();
      fileIn(directory, 'pods.yaml', podRunning('web', ['true']));
      const words = [...mayflyWords, 'up', '-f', 'pods.yaml', '--for', '2s'];
      const command = `stty cols 130 rows 40; ${words.map((word) => `'${word}'`).join(' ')}`;
      const run = start('script', ['-qec', command, '/dev/null'], directory, { TERM: 'xterm' });
      expect((await run.ended).code).toBe(0);
      expect(run.stdout()).toMatch(/POD +SIGNER +SERIAL +AGE +REFRESH IN +EXPIRES IN +LAST EVENT/);
      expect(run.stdout()).toMatch(/shop\/web +mayfly\.dev\/workload +[0-9a-f]{10} +\ds +\d+m\S* +\d+m\S* +issued/);
      expect(run.stdout()).toMatch(/ready +rotations 0 +overdue 0\r?\n/);
      // The cursor is shown again.
      expect(run.stdout().lastIndexOf('\u001b[?25h')).toBeGreaterThan(run.stdout().lastIndexOf('\u001b[?25l'));
    },
  );

test
  .skipIf(!isBuilt || !hasScript)
  .concurrent(
    `a terminal is left as it was by a run that fails on the way${unlessBuilt}${hasScript ? '' : ' (skipped: script of util-linux is missing)'}`,
    async () => {
      const directory = newDirectory();
      fileIn(directory, 'pods.yaml', podRunning('web', ['true']));
      const first = await mayflyUntilReady(['up', '-f', 'pods.yaml'], directory);
      expect((await first.ended).code).toBe(0);
      const credentials = join(directory, '.mayfly/pods/shop/web/credentials');
      fileIn(
        directory,
        `${join('.mayfly/pods/shop/web/credentials', readdirSync(credentials)[0]!)}/credential-bundle.pem`,
        '',
      );
      const words = [...mayflyWords, 'up', '-f', 'pods.yaml'];
      const run = start('script', ['-qec', words.map((word) => `'${word}'`).join(' '), '/dev/null'], directory);
      expect((await run.ended).code).toBe(1);
      expect(run.stdout()).toContain('and the pod gets a new certificate');
      expect(run.stdout().lastIndexOf('\u001b[?25h')).toBeGreaterThan(run.stdout().lastIndexOf('\u001b[?25l'));
    },
  );
