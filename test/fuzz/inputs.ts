/** Inputs of the fuzzer: captures of real agents, changed, and made-up wire bytes. The same seed gives the same inputs. */
import type { OtlpSignal } from '../../schemas/otlp/request.ts';
import { AGENTS } from '../../agents/index.ts';
import { capturedRequests } from '../support/telemetry/captures.ts';
import { type Random, mutate, randomProtobuf } from '../support/telemetry/mutate.ts';
import { type Input, split } from './split.ts';

const MADE_UP_SHARE = 0.1;
/** Share of inputs that are complete requests; the others are parts of requests. */
const WHOLE_SHARE = 0.02;
const SIGNALS: readonly OtlpSignal[] = ['logs', 'traces', 'metrics'];

export type Pick = <T>(items: readonly T[]) => T;

export function pickFrom(random: Random): Pick {
  return (items) => items[Math.floor(random() * items.length)] as (typeof items)[number];
}

export function inputsFrom(random: Random): () => Input {
  const pick = pickFrom(random);
  const requests = AGENTS.flatMap(({ name }) => capturedRequests(name));
  const whole = requests.map(({ signal, contentType, body }): Input => ({
    signal,
    encoding: contentType === 'application/json' ? 'json' : 'protobuf',
    body,
  }));
  const corpus = whole.flatMap(split);
  return () => {
    if (random() < MADE_UP_SHARE) return { signal: pick(SIGNALS), encoding: 'protobuf', body: randomProtobuf(random) };
    const base = pick(random() < WHOLE_SHARE ? whole : corpus);
    const body = mutate(base.body, pick(corpus).body, random);
    // Now and then to the wrong door, or as what it is not.
    const signal = random() < 0.02 ? pick(SIGNALS) : base.signal;
    const encoding = random() < 0.02 ? pick(['json', 'protobuf'] as const) : base.encoding;
    return { signal, encoding, body };
  };
}
