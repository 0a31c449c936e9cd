/** Whose request it is. A credential belongs to a sender; what a payload says of itself is never asked. */
import { sha256 } from '../platform/hash.ts';
import type { ClientCertificate } from './certificates/client-certificate.ts';
import { readAuthorization } from './authorization.ts';
import type { Known, Registry } from './registry.ts';
import { NAME, type Quota, type Sender, stateOf } from './client.ts';
import { AccessDenied } from './access-denied.ts';
import type { Origin } from '../schemas/otlp/request.ts';
import { type PageCheck, assertNoPage } from './page-check.ts';

/** What a request shows of who sends it. */
export interface Presented {
  readonly authorization?: string | undefined;
  /** Of its connection. */
  readonly certificate?: ClientCertificate | undefined;
  /** The name by which it came here: `Host`, or `:authority` of HTTP/2. */
  readonly host?: string | undefined;
  /** The page that made a browser send it. */
  readonly page?: string | undefined;
}

export interface Principal extends Origin {
  readonly use: Sender['use'];
  /** Id of a credential in the file of senders. */
  readonly credential?: string;
  readonly quota?: Quota | undefined;
  readonly actorQuota?: Quota | undefined;
}

/** A token that the configuration names. */
export interface StaticCredential extends Pick<Sender, 'tenant' | 'sender' | 'use'> {
  /** SHA-256 of the token, lower-case hex: the token itself is nowhere stored. */
  readonly tokenSha256: string;
}

export interface AuthenticationDeps {
  /** The senders as they are now. */
  readonly registry: () => Registry;
  readonly statics: readonly StaticCredential[];
  /** Whose requests without a credential are; undefined while none are taken. */
  readonly anonymous: () => Origin | undefined;
  /** Tenant of a client certificate that no sender has. */
  readonly tenant: string;
  readonly pages: PageCheck;
  /** A credential of the file of senders was taken. */
  readonly onUse: (id: string) => void;
  readonly now: () => number;
}

/** @throws AccessDenied `credential`; `host` or `page` when a browser may have been made to send it */
export type Authenticate = (presented: Presented) => Principal;

export function createAuthentication(deps: AuthenticationDeps): Authenticate {
  const { registry, statics, tenant, pages, now } = deps;
  // Looked up by hash: the time it takes says nothing about how much of a token was right.
  const byHash = new Map(statics.map(({ tokenSha256, ...of }) => [tokenSha256, of]));

  const byToken = (authorization: string): Principal => {
    const { token, user } = tokenOf(authorization);
    const known = registry().byToken(token);
    const principal = known === undefined ? byHash.get(sha256(token)) : principalOf(known, now());
    if (principal === undefined || (user !== undefined && user !== principal.sender)) throw unknown();
    return principal;
  };
  const byCertificate = ({ names, notAfterMs, trouble }: ClientCertificate): Principal => {
    if (trouble !== undefined) throw refused(`the client certificate is not accepted: ${trouble}`);
    // Looked at anew: a connection may have been opened before.
    if (notAfterMs <= now()) throw refused('the client certificate has ended');
    const known = registry().byCertificate(names);
    if (known !== undefined) return principalOf(known, now());
    const sender = names.find((name) => NAME.test(name));
    if (sender === undefined) throw refused('the client certificate has no name that a sender can have');
    const registered = registry().sender(tenant, sender);
    return registered === undefined ? { tenant, sender, use: 'telemetry' } : termsOf(registered);
  };

  const used = (principal: Principal): Principal => {
    if (principal.credential !== undefined) deps.onUse(principal.credential);
    return principal;
  };

  return (presented) => {
    const { authorization, certificate } = presented;
    if (authorization !== undefined) return used(byToken(authorization));
    if (certificate !== undefined) return used(byCertificate(certificate));
    const anonymous = deps.anonymous();
    if (anonymous === undefined) throw refused('a credential is needed');
    assertNoPage(pages, presented);
    return { ...anonymous, use: 'telemetry' };
  };
}

/** @throws AccessDenied `credential` */
function principalOf({ sender, credential }: Known, now: number): Principal {
  const state = stateOf(credential, now);
  if (state !== 'active')
    throw refused(state === 'revoked' ? 'the credential was revoked' : 'the credential has expired');
  return { ...termsOf(sender), credential: credential.id };
}

function termsOf({ credentials: _, ...terms }: Sender): Principal {
  return terms;
}

/** @throws AccessDenied `credential` */
function tokenOf(authorization: string): { readonly token: string; readonly user?: string } {
  const shown = readAuthorization(authorization);
  if (shown.kind === 'strange') throw refused(shown.message);
  return shown;
}

function unknown(): AccessDenied {
  return refused('the credential is not known');
}

function refused(message: string): AccessDenied {
  return new AccessDenied('credential', message);
}
