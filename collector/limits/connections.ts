/**
 * Limits the connections of one address and of one sender. A surplus connection is accepted all the same, answered in its
 * protocol with the time to retry, and then closed; the number of surplus connections is limited too.
 */
import type { Server, Socket } from 'node:net';
import type { Metrics } from '../../platform/metrics.ts';
import { Refusal } from '../refusal.ts';

export interface ConnectionLimits {
  readonly perAddress: number;
  readonly perSender: number;
}

export interface Connections {
  /** Follows the connections of this server. */
  watch(server: Server): void;
  /** Refuses every request on this connection, of any sender; undefined when it is within its limit. */
  objectionTo(connection: Connection): Refusal | undefined;
  /** Counts the connection as this sender's. @throws Refusal `busy` when it has as many as it may have */
  admit(connection: Connection, sender: string): void;
}

/** A connection is identified by its remote end, so that its TLS and HTTP/2 wrappers are recognised too. */
export type Connection = Pick<Socket, 'remoteAddress' | 'remotePort'>;

export interface ConnectionsDeps {
  readonly protocol: 'http' | 'grpc';
  readonly limits: ConnectionLimits;
  readonly metrics: Metrics;
}

/** A surplus connection is closed after this time, answered or not. */
const SURPLUS_MS = 5_000;
/** Concurrent surplus connections of one address that get an answer; more get none. */
const SURPLUS_PER_ADDRESS = 32;

interface Known {
  readonly address: string;
  readonly isSurplus: boolean;
  sender: string | undefined;
}

export function createConnections({ protocol, limits, metrics }: ConnectionsDeps): Connections {
  const known = new Map<string, Known>();
  const byAddress = createCounts();
  const surplus = createCounts();
  const bySender = createCounts();
  const refused = metrics.counter(
    'collector_connections_refused_total',
    'Connections that were one too many, by what bounds them (address, sender, or the door as a whole)',
    ['protocol', 'limit'],
  );
  const gauge = metrics.gauge('collector_connections', 'Connections that stand', ['protocol']);
  metrics.onCollect(() => gauge.set({ protocol }, known.size));

  const open = (socket: Socket): void => {
    const end = endOf(socket);
    const address = addressOf(socket);
    const isSurplus = byAddress.of(address) >= limits.perAddress;
    if (isSurplus) refused.inc({ protocol, limit: 'address' });
    if (isSurplus && surplus.of(address) >= SURPLUS_PER_ADDRESS) {
      socket.destroy();
      return;
    }
    const counts = isSurplus ? surplus : byAddress;
    const connection: Known = { address, isSurplus, sender: undefined };
    counts.add(address);
    known.set(end, connection);
    const cut = isSurplus ? setTimeout(() => socket.destroy(), SURPLUS_MS) : undefined;
    cut?.unref();
    socket.once('close', () => {
      clearTimeout(cut);
      counts.remove(address);
      if (connection.sender !== undefined) bySender.remove(connection.sender);
      if (known.get(end) === connection) known.delete(end);
    });
  };

  return {
    watch: (server) => {
      server.on('connection', open);
      server.on('drop', () => refused.inc({ protocol, limit: 'door' }));
    },
    objectionTo: (connection) =>
      known.get(endOf(connection))?.isSurplus === true ? tooMany('address', 'this address') : undefined,
    admit: (connection, sender) => {
      const found = known.get(endOf(connection));
      if (found === undefined || found.sender === sender) return;
      if (bySender.of(sender) >= limits.perSender) {
        refused.inc({ protocol, limit: 'sender' });
        throw tooMany('sender', 'this sender');
      }
      if (found.sender !== undefined) bySender.remove(found.sender);
      found.sender = sender;
      bySender.add(sender);
    },
  };
}

/** Whether a connection is closed after this refusal. */
export function endsConnection({ limit }: Refusal): boolean {
  return limit === 'connections_address' || limit === 'connections_sender';
}

function tooMany(limit: 'address' | 'sender', who: string): Refusal {
  return new Refusal('busy', `${who} has too many connections at this moment`, { limit: `connections_${limit}` });
}

function endOf({ remoteAddress = '', remotePort = 0 }: Connection): string {
  return `${remoteAddress} ${remotePort}`;
}

/** The 64-bit network of an IPv6 address, since a site owns a whole one; IPv4 in the form of IPv6 counts as IPv4. */
function addressOf({ remoteAddress = '' }: Connection): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remoteAddress)?.[1];
  if (mapped !== undefined) return mapped;
  if (!remoteAddress.includes(':')) return remoteAddress;
  const [head = '', tail] = remoteAddress.split('::');
  const [left, right] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const zeros = tail === undefined ? 0 : 8 - (left?.length ?? 0) - (right?.length ?? 0);
  return [...(left ?? []), ...Array<string>(Math.max(0, zeros)).fill('0'), ...(right ?? [])].slice(0, 4).join(':');
}

function createCounts() {
  const counts = new Map<string, number>();
  return {
    of: (key: string): number => counts.get(key) ?? 0,
    add: (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1),
    remove: (key: string): void => {
      const left = (counts.get(key) ?? 0) - 1;
      if (left > 0) counts.set(key, left);
      else counts.delete(key);
    },
  };
}
