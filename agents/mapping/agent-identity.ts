/** Reads the actor and the environment of a record, in the same way for every agent. */
import type { DraftFields, Owner } from './event-draft.ts';
import type { Identity } from './mapping.ts';
import type { RecordFields } from './record-fields.ts';

/** Keys under which an agent names a person, most exact first. */
export interface IdentityKeys {
  /** Accounts that the agent itself signed in with. */
  readonly account: readonly string[];
  readonly user: readonly string[];
  /** One installation of the agent, not a person. */
  readonly install: readonly string[];
}

/**
 * Identity and the related fields. An account counts only if the record, not the resource, has it: resource
 * attributes come from the environment, where anybody can set any name. A user or host from there is a claim, which is
 * better than nothing; `vigil.user_source` marks it. A run of continuous integration is its repository and workflow, since its
 * runner, and what the agent installs there, exist only once. An account or user that the agent itself reports takes precedence.
 */
export function ownerOf(fields: RecordFields, keys: IdentityKeys): Owner {
  let account: string | undefined;
  for (const key of keys.account) if (!fields.isOfResource(key)) account ??= fields.text(key);
  let user: string | undefined;
  for (const key of keys.user) if (!fields.isOfResource(key)) user ??= fields.text(key);
  const isClaim = user === undefined;
  if (user === undefined) {
    user = fields.ofResource(...keys.user);
    // Claude Code copies the resource's attributes onto each record.
    for (const key of keys.user) if (fields.isOfResource(key)) fields.drop(key);
    if (user !== undefined) fields.note('vigil.user_source', 'resource');
  }
  let install: string | undefined;
  for (const key of keys.install) install ??= fields.seeText(key);
  const host = fields.anywhere('host.name');
  const ci = pipelineOf(fields);
  // Of two claims from the environment, prefer the pipeline: who started a run, or owns its runner, changes.
  const actsAs = isClaim && ci !== undefined ? undefined : user;
  const identity: Identity = {
    ...(account === undefined ? {} : { account }),
    ...(actsAs === undefined ? {} : { user: actsAs }),
    ...(ci === undefined ? {} : { ci }),
    ...(install === undefined ? {} : { install }),
    ...(host === undefined ? {} : { host }),
  };
  const isEmail = user?.includes('@') === true;
  const claimed: DraftFields = {
    userId: account ?? (isEmail ? undefined : user),
    userEmail: isEmail ? user : undefined,
    host,
    repository: fields.anywhere('vcs.repository.url.full'),
  };
  return { identity, claimed };
}

/** Matches the parts of a repository address around its name: scheme, credentials, ending. */
const AROUND_REPOSITORY = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^/@]*@)?|(?:\.git)?\/*$/gi;

/**
 * `<repository>/<workflow>` if the resource names both. A repository address is reduced to host and path (`github.com/acme/shop`).
 * Source: attributes `cicd.*` and `vcs.*` of OpenTelemetry's semantic conventions 1.44.
 */
function pipelineOf(fields: RecordFields): string | undefined {
  const workflow = fields.seeOfResource('cicd.pipeline.name');
  if (workflow === undefined) return undefined;
  const address = fields.seeOfResource('vcs.repository.url.full') ?? fields.seeOfResource('vcs.repository.name');
  const repository = address?.replace(AROUND_REPOSITORY, '') ?? '';
  return repository === '' ? undefined : `${repository}/${workflow}`;
}
