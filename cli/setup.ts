/** `vigil setup --managed`: writes the files that device management rolls out. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import { MANAGED, type ManagedFile } from './managed-files.ts';
import { UsageError, readArguments } from './usage.ts';

const AGENTS = Object.keys(MANAGED).join(', ');

const HELP = `Usage: vigil setup --managed AGENT --out FOLDER --endpoint URL [--credential TOKEN] [--force]

Writes the files by which device management points AGENT at a collector, and says where each of them lies on a device.
docs/how-to/fleet.md says what a user can still switch off.

  --managed AGENT     ${AGENTS}
  --out FOLDER        where the files are written; made where it is not there
  --endpoint URL      the collector's address for OTLP/HTTP, without a path: https://vigil.example:4318
  --credential TOKEN  bearer token of the device: one for each, from vigil tokens create NAME
  --force             write over files that are there`;

/** RFC 6750: the characters of a bearer token. None of them means anything to TOML, JSON or an environment. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

const OPTIONS = {
  managed: { type: 'string' },
  out: { type: 'string' },
  endpoint: { type: 'string' },
  credential: { type: 'string' },
  force: { type: 'boolean' },
} as const;

export async function setup(args: readonly string[]): Promise<void> {
  const { values } = readArguments(args, OPTIONS, HELP, 0);
  const { managed: agent, out, credential } = values;
  if (agent === undefined || out === undefined || values.endpoint === undefined)
    throw new UsageError(`--managed, --out and --endpoint are needed\n\n${HELP}`);
  const filesOf = Object.hasOwn(MANAGED, agent) ? MANAGED[agent] : undefined;
  if (filesOf === undefined)
    throw new UsageError(
      `there are no managed settings for ${JSON.stringify(agent)}: it is one of ${AGENTS}\n\n${HELP}`,
    );
  if (credential !== undefined && !TOKEN.test(credential))
    throw new UsageError(`--credential is not a bearer token: letters, digits and . _ ~ + / - only\n\n${HELP}`);
  const files = filesOf({ endpoint: baseOf(values.endpoint), credential });
  await writeAll(out, files, values.force === true);
  for (const { name, locations } of files) console.log([join(out, name), ...locations].join('\n  '));
  if (credential === undefined)
    console.log('No credential: the collector takes these requests on loopback, or by client certificates, only.');
  else console.log('They hold the credential of one device: whoever can read them can send as that device.');
}

/** @throws UsageError */
function baseOf(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isBase =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === '/' &&
    url.search + url.hash + url.username + url.password === '';
  if (!isBase)
    throw new UsageError(
      `--endpoint ${endpoint} is not the base address of a collector, such as https://vigil.example:4318\n\n${HELP}`,
    );
  return url.origin;
}

/** All of them or, where one is there already, none. @throws ShellError FILE_EXISTS, CANNOT_WRITE */
async function writeAll(folder: string, files: readonly ManagedFile[], force: boolean): Promise<void> {
  const taken = force ? [] : files.map(({ name }) => join(folder, name)).filter((path) => existsSync(path));
  if (taken.length > 0)
    throw new ShellError('FILE_EXISTS', `${taken.join(', ')}: already there; --force writes over it`, {
      retryable: false,
    });
  try {
    await mkdir(folder, { recursive: true });
    // A token lies in them: only their owner reads them here. On a device its users must be able to.
    for (const { name, text } of files) {
      const path = join(folder, name);
      await writeFile(path, text, { mode: 0o600, flag: force ? 'w' : 'wx' });
      await chmod(path, 0o600);
    }
  } catch (error) {
    throw new ShellError('CANNOT_WRITE', `${folder}: ${messageOf(error)}`, { retryable: false, cause: error });
  }
}
