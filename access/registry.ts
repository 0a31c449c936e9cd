/** Senders and credentials as those who take them ask for them. Pure. */
import type { Credential, Sender } from './client.ts';
import { idOfToken, isTokenOf } from './tokens/token.ts';

export interface Known {
  readonly sender: Sender;
  readonly credential: Credential;
}

export interface Registry {
  readonly senders: readonly Sender[];
  readonly byToken: (token: string) => Known | undefined;
  /** Of the id of a token. */
  readonly byId: (id: string) => Known | undefined;
  /** The first of the names that belongs to a credential. */
  readonly byCertificate: (names: readonly string[]) => Known | undefined;
  readonly sender: (tenant: string, sender: string) => Sender | undefined;
}

export function createRegistry(senders: readonly Sender[]): Registry {
  const tokens = new Map<string, Known & { readonly sha256: string }>();
  const certificates = new Map<string, Known>();
  const byName = new Map<string, Sender>();
  for (const sender of senders) {
    byName.set(`${sender.tenant}/${sender.sender}`, sender);
    for (const credential of sender.credentials)
      if (credential.kind === 'token') tokens.set(credential.id, { sender, credential, sha256: credential.sha256 });
      else certificates.set(credential.name, { sender, credential });
  }
  return {
    senders,
    byToken: (token) => {
      const known = tokens.get(idOfToken(token) ?? '');
      return known !== undefined && isTokenOf(token, known.sha256) ? known : undefined;
    },
    byId: (id) => tokens.get(id),
    byCertificate: (names) => names.map((name) => certificates.get(name)).find((known) => known !== undefined),
    sender: (tenant, sender) => byName.get(`${tenant}/${sender}`),
  };
}
