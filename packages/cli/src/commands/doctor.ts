import { createClient, openConnection } from '@mayfly/pod-certificates/kubernetes';
import { Command } from 'commander';
import { type CommandIo, processIo } from '../command-io.js';
import { examine } from '../doctor/examine.js';
import { CliError } from '../errors.js';
import { signerNameFault } from '../manifests/signer-names.js';
import { printable } from '../terminal-text.js';
import { childEnvironment } from '../token-key.js';
import { leaseOf, secretOf } from './arguments.js';

interface DoctorFlags {
  readonly signerName: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly lease?: string;
  readonly caManaged?: string;
  readonly json?: boolean;
}

/** `mayfly doctor`. */
export const doctorCommand = (io: CommandIo = processIo()): Command =>
  new Command('doctor')
    .summary('look for what keeps a cluster from issuing pod certificates')
    .description(
      'Looks at versions, clock, rights, trust bundle, signers, authorities, unanswered requests and pods that wait, as the user that runs it.\nExits 0 when all is well, 1 when not.',
    )
    .requiredOption('--signer-name <name>', 'the signer, as in example.com/workload')
    .option('--kubeconfig <file>', 'default: KUBECONFIG, then the service account of the pod, then ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option(
      '--lease <[namespace/]name>',
      'as the signer was told; "none" looks for none (default: named after the signer, in any namespace)',
    )
    .option('--ca-managed <namespace/name>', 'a Secret of authorities to look at, as the signer was told')
    .option('--json', 'print the findings as JSON')
    .action((flags: DoctorFlags) => doctor(flags, io));

async function doctor(flags: DoctorFlags, io: CommandIo): Promise<void> {
  const { signerName, kubeconfig, context, caManaged, json = false } = flags;
  const fault = signerNameFault(signerName);
  if (fault !== undefined)
    throw new CliError('ERR_CLI_USAGE', `Cannot use --signer-name ${JSON.stringify(signerName)}: it ${fault}`);
  const places = {
    lease: leaseOf(flags.lease, signerName),
    authorities: caManaged === undefined ? undefined : secretOf('--ca-managed', caManaged),
  };
  const client = createClient(await openConnection({ kubeconfig, context, env: childEnvironment() }), {
    userAgent: 'mayfly-doctor',
  });
  try {
    const findings = await examine(client, signerName, io.now(), places);
    if (json) io.writeOut(`${JSON.stringify(findings, undefined, 2)}\n`);
    else
      for (const { ok, check, message } of findings)
        io.writeOut(`${ok ? 'ok  ' : 'BAD '} ${check}: ${printable(message)}\n`);
    if (findings.some(({ ok }) => !ok)) io.setExitCode(1);
  } finally {
    await client.close();
  }
}
