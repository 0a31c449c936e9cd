/** Finds the client of a request by its credential. What a payload says about its sender is never used. */
import type { ClientCertificate } from './certificates/client-certificate.ts';
import { readAuthorization } from './authorization-header.ts';
import type { KnownClient, Registry } from './registry.ts';
import { type Client, NAME, stateOf } from './client.ts';
import { CREDENTIAL_NEEDED, type Denial, denied } from './denial.ts';
import { type PageCheck, pageDenial } from './page-check.ts';
import { RIGHTS_OF_USE } from './rights.ts';

/** What a request presents to prove its client. */
export interface Presented {
  readonly authorization?: string | undefined;
  /** The client certificate of the connection. */
  readonly certificate?: ClientCertificate | undefined;
  /** The host name it was sent to: `Host`, or `:authority` in HTTP/2. */
  readonly host?: string | undefined;
  /** `Origin`: the page that made a browser send it. */
  readonly page?: string | undefined;
}

export interface AuthenticationDeps {
  /** The clients that are known now. */
  readonly registry: () => Registry;
  /** The client of requests without a credential; undefined while every request needs one. */
  readonly anonymous: () => Client | undefined;
  /** Checks requests without a credential against pages in a browser; undefined where the server has its own check. */
  readonly pages?: PageCheck | undefined;
  /** Tenant of a client certificate that is not registered. */
  readonly tenant: string;
  /** Called with the id of each registered credential that was accepted. */
  readonly onUse: (id: string) => void;
  readonly now: () => number;
}

export type Authenticated = { readonly kind: 'client'; readonly client: Client } | Denial;

export interface Authentication {
  /** A credential that is presented and wrong is denied, even where none is needed. A token takes precedence over a certificate. */
  readonly authenticate: (presented: Presented) => Authenticated;
  /** The client of a token whose key was kept, for example for a sign-in; undefined once the token has ended. */
  readonly byKey: (key: string) => Client | undefined;
}

const NOT_KNOWN = denied('credential', 'the credential is not known');

export function createAuthentication(deps: AuthenticationDeps): Authentication {
  const { registry, anonymous, pages, tenant, onUse, now } = deps;

  const accept = ({ client, credential }: KnownClient): Authenticated => {
    if (credential !== undefined) {
      const state = stateOf(credential, now());
      if (state !== 'active')
        return denied('credential', state === 'revoked' ? 'the credential was revoked' : 'the credential has expired');
      onUse(credential.id);
    }
    return { kind: 'client', client };
  };

  const byToken = (authorization: string): Authenticated => {
    const read = readAuthorization(authorization);
    if (read.kind === 'malformed') return denied('credential', read.message);
    const known = registry().byToken(read.token);
    if (known === undefined || (read.user !== undefined && read.user !== known.client.sender)) return NOT_KNOWN;
    return accept(known);
  };

  const byCertificate = ({ names, notAfterMs, trouble }: ClientCertificate): Authenticated => {
    if (trouble !== undefined) return denied('credential', `the client certificate is not accepted: ${trouble}`);
    // Checked with each request: the certificate may have ended since the connection was opened.
    if (notAfterMs <= now()) return denied('credential', 'the client certificate has ended');
    const known = registry().byCertificate(names);
    if (known !== undefined) return accept(known);
    const sender = names.find((name) => NAME.test(name));
    if (sender === undefined) return denied('credential', 'the client certificate has no name that a client can have');
    const client = registry().byName(tenant, sender) ?? {
      tenant,
      sender,
      rights: RIGHTS_OF_USE.telemetry,
      reads: [],
      isAnonymous: false,
    };
    return { kind: 'client', client };
  };

  return {
    authenticate: (presented) => {
      const { authorization, certificate } = presented;
      if (authorization !== undefined) return byToken(authorization);
      if (certificate !== undefined) return byCertificate(certificate);
      const client = anonymous();
      if (client === undefined) return CREDENTIAL_NEEDED;
      return (pages === undefined ? undefined : pageDenial(pages, presented)) ?? { kind: 'client', client };
    },
    byKey: (key) => {
      const known = registry().byKey(key);
      const authenticated = known === undefined ? undefined : accept(known);
      return authenticated?.kind === 'client' ? authenticated.client : undefined;
    },
  };
}
