/**
 * Who reads: the page with its API, and `/metrics` of a role that has a port for it. Each credential is for one thing, so
 * what sends telemetry reads nothing, and what reads sends nothing.
 */
import { sha256 } from '../platform/hash.ts';
import { readAuthorization } from './authorization.ts';
import type { Known, Registry } from './registry.ts';
import { EVERY_TENANT, type Sender, type Use, stateOf } from './client.ts';

/** What can be read. */
export type Reading = Exclude<Use, 'telemetry'>;

/** Whose request it is. */
export interface Reader {
  /** The same for as long as the credential is there; tells nothing of the token. */
  readonly key: string;
  readonly sender: string;
  /** Its own. */
  readonly tenant: string;
  readonly use: Use;
  /** Besides its own; `*` is every one. */
  readonly reads: readonly string[];
  /** End of the credential, ms since epoch. */
  readonly endsAt?: number;
}

export type Identified =
  | { readonly kind: 'reader'; readonly reader: Reader }
  /** What was shown is no credential, or one that has ended. */
  | { readonly kind: 'unknown'; readonly message: string };

export interface Readers {
  /** Whether this may be read without a credential. */
  readonly isOpenTo: (what: Reading) => boolean;
  readonly byAuthorization: (authorization: string) => Identified;
  /** Undefined when the credential has ended since. */
  readonly byKey: (key: string) => Reader | undefined;
}

/** A token that the configuration names. */
export interface StaticReader extends Pick<Sender, 'tenant' | 'sender' | 'use'> {
  readonly tokenSha256: string;
}

export interface ReadersDeps {
  readonly registry: () => Registry;
  readonly statics: readonly StaticReader[];
  readonly isOpenTo: (what: Reading) => boolean;
  /** A credential of the file of senders was taken. */
  readonly onUse: (id: string) => void;
  readonly now: () => number;
}

const CONFIGURED = 'configured:';

export function createReaders({ registry, statics, isOpenTo, onUse, now }: ReadersDeps): Readers {
  // Looked up by hash: the time it takes says nothing about how much of a token was right.
  const byHash = new Map(
    statics.map(({ tokenSha256, ...of }) => [tokenSha256, { ...of, reads: [], key: CONFIGURED + sha256(tokenSha256) }]),
  );
  const byConfiguredKey = new Map([...byHash.values()].map((reader) => [reader.key, reader]));

  const readerOf = ({ sender, credential }: Known): Identified => {
    const state = stateOf(credential, now());
    if (state !== 'active')
      return {
        kind: 'unknown',
        message: state === 'revoked' ? 'The credential was revoked' : 'The credential has expired',
      };
    onUse(credential.id);
    const { tenant, sender: name, use, reads = [] } = sender;
    const end = credential.expiresAt === undefined ? {} : { endsAt: credential.expiresAt };
    return { kind: 'reader', reader: { key: credential.id, tenant, sender: name, use, reads, ...end } };
  };

  return {
    isOpenTo,
    byAuthorization: (authorization) => {
      const shown = readAuthorization(authorization);
      if (shown.kind === 'strange') return { kind: 'unknown', message: shown.message };
      const known = registry().byToken(shown.token);
      const configured = byHash.get(sha256(shown.token));
      const sender = known?.sender.sender ?? configured?.sender;
      if (sender === undefined || (shown.user !== undefined && shown.user !== sender))
        return { kind: 'unknown', message: 'The credential is not known' };
      if (known !== undefined) return readerOf(known);
      return configured === undefined
        ? { kind: 'unknown', message: 'The credential is not known' }
        : { kind: 'reader', reader: configured };
    },
    byKey: (key) => {
      if (key.startsWith(CONFIGURED)) return byConfiguredKey.get(key);
      const known = registry().byId(key);
      const identified = known === undefined ? undefined : readerOf(known);
      return identified?.kind === 'reader' ? identified.reader : undefined;
    },
  };
}

export function mayRead({ tenant, reads }: Pick<Reader, 'tenant' | 'reads'>, asked: string): boolean {
  return asked === tenant || reads.includes(EVERY_TENANT) || reads.includes(asked);
}
