/** What a request without a credential may do. */
import { type Config, type ListeningRole, isLoopback } from '../platform/config.ts';
import type { Right } from '../schemas/api/rights.ts';
import { type Client, EVERY_TENANT, type Use } from './client.ts';
import { hostOf } from './listening.ts';
import { RIGHTS_OF_USE } from './rights.ts';

type OpenRights = Readonly<Partial<Record<Use, readonly Right[]>>>;

const METRICS: OpenRights = { metrics: RIGHTS_OF_USE.metrics };

/** The rights of requests without a credential at each role. Configuring a credential for a use removes them. */
const OPEN_RIGHTS: Readonly<Record<ListeningRole, OpenRights>> = {
  collector: { telemetry: [...RIGHTS_OF_USE.telemetry, ...RIGHTS_OF_USE.metrics] },
  audit: { read: RIGHTS_OF_USE.read, ...METRICS },
  detector: METRICS,
  recorder: METRICS,
};

type AnonymousSettings = Pick<
  Config,
  | 'VIGIL_HOST'
  | 'VIGIL_OTLP_HOST'
  | 'VIGIL_ALLOW_PLAINTEXT'
  | 'VIGIL_REQUIRE_CREDENTIALS'
  | 'VIGIL_TENANT'
  | 'VIGIL_SENDER'
>;

/**
 * The client of requests without a credential; undefined while every request needs one.
 *
 * On loopback no credential is needed, unless VIGIL_REQUIRE_CREDENTIALS is set. Beyond loopback none is needed only where
 * the operator has said that the network is private (VIGIL_ALLOW_PLAINTEXT), and only for a use for which no credential is
 * known or was known since the start: removing the last credential must not open the door.
 */
export function anonymousClient(
  config: AnonymousSettings,
  role: ListeningRole,
  isKnown: (use: Use) => boolean,
): () => Client | undefined {
  const uses = OPEN_RIGHTS[role];
  let open = Object.keys(uses) as readonly Use[];
  const clientNow = (): Client | undefined => {
    const rights = open.flatMap((use) => uses[use] ?? []);
    if (rights.length === 0) return undefined;
    return {
      tenant: config.VIGIL_TENANT,
      sender: config.VIGIL_SENDER,
      rights,
      reads: [EVERY_TENANT],
      isAnonymous: true,
    };
  };
  if (config.VIGIL_REQUIRE_CREDENTIALS) return () => undefined;
  let client = clientNow();
  if (isLoopback(hostOf(config, role))) return () => client;
  if (!config.VIGIL_ALLOW_PLAINTEXT) return () => undefined;
  const update = (): Client | undefined => {
    if (open.some(isKnown)) {
      open = open.filter((use) => !isKnown(use));
      client = clientNow();
    }
    return client;
  };
  update();
  return update;
}
