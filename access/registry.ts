/** The clients that are known, found by what a request proves itself with. Pure. */
import { sha256 } from '../platform/hash.ts';
import { type Client, type Credential, type RegisteredClient, type Use } from './client.ts';
import { RIGHTS_OF_USE } from './rights.ts';
import { idOfToken, isTokenOf } from './tokens/token.ts';

/** A token that the configuration names (VIGIL_CREDENTIALS). */
export interface ConfiguredToken {
  readonly tenant: string;
  readonly sender: string;
  readonly use: Use;
  /** SHA-256 of the token, lower-case hex; the token itself is stored nowhere. */
  readonly tokenSha256: string;
}

export interface KnownClient {
  readonly client: Client;
  /** Absent for a token of the configuration, which has no end. */
  readonly credential?: Credential;
}

export interface Registry {
  readonly clients: readonly RegisteredClient[];
  readonly byToken: (token: string) => KnownClient | undefined;
  /** Finds a token's client by the key of its credential. */
  readonly byKey: (key: string) => KnownClient | undefined;
  /** The first of these names that is a registered certificate. */
  readonly byCertificate: (names: readonly string[]) => KnownClient | undefined;
  readonly byName: (tenant: string, sender: string) => Client | undefined;
}

const CONFIGURED = 'configured:';

export function createRegistry(
  clients: readonly RegisteredClient[],
  configured: readonly ConfiguredToken[] = [],
): Registry {
  const tokens = new Map<string, KnownClient & { readonly sha256: string }>();
  const certificates = new Map<string, KnownClient>();
  const byName = new Map<string, Client>();
  for (const registered of clients) {
    const client = clientOf(registered);
    byName.set(`${client.tenant}/${client.sender}`, client);
    for (const credential of registered.credentials) {
      const known = {
        client: { ...client, credential: { key: credential.id, endsAt: credential.expiresAt } },
        credential,
      };
      if (credential.kind === 'token') tokens.set(credential.id, { ...known, sha256: credential.sha256 });
      else certificates.set(credential.name, known);
    }
  }
  // These are looked up by hash, so the time of a lookup reveals nothing about how much of a token was right.
  const byHash = new Map<string, KnownClient>();
  const byConfiguredKey = new Map<string, KnownClient>();
  for (const { tokenSha256, ...of } of configured) {
    const key = CONFIGURED + sha256(tokenSha256);
    const known = { client: { ...clientOf(of), credential: { key } } };
    byHash.set(tokenSha256, known);
    byConfiguredKey.set(key, known);
  }
  return {
    clients,
    byToken: (token) => {
      const known = tokens.get(idOfToken(token) ?? '');
      return known !== undefined && isTokenOf(token, known.sha256) ? known : byHash.get(sha256(token));
    },
    byKey: (key) => tokens.get(key) ?? byConfiguredKey.get(key),
    byCertificate: (names) => names.map((name) => certificates.get(name)).find((known) => known !== undefined),
    byName: (tenant, sender) => byName.get(`${tenant}/${sender}`),
  };
}

type Terms = Omit<RegisteredClient, 'credentials'>;

function clientOf({ use, reads = [], ...named }: Terms & { readonly credentials?: unknown }): Client {
  const { credentials: _, ...terms } = named;
  return { ...terms, rights: RIGHTS_OF_USE[use], reads, isAnonymous: false };
}
