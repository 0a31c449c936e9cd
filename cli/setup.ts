/** `vigil setup`: prints what to write in an agent's configuration, or writes the files that device management rolls out. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AGENTS,
  AGENT_PAGES,
  type Agent,
  type ManagedFile,
  agentNamed,
  recipeFor,
  setupNotes,
} from '../agents/index.ts';
import { isLoopback } from '../platform/config.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import { TOKEN_PLACEHOLDER } from '../schemas/api/placeholders.ts';
import { recipeText } from './recipe-text.ts';
import { UsageError, readArguments } from './usage.ts';

const KNOWN = AGENTS.map(({ name }) => name).join(', ');
const MANAGED = AGENTS.flatMap(({ name, setup: { managedFiles } }) => (managedFiles === undefined ? [] : [name])).join(
  ', ',
);

const LOCAL = 'http://127.0.0.1:4318';

const HELP = `Usage: vigil setup [AGENT] [--endpoint URL] [--credential TOKEN]
       vigil setup --managed AGENT --out FOLDER --endpoint URL [--credential TOKEN] [--force]

Prints what to write in the configuration of AGENT, or of every agent, so that it sends to a collector.
With --managed it writes the files by which device management does that, and says where a device keeps each of them.
docs/how-to/fleet.md says what a user can still switch off.

  AGENT               ${KNOWN}
  --managed AGENT     ${MANAGED}
  --out FOLDER        where the files are written; created if it does not exist
  --endpoint URL      the collector's address for OTLP/HTTP, without a path: https://vigil.example:4318
                      (default without --managed: ${LOCAL})
  --credential TOKEN  bearer token of the device: one for each, from vigil tokens create NAME
                      (without it, lines for another machine say ${TOKEN_PLACEHOLDER} where it belongs)
  --force             overwrite existing files`;

/** RFC 6750: the characters of a bearer token. None of them is special in TOML, JSON or an environment. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

const OPTIONS = {
  managed: { type: 'string' },
  out: { type: 'string' },
  endpoint: { type: 'string' },
  credential: { type: 'string' },
  force: { type: 'boolean' },
} as const;

type Options = ReturnType<typeof readArguments<typeof OPTIONS>>['values'];

export async function setup(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args, OPTIONS, HELP, 1);
  const [name] = positionals;
  const { managed, credential } = values;
  if (credential !== undefined && !TOKEN.test(credential))
    throw new UsageError(`--credential is not a bearer token: letters, digits and . _ ~ + / - only\n\n${HELP}`);
  if (managed !== undefined) {
    if (name !== undefined) throw new UsageError(`${JSON.stringify(name)} is not expected here\n\n${HELP}`);
    await writeManaged(managed, values);
  } else {
    if (values.out !== undefined || values.force === true)
      throw new UsageError(`--out and --force are for --managed\n\n${HELP}`);
    printRecipes(name === undefined ? AGENTS : [agentOf(name)], values);
  }
}

/** @throws UsageError */
function agentOf(name: string): Agent {
  const agent = agentNamed(name);
  if (agent === undefined)
    throw new UsageError(`no agent ${JSON.stringify(name)} is known: it is one of ${KNOWN}\n\n${HELP}`);
  return agent;
}

function printRecipes(agents: readonly Agent[], { endpoint = LOCAL, credential }: Options): void {
  const base = baseOf(endpoint);
  // Beyond loopback a collector accepts only requests with a credential.
  const needsCredential = !isLoopback(new URL(base).hostname.replace(/^\[|\]$/g, ''));
  const collector = { endpoint: base, credential: credential ?? (needsCredential ? TOKEN_PLACEHOLDER : undefined) };
  const paragraphs = agents.map((agent) =>
    [recipeText(recipeFor(agent, collector)), ...notesOf(agent), `  More: ${AGENT_PAGES}/${agent.name}.md`].join(
      '\n\n',
    ),
  );
  console.log(paragraphs.join('\n\n'));
}

function notesOf(agent: Agent): readonly string[] {
  const notes = setupNotes(agent);
  return notes.length === 0 ? [] : [`  ${notes.join(' ')}`];
}

async function writeManaged(name: string, { out, endpoint, credential, force }: Options): Promise<void> {
  if (out === undefined || endpoint === undefined)
    throw new UsageError(`--managed, --out and --endpoint are needed\n\n${HELP}`);
  const filesOf = agentNamed(name)?.setup.managedFiles;
  if (filesOf === undefined)
    throw new UsageError(
      `there are no managed settings for ${JSON.stringify(name)}: it is one of ${MANAGED}\n\n${HELP}`,
    );
  const files = filesOf({ endpoint: baseOf(endpoint), credential });
  await writeAll(out, files, force === true);
  for (const { name: file, locations } of files) console.log([join(out, file), ...locations].join('\n  '));
  if (credential === undefined)
    console.log('No credential: the collector accepts these requests on loopback, or by client certificates, only.');
  else console.log('They hold the credential of one device: anybody who can read them can send as that device.');
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

/** All of them or, if one exists already, none. @throws ShellError FILE_EXISTS, CANNOT_WRITE */
async function writeAll(folder: string, files: readonly ManagedFile[], force: boolean): Promise<void> {
  const taken = force ? [] : files.map(({ name }) => join(folder, name)).filter((path) => existsSync(path));
  if (taken.length > 0)
    throw new ShellError('FILE_EXISTS', `${taken.join(', ')}: already there; --force writes over it`, {
      retryable: false,
    });
  try {
    await mkdir(folder, { recursive: true });
    // They may hold a token: here only their owner can read them. On the device its users must be able to.
    for (const { name, text } of files) {
      const path = join(folder, name);
      await writeFile(path, text, { mode: 0o600, flag: force ? 'w' : 'wx' });
      await chmod(path, 0o600);
    }
  } catch (error) {
    throw new ShellError('CANNOT_WRITE', `${folder}: ${messageOf(error)}`, { retryable: false, cause: error });
  }
}
