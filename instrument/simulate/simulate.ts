/**
 * Simulates a plausible team over weeks with the instrument: the same seed, size and end produce the same requests,
 * byte for byte.
 */
import type { IdGenerator, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { createInstrument } from '../instrument.ts';
import type { Instrument } from '../options.ts';
import { type Shift, shiftsOf } from './calendar.ts';
import { INCIDENTS, type IncidentKind } from './incidents.ts';
import { type Random, createRandom } from './random.ts';
import { type Agent, type Person, createTeam } from './team.ts';
import { type Worked, work } from './work.ts';

export interface SimulationOptions {
  readonly seed: string;
  readonly users: number;
  readonly days: number;
  /** End of the simulation; ms since the epoch. */
  readonly untilMs: number;
  readonly incidents: readonly IncidentKind[];
  /** Receives each session as one or more requests, in the order in which the sessions start. */
  readonly exporter: SpanExporter;
}

export interface StagedIncident {
  readonly kind: IncidentKind;
  readonly summary: string;
  /** When the incident started, ISO 8601. */
  readonly time: string;
  readonly user: string;
  readonly sessionId: string;
  readonly detections: readonly string[];
}

export interface Simulation {
  readonly people: readonly Person[];
  /** Runs the simulation. @returns the staged incidents @throws Error when the exporter rejects something */
  run(): Promise<{
    readonly sessions: number;
    readonly spans: number;
    readonly incidents: readonly StagedIncident[];
  }>;
}

const DAY_MS = 86_400_000;
/** Incidents happen after this part of the time, when the usual behaviour is known. */
const QUIET_PART = 0.6;
const BUFFER_SPANS = 100_000;

/** @throws RangeError when there is no room for the incidents */
export function createSimulation(options: SimulationOptions): Simulation {
  const random = createRandom(options.seed);
  const people = createTeam(random.fork('team'), options.users);
  const fromMs = options.untilMs - options.days * DAY_MS;
  const shifts = shiftsOf(people, random.fork('calendar'), fromMs, options.untilMs);
  const staged = stage(options, shifts, random.fork('incidents'), fromMs);
  return { people, run: () => play(options, shifts, staged, random.fork('ids')) };
}

/** Puts each incident into a session of its own, as far apart in time as possible. */
function stage(
  { incidents, untilMs, days }: SimulationOptions,
  shifts: readonly Shift[],
  random: Random,
  fromMs: number,
): ReadonlyMap<Shift, IncidentKind> {
  const staged = new Map<Shift, IncidentKind>();
  // A long incident must end before the end of the simulation.
  const latest = shifts.filter(
    ({ startMs, endMs }) => startMs > fromMs + (untilMs - fromMs) * QUIET_PART && endMs < untilMs - DAY_MS / 6,
  );
  if (latest.length < incidents.length)
    throw new RangeError(`${days} days are not enough for ${incidents.length} incidents`);
  incidents.forEach((kind, index) => {
    const share = latest.length / incidents.length;
    const at = Math.floor(index * share + random.next() * Math.max(1, share - 1));
    const shift = latest[Math.min(at, latest.length - 1)];
    if (shift !== undefined) staged.set(shift, kind);
  });
  return staged;
}

async function play(
  { exporter }: SimulationOptions,
  shifts: readonly Shift[],
  staged: ReadonlyMap<Shift, IncidentKind>,
  random: Random,
): ReturnType<Simulation['run']> {
  const instruments = new Map<Agent, Instrument>();
  const ids = idGenerator(random);
  const incidents: StagedIncident[] = [];
  let spans = 0;
  for (const shift of shifts) {
    const { agent, email } = shift.person;
    const instrument = instruments.get(agent) ?? simulated(agent, exporter, ids);
    instruments.set(agent, instrument);
    const kind = staged.get(shift);
    const worked = work(instrument, shift, kind === undefined ? undefined : INCIDENTS[kind].play);
    const before = instrument.stats().exported;
    await instrument.flush();
    const { waiting, lastError, exported } = instrument.stats();
    if (waiting > 0) throw new Error(lastError ?? 'the requests were not accepted');
    spans += exported - before;
    if (kind !== undefined) incidents.push(described(kind, email, worked));
  }
  return { sessions: shifts.length, spans, incidents };
}

function described(kind: IncidentKind, user: string, { sessionId, incidentMs = 0 }: Worked): StagedIncident {
  const { summary, detections } = INCIDENTS[kind];
  return { kind, summary, time: new Date(incidentMs).toISOString(), user, sessionId, detections };
}

function simulated(agent: Agent, exporter: SpanExporter, idGenerator: IdGenerator): Instrument {
  return createInstrument({
    agentName: agent.name,
    agentVersion: agent.version,
    exporter,
    idGenerator,
    bufferSpans: BUFFER_SPANS,
    bufferBytes: 1e9,
    // Requests are sent one after the other; the receiver determines how long that takes.
    shutdownTimeoutMs: 600_000,
    exitHooks: false,
    ignoreEnvironment: true,
  });
}

function idGenerator(random: Random): IdGenerator {
  return { generateTraceId: () => random.hex(32), generateSpanId: () => random.hex(16) };
}
